//! What votes that are written together come to: each has the outcome that it would have by itself, after those before it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::clock::Timestamp;
use crate::domain::item::{ItemId, Kind};
use crate::domain::origin::NetworkHash;
use crate::domain::policy::Policy;
use crate::domain::uncounted::{
    About, Past, Uncounted, Voter, may_become_ring, may_share_no_address, prevails, uncounted,
};
use crate::domain::user::UserId;
use crate::domain::vote::Dir;

/// A vote as somebody casts it; with no `dir` they take back the one that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Ballot {
    pub user: UserId,
    pub item: ItemId,
    pub dir: Option<Dir>,
    /// The address that it came from, where that tells of anybody.
    pub near: Option<NetworkHash>,
    pub at: Timestamp,
    /// By what rules it is judged.
    pub policy: Policy,
}

/// A vote that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub dir: Dir,
    /// Why it does not count.
    pub uncounted: Option<Uncounted>,
    /// The author's own first point.
    pub own: bool,
    pub at: Timestamp,
    pub near: Option<NetworkHash>,
}

impl Standing {
    /// What it is worth in the score.
    fn points(self) -> i64 {
        if self.uncounted.is_none() { self.dir.points() } else { 0 }
    }
}

/// What is voted on, as far as votes are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The head of its thread.
    pub root: ItemId,
    pub kind: Kind,
    pub author: Option<UserId>,
    pub author_moderates: bool,
    pub score: i64,
}

/// What stands after a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voted {
    /// As the voter sees it: with their own vote, though it may not count.
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

/// All that ballots depend on, as they change it.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// The votes that stand of those who vote, on what they vote on.
    pub votes: HashMap<(UserId, ItemId), Standing>,
    pub items: HashMap<ItemId, Subject>,
    pub voters: HashMap<UserId, Voter>,
    /// The earlier votes of those who vote, latest first.
    pub past: HashMap<UserId, Vec<Past>>,
    /// The addresses that the items' authors wrote from, and those from which others than `votes` has were cast.
    pub taken: HashSet<(ItemId, NetworkHash)>,
    /// The authors of what was posted last, one for each post.
    pub posted_last: Vec<Option<UserId>>,
    touched: BTreeSet<(UserId, ItemId)>,
    shifts: BTreeMap<ItemId, Shift>,
    karma: BTreeMap<UserId, i64>,
}

impl Board {
    /// Casts one ballot.
    pub fn cast(&mut self, ballot: &Ballot) -> Result<Voted, Void> {
        let pair = (ballot.user, ballot.item);
        let voter = self.voters.get(&ballot.user).ok_or(Void::Unknown)?;
        let subject = *self.items.get(&ballot.item).ok_or(Void::Unknown)?;
        let before = self.votes.get(&pair).copied();
        if before.is_some_and(|vote| vote.own) {
            return Err(Void::Own);
        }
        if before.map(|vote| vote.dir) != ballot.dir {
            let after = ballot.dir.map(|dir| Standing {
                dir,
                uncounted: self.judge(ballot, dir, voter, &subject),
                own: false,
                at: ballot.at,
                near: ballot.near,
            });
            self.turn(pair, subject, before, after);
        }
        Ok(self.shown(pair))
    }

    /// Why a vote cast now would not count.
    fn judge(&self, ballot: &Ballot, dir: Dir, voter: &Voter, subject: &Subject) -> Option<Uncounted> {
        let about = About {
            item: ballot.item,
            author: subject.author,
            author_moderates: subject.author_moderates,
            author_prevails: prevails(subject.author, &self.posted_last),
            same_address: ballot.near.is_some_and(|near| self.is_taken(ballot.user, ballot.item, near)),
        };
        let past = self.past.get(&ballot.user).map_or(&[][..], Vec::as_slice);
        uncounted(voter, dir, about, past, &ballot.policy, ballot.at)
    }

