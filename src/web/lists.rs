//! The ranked lists: copies of the order of stories, derived from the store, dropped when something is written that is more than votes, and
//! at most a minute old: so long may ranks lag behind votes, while the rows themselves show each at once.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::clock::{DAY, MINUTE, Timestamp};
use crate::domain::day::Day;
use crate::domain::item::{Item, ItemId, Kind};
use crate::domain::rank::{self, StoryFacts};
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

    /// The name in addresses and on the page.
    pub fn as_str(self) -> &'static str {
        Over::ALL.into_iter().find(|(over, _)| *over == self).map_or("week", |(_, name)| name)
    }

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
            compute(list, &[], store, now).await.map(Arc::from)
        };
        match &self.kept {
            Some(kept) => kept.try_get_with((list, store.said(), now.0.div_euclid(MINUTE)), order).await,
            None => order.await.map_err(Arc::new),
        }
    }

    /// A list as a shadow-banned author sees it, with `theirs` in it; it is not kept.
    pub async fn with(&self, list: Ranked, theirs: &[Item], store: &Store, now: Timestamp) -> Result<Vec<ItemId>> {
        compute(list, theirs, store, now).await
    }

    /// How many orders have been worked out.
    pub fn ordered(&self) -> usize {
        self.ordered.load(Ordering::Relaxed)
    }
}

async fn compute(list: Ranked, theirs: &[Item], store: &Store, now: Timestamp) -> Result<Vec<ItemId>> {
    let stories = |shown: &dyn Fn(&Item) -> bool| -> Vec<StoryFacts> {
        theirs.iter().filter(|item| item.kind.is_root() && shown(item)).map(StoryFacts::of).collect()
    };
    let comments = || theirs.iter().filter(|item| item.kind == Kind::Comment);
    Ok(match list {
        Ranked::Top => rank::top([store.story_facts().await?, stories(&|_| true)].concat(), now),
        Ranked::Section(section) => {
            let own = stories(&|item| item.section == Some(section));
            rank::top([store.section_facts(section).await?, own].concat(), now)
        }
        Ranked::Active => {
            let own = comments().map(|item| (item.root_id, item.time));
            rank::active(store.comment_times().await?.into_iter().chain(own), now)
        }
        Ranked::Best(over) => {
            let since = over.since(now);
            let own = theirs.iter().filter(|item| item.kind.is_root() && since.is_none_or(|since| item.time >= since));
            best(store.best(since).await?, own)
        }
        Ranked::BestComments => {
            let since = now.minus(BEST_COMMENTS);
            best(store.best_comments(since).await?, comments().filter(|item| item.time >= since))
        }
        // A day that is over keeps the order that its stories had at its end.
        Ranked::Past(day) => {
            let own = stories(&|item| (day.start()..day.end()).contains(&item.time));
            rank::top([store.facts_between(day.start(), day.end()).await?, own].concat(), day.end().min(now))
        }
    })
}

/// By score and then id, the higher first, as `ranked` is already.
fn best<'a>(mut ranked: Vec<(ItemId, i64)>, theirs: impl Iterator<Item = &'a Item>) -> Vec<ItemId> {
    ranked.extend(theirs.map(|item| (item.id, item.score)));
    ranked.sort_by_key(|(id, score)| Reverse((*score, *id)));
    ranked.into_iter().map(|(id, _)| id).collect()
}
