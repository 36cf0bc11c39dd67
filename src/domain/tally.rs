//! What votes that are written together come to: each has the outcome that it would have by itself, after those before it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::clock::Timestamp;
use crate::domain::item::{ItemId, Kind};
use crate::domain::user::UserId;
use crate::domain::vote::Dir;

/// A vote as somebody casts it; with no `dir` they take back the one that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    pub user: UserId,
    pub item: ItemId,
    pub dir: Option<Dir>,
    pub counted: bool,
    pub at: Timestamp,
}

/// A vote that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub dir: Dir,
    pub counted: bool,
    /// The author's own first point.
    pub own: bool,
    pub at: Timestamp,
}

impl Standing {
    /// What it is worth in the score.
    fn points(self) -> i64 {
        if self.counted { self.dir.points() } else { 0 }
    }
}

/// What is voted on, as far as votes are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The head of its thread.
    pub root: ItemId,
    pub kind: Kind,
    pub author: Option<UserId>,
    pub score: i64,
}

/// What stands after a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voted {
    pub score: i64,
    pub dir: Option<Dir>,
}

/// Why a vote changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Void {
    /// There is no such person or no such item.
    Unknown,
    /// The author's own first point stays as it is.
    Own,
}

/// By how much an item's sums move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shift {
    pub score: i64,
    pub ups: i64,
    pub downs: i64,
}

/// The votes that stand and the items that they are on, as ballots change them.
#[derive(Debug, Clone, Default)]
pub struct Board {
    pub votes: HashMap<(UserId, ItemId), Standing>,
    /// An item that is voted on is here, with each of those who vote on it.
    pub items: HashMap<ItemId, Subject>,
    pub voters: BTreeSet<UserId>,
    touched: BTreeSet<(UserId, ItemId)>,
    shifts: BTreeMap<ItemId, Shift>,
    karma: BTreeMap<UserId, i64>,
}

impl Board {
    /// Casts one ballot.
    pub fn cast(&mut self, ballot: &Ballot) -> Result<Voted, Void> {
        let pair = (ballot.user, ballot.item);
        if !self.voters.contains(&ballot.user) {
            return Err(Void::Unknown);
        }
        let subject = self.items.get_mut(&ballot.item).ok_or(Void::Unknown)?;
        let before = self.votes.get(&pair).copied();
        if before.is_some_and(|vote| vote.own) {
            return Err(Void::Own);
        }
        if before.map(|vote| vote.dir) != ballot.dir {
            let after = ballot.dir.map(|dir| Standing { dir, counted: ballot.counted, own: false, at: ballot.at });
            let (had, has) = (before.map_or(0, Standing::points), after.map_or(0, Standing::points));
            let shift = self.shifts.entry(ballot.item).or_default();
            shift.score += has - had;
            shift.ups += i64::from(has == 1) - i64::from(had == 1);
            shift.downs += i64::from(has == -1) - i64::from(had == -1);
            subject.score += has - had;
            // An option of a poll gives its author nothing.
            if let Some(author) = subject.author.filter(|_| subject.kind != Kind::Pollopt) {
                *self.karma.entry(author).or_default() += has - had;
            }
            match after {
                Some(vote) => self.votes.insert(pair, vote),
                None => self.votes.remove(&pair),
            };
            self.touched.insert(pair);
        }
        Ok(Voted { score: subject.score, dir: ballot.dir })
    }

    /// The heads of the threads that are voted in.
    pub fn roots(&self) -> Vec<ItemId> {
        self.items.values().map(|subject| subject.root).collect()
    }

    /// Who votes, and whose karma moves.
    pub fn people(&self) -> BTreeSet<UserId> {
        self.voters.iter().chain(self.karma.keys()).copied().collect()
    }

    /// The votes to be written: those that changed and stand.
    pub fn cast_votes(&self) -> impl Iterator<Item = ((UserId, ItemId), Standing)> {
        self.touched.iter().filter_map(|pair| Some((*pair, *self.votes.get(pair)?)))
    }

    /// The votes that were taken back.
    pub fn taken_back(&self) -> impl Iterator<Item = (UserId, ItemId)> {
        self.touched.iter().filter(|pair| !self.votes.contains_key(pair)).copied()
    }

    /// The items whose sums move.
    pub fn shifts(&self) -> impl Iterator<Item = (ItemId, Shift)> {
        self.shifts.iter().filter(|(_, shift)| **shift != Shift::default()).map(|(item, shift)| (*item, *shift))
    }

    /// The authors whose karma moves, and by how much.
    pub fn karma(&self) -> impl Iterator<Item = (UserId, i64)> {
        self.karma.iter().filter(|(_, karma)| **karma != 0).map(|(author, karma)| (*author, *karma))
    }
}

#[cfg(test)]
mod tests;
