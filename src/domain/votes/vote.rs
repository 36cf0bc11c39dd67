//! Votes: who may cast which, and until when it can be taken back.

use crate::clock::{DAY, Timestamp};
use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{Item, Kind, Visibility, may_see};
use crate::domain::limits::policy::Policy;
use crate::domain::time::relative_time;

/// Which way a vote goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Up,
    Down,
}

impl Direction {
    pub fn points(self) -> i64 {
        match self {
            Direction::Up => 1,
            Direction::Down => -1,
        }
    }

    pub fn from_points(points: i64) -> Option<Direction> {
        match points {
            1 => Some(Direction::Up),
            -1 => Some(Direction::Down),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}

/// A vote as it stands in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    pub dir: Direction,
    pub at: Timestamp,
    /// The author's own first point: no karma, not to be undone.
    pub own: bool,
    /// Its voter does not learn whether it does.
    pub counted: bool,
}

impl Vote {
    /// What it adds to the score.
    pub fn points(&self) -> i64 {
        if self.counted { self.dir.points() } else { 0 }
    }

    /// The points that its voter sees with it and nobody else does.
    pub fn unseen_points(&self) -> i64 {
        if self.counted { 0 } else { self.dir.points() }
    }
}

/// What a vote leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteResult {
    /// As the voter sees it: with their own vote, though it may not count.
    pub score: i64,
    pub dir: Option<Direction>,
    /// False where the same vote was there before.
    pub changed: bool,
}

/// By how much an item's sums change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreDelta {
    pub score: i64,
    pub ups: i64,
    pub downs: i64,
}

impl ScoreDelta {
    /// A vote worth `before` is replaced by one worth `after`; 0 is no vote, or one that does not count.
    pub fn between(before: i64, after: i64) -> ScoreDelta {
        ScoreDelta {
            score: after - before,
            ups: i64::from(after == 1) - i64::from(before == 1),
            downs: i64::from(after == -1) - i64::from(before == -1),
        }
    }
}

/// Why a vote is refused. The sentence is what the member reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    #[error("You cannot vote on your own post.")]
    Own,
    #[error("This is dead or deleted, so you cannot vote on it.")]
    Gone,
    #[error("Job posts cannot be voted on.")]
    Job,
    #[error("Only comments can be voted down.")]
    NotAComment,
    #[error("You need {0} karma to downvote.")]
    Karma(i64),
    #[error("You cannot downvote replies to you.")]
    ReplyToYou,
    #[error("Comments can be downvoted for 24 hours.")]
    TooOld,
    #[error("This already has the lowest score.")]
    Floor,
    #[error("Votes can be undone for {0}. It is too late to undo this one.")]
    UndoClosed(String),
}

/// How long after posting a comment can be voted down, in seconds (hacker-news: 1,440 minutes).
pub const DOWNVOTE_WINDOW: i64 = DAY;
/// The lowest score that is shown, and the one at which no further vote down is taken.
pub const FLOOR: i64 = -4;

impl Item {
    /// Whether `member` may cast `dir`; `parent_author` says whether the item answers something of theirs.
    pub fn may_vote(
        &self,
        dir: Direction,
        member: &Member,
        answers_member: bool,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<(), VoteError> {
        if self.kind == Kind::Job {
            return Err(VoteError::Job);
        }
        if may_see(self, Some(member), now) != Visibility::Whole {
            return Err(VoteError::Gone);
        }
        if self.is_own(Some(member)) {
            return Err(VoteError::Own);
        }
        if dir == Direction::Up {
            return Ok(());
        }
        if self.kind != Kind::Comment {
            return Err(VoteError::NotAComment);
        }
        if !may_vote_down(member, policy) {
            return Err(VoteError::Karma(policy.min_karma_to_downvote));
        }
        if answers_member {
            return Err(VoteError::ReplyToYou);
        }
        if now.since(self.time) > DOWNVOTE_WINDOW {
            return Err(VoteError::TooOld);
        }
        if self.score <= FLOOR {
            return Err(VoteError::Floor);
        }
        Ok(())
    }
}

/// Moderators are exempt from the karma that voting down takes, so that a young community has somebody who can.
pub fn may_vote_down(member: &Member, policy: &Policy) -> bool {
    member.karma >= policy.min_karma_to_downvote || member.role >= Role::Moderator
}

impl Vote {
    pub fn may_undo(&self, policy: &Policy, now: Timestamp) -> Result<(), VoteError> {
        if self.own {
            return Err(VoteError::Own);
        }
        if now.since(self.at) > policy.vote_undo_minutes.seconds() {
            return Err(VoteError::UndoClosed(relative_time::span(policy.vote_undo_minutes.seconds())));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_change_by_what_a_vote_was_worth_and_is() {
        for (before, after, score, ups, downs) in [
            (0, 1, 1, 1, 0),
            (0, -1, -1, 0, 1),
            (1, 0, -1, -1, 0),
            (1, -1, -2, -1, 1),
            (-1, 1, 2, 1, -1),
            (-1, 0, 1, 0, -1),
            (0, 0, 0, 0, 0),
            (1, 1, 0, 0, 0),
        ] {
            assert_eq!(
                ScoreDelta::between(before, after),
                ScoreDelta { score, ups, downs },
                "{before} {after}"
            );
        }
    }
}
