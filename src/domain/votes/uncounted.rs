//! Votes that do not count. Such a vote is kept and looks to its voter like any other; it moves no score and no karma, and moderators see it
//! with its reason. The rules are those of Hacker News's published source where it has one. All look at what the voter did before, so a
//! vote is judged when it is cast, or turned, and not again.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role, UserId};
use crate::domain::items::item::ItemId;
use crate::domain::limits::policy::Policy;
use crate::domain::votes::vote::Direction;

/// Why a vote is kept and not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(rename_all = "kebab-case")]
pub enum Uncounted {
    Shadowed,
    Young,
    SameAddress,
    AlwaysDown,
    Grudge,
    Ring,
}

impl Uncounted {
    /// What moderators read.
    pub fn sentence(self) -> &'static str {
        match self {
            Uncounted::Shadowed => "The voter is shadow-banned.",
            Uncounted::Young => "The voter’s account was too young, and had brought in nothing yet.",
            Uncounted::SameAddress => {
                "The voter has little karma, and the author or another voter came from the same address."
            }
            Uncounted::AlwaysDown => "Most of the voter’s last 20 votes went down.",
            Uncounted::Grudge => "The voter’s last three votes all went down on this author.",
            Uncounted::Ring => "Nearly all of the voter’s last votes went up to this author.",
        }
    }
}

/// How many of the last votes show that somebody votes down too much, and the share of them in hundredths past which a further one down does
/// not count (the published source: 20 and 0.65). Fewer votes than that show nothing.
pub const LAST: usize = 20;
pub const DOWN_SHARE: usize = 65;
/// So many votes in a row, all down on one author, are a grudge: the next does not count (the published source: 3).
pub const GRUDGE: usize = 3;
/// The share of the last votes, in hundredths, from which those that went up to one author are a ring with that author.
pub const RING_SHARE: usize = 90;
/// The share of what was posted last, in hundredths, from which it is natural that votes go to one author: in a small forum, or one that
/// few write in, who votes much votes for the same people.
const PREVAILING: usize = 25;
/// The most of the last votes that `vote_ring_window` may ask for.
pub const MAX_VOTE_RING_WINDOW: usize = 100;
/// Karma below which an account has brought in nothing: what everybody begins with is 1 (the published source: 2).
const NOTHING: i64 = 2;

/// An earlier vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriorVote {
    pub item: ItemId,
    pub author: Option<UserId>,
    pub dir: Direction,
    pub at: Timestamp,
}

/// What is voted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteContext {
    pub item: ItemId,
    pub author: Option<UserId>,
    pub author_moderates: bool,
    /// The author wrote much of what was posted last: see [`prevails`].
    pub author_prevails: bool,
    /// The author wrote, or another has voted on it, from where this vote comes from.
    pub same_address: bool,
}

/// Whether votes naturally go to this author, among those of what was posted last.
pub fn prevails(author: Option<UserId>, posted_last: &[Option<UserId>]) -> bool {
    let theirs = posted_last.iter().filter(|by| author.is_some() && **by == author).count();
    theirs > 0 && theirs * 100 >= PREVAILING * posted_last.len()
}

/// Why a vote does not count; none where it does. `past` are the voter's earlier votes, latest first, some that were not counted among them.
///
/// Moderators' votes count: who may kill a post need not vote it down. Votes up are no ring where their author moderates or
/// prevails, for a young forum is often one that its operator, or a few, write in.
pub fn uncounted(
    voter: &Member,
    dir: Direction,
    about: VoteContext,
    past: &[PriorVote],
    policy: &Policy,
    now: Timestamp,
) -> Option<Uncounted> {
    if voter.shadowed_at.is_some() {
        return Some(Uncounted::Shadowed);
    }
    if voter.role >= Role::Moderator {
        return None;
    }
    if voter.karma < NOTHING
        && now.since(voter.created) < policy.min_account_age_to_count_votes_hours.seconds()
    {
        return Some(Uncounted::Young);
    }
    if about.same_address && may_share_no_address(voter, policy) {
        return Some(Uncounted::SameAddress);
    }
    // A vote that is turned is not one of those before it.
    let past: Vec<&PriorVote> = past.iter().filter(|vote| vote.item != about.item).collect();
    match dir {
        Direction::Down if votes_down(&past) => Some(Uncounted::AlwaysDown),
        Direction::Down if bears_grudge(&past, about.author) => Some(Uncounted::Grudge),
        Direction::Up if !is_natural(about) && is_in_ring(&past, about.author, policy) => {
            Some(Uncounted::Ring)
        }
        Direction::Up | Direction::Down => None,
    }
}

/// Whether it matters from where else something came: to members of little karma, for so a household's votes count once each of it has
/// taken part, and a stock of accounts made for voting stays worth one vote.
pub fn may_share_no_address(voter: &Member, policy: &Policy) -> bool {
    voter.role < Role::Moderator && voter.karma < policy.min_karma_shared_ip_vote
}

/// How many earlier votes the rules look at.
pub fn votes_looked_at(policy: &Policy) -> usize {
    LAST.max(policy.vote_ring_window)
}

fn votes_down(past: &[&PriorVote]) -> bool {
    past.get(..LAST).is_some_and(|last| down(last) * 100 > DOWN_SHARE * LAST)
}

fn down(votes: &[&PriorVote]) -> usize {
    votes.iter().filter(|vote| vote.dir == Direction::Down).count()
}

fn bears_grudge(past: &[&PriorVote], author: Option<UserId>) -> bool {
    past.get(..GRUDGE).is_some_and(|last| down(last) == GRUDGE && last.iter().all(|vote| is_of(vote, author)))
}

/// Whether votes up to the author need no other reason than what the author is in the forum.
fn is_natural(about: VoteContext) -> bool {
    about.author_moderates || about.author_prevails
}

/// Whether these votes could be a ring with this author, so that it matters what was posted last.
pub fn may_be_ring(past: &[PriorVote], author: Option<UserId>, policy: &Policy) -> bool {
    let to_author = past.iter().filter(|vote| vote.dir == Direction::Up && is_of(vote, author)).count();
    policy.vote_ring_window > 0 && to_author * 100 >= RING_SHARE * policy.vote_ring_window
}

fn is_in_ring(past: &[&PriorVote], author: Option<UserId>, policy: &Policy) -> bool {
    let Some(last) = past.get(..policy.vote_ring_window).filter(|last| !last.is_empty()) else {
        return false;
    };
    let to_author = last.iter().filter(|vote| vote.dir == Direction::Up && is_of(vote, author)).count();
    to_author * 100 >= RING_SHARE * last.len()
}

fn is_of(vote: &PriorVote, author: Option<UserId>) -> bool {
    author.is_some() && vote.author == author
}

#[cfg(test)]
mod tests;
