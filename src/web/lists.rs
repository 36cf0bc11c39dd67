//! The ranked lists: copies of the order of stories, derived from the store, dropped when something is written that is more than votes, and
//! at most a minute old: so long may ranks lag behind votes, while the rows themselves show each at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::clock::{DAY, MINUTE, Timestamp};
use crate::domain::day::Day;
use crate::domain::item::ItemId;
use crate::domain::rank;
use crate::domain::title::Section;
use crate::store::{Error, Result, Store};

/// A list whose order is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ranked {
    Top,
    Active,
    Section(Section),
    Best(Over),
    Past(Day),
    BestComments,
}

/// How far back the best are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Over {
    Day,
    Week,
    Month,
    Year,
    All,
}

impl Over {
    pub const ALL: [(Over, &'static str); 5] =
        [(Over::Day, "day"), (Over::Week, "week"), (Over::Month, "month"), (Over::Year, "year"), (Over::All, "all")];

    pub fn parse(s: &str) -> Option<Over> {
        Over::ALL.into_iter().find(|(_, name)| *name == s).map(|(over, _)| over)
    }

    fn since(self, now: Timestamp) -> Option<Timestamp> {
        let days = match self {
            Over::Day => 1,
            Over::Week => 7,
            Over::Month => 30,
            Over::Year => 365,
            Over::All => return None,
        };
        Some(now.minus(days * DAY))
    }
}

/// How far back the best comments are looked for, in seconds.
const BEST_COMMENTS: i64 = 7 * DAY;
/// How many orders are kept: every list but the days of the past, and some of those.
const KEPT: u64 = 64;

/// A list, what had been said when it was ordered, and in which minute.
type Key = (Ranked, u64, i64);

/// The orders that are kept; none where nothing may be.
pub struct Lists {
    kept: Option<Cache<Key, Arc<[ItemId]>>>,
    ordered: AtomicUsize,
}

impl Lists {
    pub fn new(keeps: bool) -> Lists {
        let kept = Cache::builder().max_capacity(KEPT).eviction_policy(EvictionPolicy::lru());
        Lists { kept: keeps.then(|| kept.build()), ordered: AtomicUsize::new(0) }
    }

    /// The ids of a list, in its order; whoever asks at the same moment waits for the one who orders it.
    pub async fn get(
        &self,
        list: Ranked,
        store: &Store,
        now: Timestamp,
    ) -> std::result::Result<Arc<[ItemId]>, Arc<Error>> {
        let order = async {
            self.ordered.fetch_add(1, Ordering::Relaxed);
            compute(list, store, now).await.map(Arc::from)
        };
        match &self.kept {
            Some(kept) => kept.try_get_with((list, store.said(), now.0.div_euclid(MINUTE)), order).await,
            None => order.await.map_err(Arc::new),
        }
    }

    /// How many orders have been worked out.
    pub fn ordered(&self) -> usize {
        self.ordered.load(Ordering::Relaxed)
    }
}

async fn compute(list: Ranked, store: &Store, now: Timestamp) -> Result<Vec<ItemId>> {
    Ok(match list {
        Ranked::Top => rank::top(store.story_facts().await?, now),
        Ranked::Section(section) => rank::top(store.section_facts(section).await?, now),
        Ranked::Active => rank::active(store.comment_times().await?.into_iter(), now),
        Ranked::Best(over) => store.best(over.since(now)).await?,
        Ranked::BestComments => store.best_comments(now.minus(BEST_COMMENTS)).await?,
        // A day that is over keeps the order that its stories had at its end.
        Ranked::Past(day) => rank::top(store.facts_between(day.start(), day.end()).await?, day.end().min(now)),
    })
}