    /// Whether the author or another voter than `user` came from there.
    fn is_taken(&self, user: UserId, item: ItemId, near: NetworkHash) -> bool {
        let is_others = |((voter, on), vote): (&(UserId, ItemId), &Standing)| {
            *on == item && *voter != user && vote.near == Some(near)
        };
        self.taken.contains(&(item, near)) || self.votes.iter().any(is_others)
    }

    /// Exchanges one vote for another, or for none, with all that hangs on it.
    fn turn(
        &mut self,
        (user, item): (UserId, ItemId),
        subject: Subject,
        before: Option<Standing>,
        after: Option<Standing>,
    ) {
        let (had, has) = (before.map_or(0, Standing::points), after.map_or(0, Standing::points));
        let shift = self.shifts.entry(item).or_default();
        shift.score += has - had;
        shift.ups += i64::from(has == 1) - i64::from(had == 1);
        shift.downs += i64::from(has == -1) - i64::from(had == -1);
        if let Some(subject) = self.items.get_mut(&item) {
            subject.score += has - had;
        }
        // An option of a poll gives its author nothing.
        if let Some(author) = subject.author.filter(|_| subject.kind != Kind::Pollopt) {
            *self.karma.entry(author).or_default() += has - had;
            if let Some(voter) = self.voters.get_mut(&author) {
                voter.karma += has - had;
            }
        }
        let past = self.past.entry(user).or_default();
        past.retain(|vote| vote.item != item);
        match after {
            Some(vote) => {
                let new = Past { item, author: subject.author, dir: vote.dir, at: vote.at };
                // In the order in which the store reads them.
                let later = past.partition_point(|vote| vote.at > new.at || (vote.at == new.at && vote.item < item));
                past.insert(later, new);
                self.votes.insert((user, item), vote);
            }
            None => {
                self.votes.remove(&(user, item));
            }
        }
        self.touched.insert((user, item));
    }

    /// What a voter sees of their vote.
    fn shown(&self, pair: (UserId, ItemId)) -> Voted {
        let vote = self.votes.get(&pair);
        let unseen = vote.filter(|vote| vote.uncounted.is_some()).map_or(0, |vote| vote.dir.points());
        let score = self.items.get(&pair.1).map_or(0, |subject| subject.score);
        Voted { score: score + unseen, dir: vote.map(|vote| vote.dir) }
    }

    /// The items and addresses of which it matters whether somebody else came from there.
    pub fn addresses(&self, ballots: &[Ballot]) -> HashSet<(ItemId, NetworkHash)> {
        // Each ballot may cost a voter a point before theirs is judged.
        let most = i64::try_from(ballots.len()).unwrap_or(i64::MAX);
        let matters = |ballot: &&Ballot| {
            let voter = self.voters.get(&ballot.user);
            let least = voter.map(|voter| Voter { karma: voter.karma.saturating_sub(most), ..voter.clone() });
            ballot.dir.is_some() && least.is_some_and(|voter| may_share_no_address(&voter, &ballot.policy))
        };
        ballots.iter().filter(matters).filter_map(|ballot| Some((ballot.item, ballot.near?))).collect()
    }

    /// Whether it matters who wrote what was posted last.
    pub fn may_have_rings(&self, ballots: &[Ballot]) -> bool {
        ballots.iter().filter(|ballot| ballot.dir == Some(Dir::Up)).any(|ballot| {
            let author = self.items.get(&ballot.item).and_then(|subject| subject.author);
            let past = self.past.get(&ballot.user).map_or(&[][..], Vec::as_slice);
            let more = ballots.iter().filter(|other| other.user == ballot.user).count().saturating_sub(1);
            may_become_ring(past, author, more, &ballot.policy)
        })
    }

    /// The heads of the threads that are voted in.
    pub fn roots(&self) -> Vec<ItemId> {
        self.items.values().map(|subject| subject.root).collect()
    }

    /// Who votes, and whose karma moves.
    pub fn people(&self) -> BTreeSet<UserId> {
        self.voters.keys().chain(self.karma.keys()).copied().collect()
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
