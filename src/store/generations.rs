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

fn move_on(number: &AtomicU64) {
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

    /// After a write that anybody may see, and that is more than votes.
    pub fn said(&self) {
        move_on(&self.any_thread);
        move_on(&self.said);
        move_on(&self.all);
    }

    /// After a comment in the thread with this head, which no other thread shows anything of.
    pub fn commented(&self, root: ItemId) {
        one_of(&self.threads, root.0).into_iter().for_each(move_on);
        move_on(&self.said);
        move_on(&self.all);
    }

    /// After a write that put items into another thread.
    pub fn moved(&self) {
        move_on(&self.moved);
        self.said();
    }

    /// After a vote in the thread with this head, whose voter sees it as theirs, and its author their karma.
    pub fn voted(&self, root: ItemId, voter: UserId, author: Option<UserId>) {
        one_of(&self.threads, root.0).into_iter().for_each(move_on);
        self.of_own(voter);
        author.into_iter().filter(|author| *author != voter).for_each(|author| self.of_own(author));
        move_on(&self.all);
    }

    /// After a write that `user` alone sees.
    pub fn of_own(&self, user: UserId) {
        if let Some(number) = one_of(&self.own, user.0) {
            move_on(number);
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
            self.everything();
        }
    }

    fn everything(&self) {
        self.own.iter().for_each(move_on);
        self.moved();
    }
}

impl Store {
    /// Makes everything stale that was derived so far, as after a change of the settings.
    pub fn expire_caches(&self) {
        self.generations.everything();
    }

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
