use crate::clock::{DAY, Timestamp};
use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{Item, Kind, Visibility, may_see};
use crate::domain::limits::policy::Policy;
use crate::domain::time::relative_time;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    pub dir: Direction,
    pub at: Timestamp,
    /// The author's implicit upvote: no karma, no undo.
    pub own: bool,
    /// Not revealed to the voter.
    pub counted: bool,
}

impl Vote {
    pub fn points(&self) -> i64 {
        if self.counted { self.dir.points() } else { 0 }
    }

    /// Points that only the voter sees.
    pub fn unseen_points(&self) -> i64 {
        if self.counted { 0 } else { self.dir.points() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteResult {
    /// As the voter sees it, uncounted vote included.
    pub score: i64,
    pub dir: Option<Direction>,
    pub changed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreDelta {
    pub score: i64,
    pub ups: i64,
    pub downs: i64,
}

impl ScoreDelta {
    /// Replaces a vote of value `before` by `after`; 0 is none or an uncounted one.
    pub fn between(before: i64, after: i64) -> ScoreDelta {
        ScoreDelta {
            score: after - before,
            ups: i64::from(after == 1) - i64::from(before == 1),
            downs: i64::from(after == -1) - i64::from(before == -1),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    #[error("You cannot vote on your own post.")]
    Own,
    #[error("This is dead or deleted, so you cannot vote on it.")]
    DeadOrDeleted,
    #[error("Job posts cannot be voted on.")]
    Job,
    #[error("Only comments can be downvoted.")]
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

/// Seconds in which a comment can be downvoted (Hacker News: 1,440 minutes).
pub const DOWNVOTE_WINDOW: i64 = DAY;
/// The minimum of displayed scores, at which downvoting stops.
pub const FLOOR: i64 = -4;

impl Item {
    /// `parent_author`: whether the item replies to the member.
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
            return Err(VoteError::DeadOrDeleted);
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

/// Moderators are exempt from the karma threshold, so that a young community can downvote.
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
