//! Ranked lists, recomputed at least every minute and on any write but votes. Rows show votes immediately.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use moka::future::Cache;
use moka::policy::EvictionPolicy;
use moka::sync;

use crate::clock::{DAY, MINUTE, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::items::rank::{self, StoryFacts};
use crate::domain::items::title::Section;
use crate::domain::time::day::Day;
use crate::store::{Error, Result, Store};
use crate::web::view::pagination::{PAGE_SIZE, SNAPSHOTS_PER_MINUTE, SnapshotId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RankedList {
    Top,
    Active,
    Section(Section),
    Best(TimeSpan),
    Past(Day),
    BestComments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeSpan {
    Day,
    Week,
    Month,
    Year,
    All,
}

impl TimeSpan {
    pub const ALL: [(TimeSpan, &'static str); 5] = [
        (TimeSpan::Day, "day"),
        (TimeSpan::Week, "week"),
        (TimeSpan::Month, "month"),
        (TimeSpan::Year, "year"),
        (TimeSpan::All, "all"),
    ];

    pub fn as_str(self) -> &'static str {
        TimeSpan::ALL.into_iter().find(|(over, _)| *over == self).map_or("week", |(_, name)| name)
    }

    pub fn parse(s: &str) -> Option<TimeSpan> {
        TimeSpan::ALL.into_iter().find(|(_, name)| *name == s).map(|(over, _)| over)
    }

    fn since(self, now: Timestamp) -> Option<Timestamp> {
        let days = match self {
            TimeSpan::Day => 1,
            TimeSpan::Week => 7,
            TimeSpan::Month => 30,
            TimeSpan::Year => 365,
            TimeSpan::All => return None,
        };
        Some(now.minus(days * DAY))
    }
}

/// Maximum age of comments in the best list, in seconds.
const BEST_COMMENTS: i64 = 7 * DAY;
/// Cached orders: every list and some past days.
const MAX_RANKINGS: u64 = 64;

/// Memory for snapshots that pagination may continue, in bytes.
const SEEN_BYTES: u64 = 2 * 1024 * 1024;

/// The list, the content generation and the minute.
type RankingKey = (RankedList, u64, i64);

/// A paginated snapshot; the user is set if the order is private to them.
type RankedView = (RankedList, Option<UserId>, SnapshotId);

/// A ranking and its snapshot id, if it is cached and has several pages.
#[derive(Debug, Clone)]
pub struct Ranking {
    pub ids: Arc<[ItemId]>,
    pub at: Option<SnapshotId>,
}

/// `None` disables caching.
pub struct RankedLists {
    kept: Option<Cache<RankingKey, Ranking>>,
    seen: sync::Cache<RankedView, Arc<[ItemId]>>,
    naming: Mutex<()>,
    ordered: AtomicUsize,
}

impl RankedLists {
    pub fn new(keeps: bool) -> RankedLists {
        let kept = Cache::builder().max_capacity(MAX_RANKINGS).eviction_policy(EvictionPolicy::lru());
        let seen = sync::Cache::builder()
            .max_capacity(SEEN_BYTES)
            .weigher(|_, ids: &Arc<[ItemId]>| {
                u32::try_from(size_of_val::<[ItemId]>(ids) + 256).unwrap_or(u32::MAX)
            })
            .eviction_policy(EvictionPolicy::lru());
        RankedLists {
            kept: keeps.then(|| kept.build()),
            seen: seen.build(),
            naming: Mutex::new(()),
            ordered: AtomicUsize::new(0),
        }
    }

    /// The current order; concurrent requests share one computation.
    pub async fn get(
        &self,
        list: RankedList,
        store: &Store,
        now: Timestamp,
    ) -> std::result::Result<Ranking, Arc<Error>> {
        let order = async {
            self.ordered.fetch_add(1, Ordering::Relaxed);
            compute(list, &[], store, now).await.map(Arc::from)
        };
        match &self.kept {
            Some(kept) => {
                let named = async { order.await.map(|ids| self.named(list, None, ids, now)) };
                kept.try_get_with((list, store.content_generation(), now.0.div_euclid(MINUTE)), named).await
            }
            None => Ok(Ranking { ids: order.await.map_err(Arc::new)?, at: None }),
        }
    }

    /// The list as a shadow-banned author sees it, including their posts; not cached except as a snapshot.
    pub async fn with(
        &self,
        list: RankedList,
        (author, theirs): (UserId, &[Item]),
        store: &Store,
        now: Timestamp,
    ) -> Result<Ranking> {
        let ids = compute(list, theirs, store, now).await?.into();
        Ok(if self.kept.is_some() {
            self.named(list, Some(author), ids, now)
        } else {
            Ranking { ids, at: None }
        })
    }

    fn named(&self, list: RankedList, of: Option<UserId>, ids: Arc<[ItemId]>, now: Timestamp) -> Ranking {
        if ids.len() <= PAGE_SIZE {
            return Ranking { ids, at: None };
        }
        let _one = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        for nth in 0..SNAPSHOTS_PER_MINUTE {
            let at = SnapshotId { minute: now.0.div_euclid(MINUTE), nth };
            match self.seen.get(&(list, of, at)) {
                Some(known) if known == ids => return Ranking { ids: known, at: Some(at) },
                Some(_) => {}
                None => {
                    self.seen.insert((list, of, at), Arc::clone(&ids));
                    return Ranking { ids, at: Some(at) };
                }
            }
        }
        Ranking { ids, at: None }
    }

    /// The order of a snapshot, if still cached; `of` is the user if it is private.
    pub fn snapshot(
        &self,
        list: RankedList,
        of: Option<UserId>,
        at: SnapshotId,
        now: Timestamp,
    ) -> Option<Ranking> {
        let ids = self.seen.get(&(list, of, at)).filter(|_| at.is_recent(now))?;
        Some(Ranking { ids, at: Some(at) })
    }

    pub fn ordered(&self) -> usize {
        self.ordered.load(Ordering::Relaxed)
    }
}

async fn compute(list: RankedList, theirs: &[Item], store: &Store, now: Timestamp) -> Result<Vec<ItemId>> {
    let stories = |shown: &dyn Fn(&Item) -> bool| -> Vec<StoryFacts> {
        theirs.iter().filter(|item| item.kind.is_root() && shown(item)).map(StoryFacts::of).collect()
    };
    let comments = || theirs.iter().filter(|item| item.kind == Kind::Comment);
    Ok(match list {
        RankedList::Top => rank::top([store.story_facts().await?, stories(&|_| true)].concat(), now),
        RankedList::Section(section) => {
            let own = stories(&|item| item.section == Some(section));
            rank::top([store.section_facts(section).await?, own].concat(), now)
        }
        RankedList::Active => {
            let own = comments().map(|item| (item.root_id, item.time));
            rank::active(store.comment_times().await?.into_iter().chain(own), now)
        }
        RankedList::Best(over) => {
            let since = over.since(now);
            let own = theirs
                .iter()
                .filter(|item| item.kind.is_root() && since.is_none_or(|since| item.time >= since));
            best(store.best(since).await?, own)
        }
        RankedList::BestComments => {
            let since = now.minus(BEST_COMMENTS);
            best(store.best_comments(since).await?, comments().filter(|item| item.time >= since))
        }
        // A past day is ranked as at its end.
        RankedList::Past(day) => {
            let own = stories(&|item| (day.start()..day.end()).contains(&item.time));
            rank::top([store.facts_between(day.start(), day.end()).await?, own].concat(), day.end().min(now))
        }
    })
}

/// Merges by score, then id, descending; `ranked` is already in this order.
fn best<'a>(mut ranked: Vec<(ItemId, i64)>, theirs: impl Iterator<Item = &'a Item>) -> Vec<ItemId> {
    ranked.extend(theirs.map(|item| (item.id, item.score)));
    ranked.sort_by_key(|(id, score)| Reverse((*score, *id)));
    ranked.into_iter().map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(first: i64, many: i64) -> Arc<[ItemId]> {
        (first..first + many).map(ItemId).collect()
    }

    #[test]
    fn an_order_is_kept_under_its_name_for_ten_minutes() {
        let lists = RankedLists::new(true);
        let now = Timestamp(6_000);
        let first = lists.named(RankedList::Top, None, ids(1, 40), now);
        let again = lists.named(RankedList::Top, None, ids(1, 40), now);
        let other = lists.named(RankedList::Top, None, ids(2, 40), now);
        let names = [&first, &again, &other].map(|order| order.at.expect("a name").to_string());
        assert_eq!(names, ["100", "100", "100.1"]);
        assert!(lists.named(RankedList::Top, None, ids(1, 30), now).at.is_none(), "a single page needs none");
        let at = other.at.expect("a name");
        assert_eq!(SnapshotId::parse(&at.to_string()), Some(at));
        let later = |minutes: i64| Timestamp(now.0 + minutes * MINUTE);
        assert_eq!(
            lists.snapshot(RankedList::Top, None, at, later(10)).map(|order| order.ids),
            Some(ids(2, 40))
        );
        assert!(
            lists.snapshot(RankedList::Top, None, at, later(11)).is_none()
                && lists.snapshot(RankedList::Top, None, at, later(-1)).is_none()
        );
        assert!(lists.snapshot(RankedList::Active, None, at, now).is_none(), "another list's");
        assert!(lists.snapshot(RankedList::Top, Some(UserId(1)), at, now).is_none(), "not as they see it");
        assert!(lists.snapshot(RankedList::Top, None, SnapshotId::GONE, now).is_none());
    }

    #[test]
    fn the_orders_that_are_kept_are_bounded() {
        let lists = RankedLists::new(true);
        for minute in 0..200 {
            for first in 0..70 {
                let order = lists.named(RankedList::Top, None, ids(first, 1_000), Timestamp(minute * MINUTE));
                assert_eq!(order.at.is_some(), first < i64::from(SNAPSHOTS_PER_MINUTE));
            }
        }
        lists.seen.run_pending_tasks();
        assert!(lists.seen.weighted_size() <= SEEN_BYTES);
    }

    #[test]
    fn what_is_no_name_of_an_order_is_none() {
        for typed in ["", "x", "-1", "+1", "1.", ".1", "1.x", "1.64", "1.2.3", "99999999999999999999"] {
            assert_eq!(SnapshotId::parse(typed), None, "{typed}");
        }
    }
}
