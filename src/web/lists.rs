//! The ranked lists: copies of the order of stories, derived from the store, dropped when something is written that is more than votes, and
//! at most a minute old: so long may ranks lag behind votes, while the rows themselves show each at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{DAY, MINUTE, Timestamp};
use crate::domain::day::Day;
use crate::domain::item::ItemId;
use crate::domain::rank;
use crate::domain::title::Section;
use crate::store::{Result, Store};

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
const KEPT: usize = 64;

struct Kept {
    ids: Arc<[ItemId]>,
    said: u64,
    at: Timestamp,
}

#[derive(Default)]
pub struct Lists(Mutex<HashMap<Ranked, Kept>>);

impl Lists {
    /// The ids of a list, in its order.
    pub async fn get(&self, list: Ranked, store: &Store, now: Timestamp) -> Result<Arc<[ItemId]>> {
        let said = store.said();
        if let Some(ids) = self.kept(list, said, now) {
            return Ok(ids);
        }
        let ids: Arc<[ItemId]> = compute(list, store, now).await?.into();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(list, Kept { ids: Arc::clone(&ids), said, at: now });
        Ok(ids)
    }

    fn kept(&self, list: Ranked, said: u64, now: Timestamp) -> Option<Arc<[ItemId]>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(&list).filter(|kept| kept.said == said && (0..MINUTE).contains(&now.since(kept.at)))?;
        Some(Arc::clone(&found.ids))
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
