//! Generation counters for cache invalidation. Votes and comments are the most frequent writes, so threads
//! have their own.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::sync::broadcast;

use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;

/// Counters shared by all threads; enough that popular threads rarely collide.
const THREADS: usize = 1_024;
/// Counters shared by all members, for private state.
const OWN: usize = 256;
/// Changes that a watcher may be behind before it has to take anything for changed.
const WATCHED: usize = 1_024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The items of the thread with this root, in it and in lists.
    Thread(ItemId),
    /// List membership, unread counts and queue counts.
    Lists,
    /// What is public of this item, for the search index. What pages show of it is told beside.
    Item(ItemId),
    /// Visible only to this member: votes by and on them, marks, visits, settings, sessions.
    Member(UserId),
    /// Anything public, except which thread an item is in.
    Public,
    /// Anything public, and which thread items are in.
    Moved,
    /// What members alone see, too, and the community's settings.
    Everything,
}

/// The generation of a thread: public changes, and votes and comments within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadGeneration {
    pub(super) any: u64,
    own: u64,
}

#[derive(Debug)]
pub struct Generations {
    all: AtomicU64,
    /// All changes except votes.
    said: AtomicU64,
    /// Those that any thread may show.
    any_thread: AtomicU64,
    /// Those that moved items between threads.
    moved: AtomicU64,
    threads: [AtomicU64; THREADS],
    own: [AtomicU64; OWN],
    /// Those that may have changed the community's settings.
    settings: AtomicU64,
    /// SQLite's `data_version`.
    others: AtomicI64,
    watchers: broadcast::Sender<Change>,
}

tokio::task_local! {
    static UNCACHED: ();
}

/// Runs work that finds nothing in a cache, and whose results nobody else finds there, as its generations are
/// unique.
pub async fn uncached<F: Future>(work: F) -> F::Output {
    UNCACHED.scope((), work).await
}

fn current(number: &AtomicU64) -> u64 {
    /// No counter gets this far.
    static UNIQUE: AtomicU64 = AtomicU64::new(1 << 63);
    match UNCACHED.try_with(|()| ()) {
        Ok(()) => UNIQUE.fetch_add(1, Ordering::Relaxed),
        Err(_) => number.load(Ordering::Acquire),
    }
}

fn one_of<const N: usize>(numbers: &[AtomicU64; N], id: i64) -> Option<&AtomicU64> {
    numbers.get(usize::try_from(id).ok()? % N)
}

fn bump(number: &AtomicU64) {
    number.fetch_add(1, Ordering::AcqRel);
}

impl Generations {
    pub fn new() -> Generations {
        Generations {
            all: AtomicU64::default(),
            said: AtomicU64::default(),
            any_thread: AtomicU64::default(),
            moved: AtomicU64::default(),
            threads: [const { AtomicU64::new(0) }; THREADS],
            own: [const { AtomicU64::new(0) }; OWN],
            settings: AtomicU64::default(),
            others: AtomicI64::default(),
            watchers: broadcast::Sender::new(WATCHED),
        }
    }

    /// Every change from now on, of this process and of others.
    pub(super) fn watch(&self) -> broadcast::Receiver<Change> {
        self.watchers.subscribe()
    }

    pub(super) fn site_generation(&self) -> u64 {
        current(&self.all)
    }

    pub(super) fn content_generation(&self) -> u64 {
        current(&self.said)
    }

    pub(super) fn public_generation(&self) -> u64 {
        current(&self.any_thread)
    }

    pub(super) fn settings_generation(&self) -> u64 {
        current(&self.settings)
    }

    pub(super) fn moved_generation(&self) -> u64 {
        current(&self.moved)
    }

    pub(super) fn thread_generation(&self, root: ItemId) -> ThreadGeneration {
        let own = one_of(&self.threads, root.0).map_or(0, current);
        ThreadGeneration { any: current(&self.any_thread), own }
    }

    pub(super) fn own_generation(&self, user: UserId) -> u64 {
        one_of(&self.own, user.0).map_or(0, current)
    }

    pub fn invalidate(&self, changes: &[Change]) {
        for change in changes {
            self.bump_touched(*change);
            let _ = self.watchers.send(*change);
        }
    }

    fn bump_touched(&self, change: Change) {
        match change {
            Change::Thread(root) => {
                one_of(&self.threads, root.0).into_iter().for_each(bump);
                bump(&self.all);
            }
            Change::Item(_) => {}
            Change::Member(user) => one_of(&self.own, user.0).into_iter().for_each(bump),
            Change::Lists => [&self.said, &self.all].into_iter().for_each(bump),
            Change::Public => [&self.any_thread, &self.said, &self.all].into_iter().for_each(bump),
            Change::Moved => {
                [&self.moved, &self.any_thread, &self.said, &self.all].into_iter().for_each(bump);
            }
            Change::Everything => {
                self.own.iter().for_each(bump);
                bump(&self.settings);
                self.bump_touched(Change::Moved);
            }
        }
    }

    /// Whether another process has written to the SQLite database since the last call.
    pub fn is_news(&self, data_version: i64) -> bool {
        self.others.swap(data_version, Ordering::AcqRel) != data_version
    }

    /// Replaces the writer connection: the last `data_version` of the old one, if known, and the first of the
    /// new one.
    pub fn handed_over(&self, ended: Option<i64>, begins: i64) {
        if ended != Some(self.others.swap(begins, Ordering::AcqRel)) {
            self.invalidate(&[Change::Everything]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_drops_what_it_touches_and_nothing_else() {
        let (thread, member) = (Change::Thread(ItemId(1)), Change::Member(UserId(1)));
        for (change, expected) in [
            (thread, [1, 0, 0, 0, 1, 0, 0, 0]),
            (Change::Lists, [1, 1, 0, 0, 0, 0, 0, 0]),
            (Change::Item(ItemId(1)), [0; 8]),
            (member, [0, 0, 0, 0, 0, 0, 1, 0]),
            (Change::Public, [1, 1, 1, 0, 0, 0, 0, 0]),
            (Change::Moved, [1, 1, 1, 1, 0, 0, 0, 0]),
            (Change::Everything, [1, 1, 1, 1, 0, 0, 1, 1]),
        ] {
            let generations = Generations::new();
            generations.invalidate(&[change]);
            let Generations { all, said, any_thread, moved, threads, own, .. } = &generations;
            let numbers = [all, said, any_thread, moved, &threads[1], &threads[2], &own[1], &own[2]];
            assert_eq!(numbers.map(|number| number.load(Ordering::Acquire)), expected, "{change:?}");
        }
    }
}
