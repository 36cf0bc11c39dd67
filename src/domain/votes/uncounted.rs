//! Uncounted votes: stored and shown to their voter, without effect on score or karma; moderators see the
//! reason. Based on Hacker News' published source. Votes are judged by earlier ones when cast or changed.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role, UserId};
use crate::domain::items::item::ItemId;
use crate::domain::limits::policy::Policy;
use crate::domain::votes::vote::Direction;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum Uncounted {
    Shadowed,
    Young,
    SameAddress,
    AlwaysDown,
    Grudge,
    Ring,
}

impl Uncounted {
    pub fn sentence(self) -> &'static str {
        match self {
            Uncounted::Shadowed => "The voter is shadow-banned.",
            Uncounted::Young => "The voter’s account was too new and had not gained any karma yet.",
            Uncounted::SameAddress => {
                "The voter has little karma, and the author or another voter came from the same IP address."
            }
            Uncounted::AlwaysDown => "Most of the voter’s last 20 votes were downvotes.",
            Uncounted::Grudge => "The voter’s last three votes were all downvotes on this author.",
            Uncounted::Ring => "Nearly all of the voter’s recent votes were upvotes for this author.",
        }
    }
}

/// Recent votes checked for downvoting too much (published source: 20, share 0.65).
pub const DOWNVOTE_WINDOW: usize = 20;
pub const DOWN_SHARE: usize = 65;
/// Consecutive downvotes of one author after which the next is a grudge (published source: 3).
pub const GRUDGE: usize = 3;
/// Share of recent votes, in hundredths, that makes upvotes of one author a ring.
pub const RING_SHARE: usize = 90;
/// Share of recent posts, in hundredths, from which an author's votes are natural: in a small forum voters
/// have little choice.
const PREVAILING: usize = 25;
pub const MAX_VOTE_RING_WINDOW: usize = 100;
/// Karma below which an account has earned nothing (published source: 2); accounts start with 1.
const MIN_EARNED_KARMA: i64 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriorVote {
    pub item: ItemId,
    pub author: Option<UserId>,
    pub dir: Direction,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteContext {
    pub item: ItemId,
    pub author: Option<UserId>,
    pub author_moderates: bool,
    /// See [`prevails`].
    pub author_prevails: bool,
    /// The author or another voter used the same address.
    pub same_address: bool,
}

/// Whether the author wrote at least 25 % of the latest posts, whose authors `posted_last` lists.
pub fn is_dominant_author(author: Option<UserId>, posted_last: &[Option<UserId>]) -> bool {
    let theirs = posted_last.iter().filter(|by| author.is_some() && **by == author).count();
    theirs > 0 && theirs * 100 >= PREVAILING * posted_last.len()
}

/// Why a vote does not count. `past` are the voter's earlier votes, latest first, uncounted ones included.
/// Moderators' votes always count. Upvotes are no ring if the author moderates or prevails, as the operator
/// or a few members do in a young forum.
pub fn uncounted(
    voter: &Member,
    dir: Direction,
    about: VoteContext,
    past: &[PriorVote],
    policy: &Policy,
    now: Timestamp,
) -> Option<Uncounted> {
    if voter.shadow_banned_at.is_some() {
        return Some(Uncounted::Shadowed);
    }
    if voter.role >= Role::Moderator {
        return None;
    }
    if voter.karma < MIN_EARNED_KARMA
        && now.since(voter.created_at) < policy.min_account_age_to_count_votes_hours.seconds()
    {
        return Some(Uncounted::Young);
    }
    if about.same_address && is_shared_address_suspicious(voter, policy) {
        return Some(Uncounted::SameAddress);
    }
    // A vote that is changed is not an earlier one.
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

/// Whether sharing an address matters, as it does below a karma threshold: households' votes count once
/// established, while sock puppets are worth one vote.
pub fn is_shared_address_suspicious(voter: &Member, policy: &Policy) -> bool {
    voter.role < Role::Moderator && voter.karma < policy.min_karma_shared_ip_vote
}

pub fn prior_votes_needed(policy: &Policy) -> usize {
    DOWNVOTE_WINDOW.max(policy.vote_ring_window)
}

fn votes_down(past: &[&PriorVote]) -> bool {
    past.get(..DOWNVOTE_WINDOW).is_some_and(|last| down(last) * 100 > DOWN_SHARE * DOWNVOTE_WINDOW)
}

fn down(votes: &[&PriorVote]) -> usize {
    votes.iter().filter(|vote| vote.dir == Direction::Down).count()
}

fn bears_grudge(past: &[&PriorVote], author: Option<UserId>) -> bool {
    past.get(..GRUDGE).is_some_and(|last| down(last) == GRUDGE && last.iter().all(|vote| is_of(vote, author)))
}

/// Whether the author's role in the forum explains the upvotes.
fn is_natural(about: VoteContext) -> bool {
    about.author_moderates || about.author_prevails
}

/// Whether recent posts matter, which are then loaded.
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
