//! Numbers that move on with writes: what was derived under another number is stale. Votes and comments are written most, so each thread has
//! a number of its own that moves with those in it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::Store;
use crate::domain::item::ItemId;
use crate::domain::user::UserId;

/// How many numbers stand for the votes and comments in all threads: enough that two threads that many read seldom share one.
const THREADS: usize = 1_024;
/// How many numbers stand for what members wrote for their own eyes: as many as keep one member's marks from costing all others theirs.
const OWN: usize = 256;

/// What a write changed of what pages show.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// The items of the thread with this head, in it and in lists.
    Thread(ItemId),
    /// Which items lists hold, and what of them is new to members or waits for moderators.
    Lists,
    /// What this member alone sees: votes as theirs and on theirs, marks, visits, settings, sessions.
    Member(UserId),
    /// Anything that pages show, but for what a member alone sees and for which thread an item is in.
    Public,
    Everything,
}

/// What a thread is as of: the writes that any thread may show, and the votes and comments in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadGeneration {
    any: u64,
    own: u64,
}

#[derive(Debug)]
pub(super) struct Generations {
    all: AtomicU64,
    /// All that is no vote.
    said: AtomicU64,
    /// Of that, what any thread may show.
    any_thread: AtomicU64,
    /// Of that, what put items into another thread.
    moved: AtomicU64,
    threads: [AtomicU64; THREADS],
    own: [AtomicU64; OWN],
    /// SQLite's number for the writes of other processes.
    others: AtomicI64,
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
            others: AtomicI64::default(),
        }
    }

    /// Drops what was derived from what these changes touch.
    pub fn invalidate(&self, changes: &[Change]) {
        for change in changes {
            match *change {
                Change::Thread(root) => {
                    one_of(&self.threads, root.0).into_iter().for_each(bump);
                    bump(&self.all);
                }
                Change::Member(user) => one_of(&self.own, user.0).into_iter().for_each(bump),
                Change::Lists => [&self.said, &self.all].into_iter().for_each(bump),
                Change::Public => [&self.any_thread, &self.said, &self.all].into_iter().for_each(bump),
                Change::Everything => {
                    self.own.iter().for_each(bump);
                    [&self.moved, &self.any_thread, &self.said, &self.all].into_iter().for_each(bump);
                }
            }
        }
    }

    /// After SQLite gave another number for the writes of other processes, which may be anything.
    pub fn others(&self, number: i64) {
        self.handed_over(Some(number), number);
    }

    /// After another connection took the writer's place: the last number of the old one, where it could still tell, and the first of the
    /// new one.
    pub fn handed_over(&self, ended: Option<i64>, begins: i64) {
        if ended != Some(self.others.swap(begins, Ordering::AcqRel)) {
            self.invalidate(&[Change::Everything]);
        }
    }
}

impl Store {
    /// A number that changes with every write that anybody may see.
    pub fn generation(&self) -> u64 {
        self.generations.all.load(Ordering::Acquire)
    }

    /// A number that changes with every such write that is more than votes.
    pub fn said(&self) -> u64 {
        self.generations.said.load(Ordering::Acquire)
    }

    /// A number that changes where items may have come to stand in another thread.
    pub fn moved(&self) -> u64 {
        self.generations.moved.load(Ordering::Acquire)
    }

    /// What the thread with this head is as of: it changes with every write that the thread may show, which votes and most comments
    /// elsewhere are not.
    pub fn thread_generation(&self, root: ItemId) -> ThreadGeneration {
        let own = one_of(&self.generations.threads, root.0).map_or(0, |number| number.load(Ordering::Acquire));
        ThreadGeneration { any: self.generations.any_thread.load(Ordering::Acquire), own }
    }

    /// A number that changes with every write that `user` alone sees (votes as theirs and on theirs, marks, visits, settings, sessions).
    pub fn own_generation(&self, user: UserId) -> u64 {
        one_of(&self.generations.own, user.0).map_or(0, |number| number.load(Ordering::Acquire))
    }
}
