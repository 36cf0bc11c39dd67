//! Flags and vouches: permissions, weights and effects, with all constants that are not settings.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{DeadReason, Item, Kind, Visibility, may_see};
use crate::domain::limits::policy::Policy;
use crate::domain::text::is_legible;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text")]
pub enum Reason {
    #[sqlx(rename = "spam")]
    Spam,
    #[sqlx(rename = "off-topic")]
    OffTopic,
    #[sqlx(rename = "rude")]
    Rude,
    #[sqlx(rename = "duplicate")]
    Duplicate,
    #[sqlx(rename = "broken link")]
    BrokenLink,
    /// Explained in the note.
    #[sqlx(rename = "other")]
    Other,
}

impl Reason {
    pub const ALL: [Reason; 6] =
        [Reason::Spam, Reason::OffTopic, Reason::Rude, Reason::Duplicate, Reason::BrokenLink, Reason::Other];

    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Spam => "spam",
            Reason::OffTopic => "off-topic",
            Reason::Rude => "rude",
            Reason::Duplicate => "duplicate",
            Reason::BrokenLink => "broken link",
            Reason::Other => "other",
        }
    }

    /// Follows “Members flagged it”.
    pub fn after_flagged(self) -> &'static str {
        match self {
            Reason::Spam => " as spam",
            Reason::OffTopic => " as off-topic",
            Reason::Rude => " as rude",
            Reason::Duplicate => " as a duplicate",
            Reason::BrokenLink => " for a broken link",
            Reason::Other => "",
        }
    }

    pub fn parse(s: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.as_str() == s)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum FlagEffect {
    Upheld,
    Rejected,
}

impl FlagEffect {
    pub fn as_str(self) -> &'static str {
        match self {
            FlagEffect::Upheld => "upheld",
            FlagEffect::Rejected => "rejected",
        }
    }

    pub fn sentence(self) -> &'static str {
        match self {
            FlagEffect::Upheld => "A moderator agreed.",
            FlagEffect::Rejected => "A moderator reviewed it and kept it.",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Flag {
    pub reason: Reason,
    pub note: String,
    /// `None`: not reviewed.
    pub outcome: Option<FlagEffect>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    #[error("You cannot flag your own post. You can delete it.")]
    Own,
    #[error("This is dead or deleted, so it cannot be flagged.")]
    DeadOrDeleted,
    #[error("Poll options cannot be flagged. Flag the poll instead.")]
    PollOption,
    #[error("You need {0} karma to flag.")]
    Karma(i64),
    #[error("A moderator reviewed this and kept it, so it cannot be flagged again.")]
    Cleared,
    #[error("A moderator has already acted on your flag, so it cannot be undone.")]
    Decided,
    #[error("Choose a reason.")]
    NoReason,
    #[error("Say in a few words what is wrong: moderators will read it.")]
    NoNote,
    #[error("That is too long: the limit is {LONGEST_NOTE} characters.")]
    LongNote,
    #[error("That note contains invisible characters. Please type it again.")]
    UnshownNote,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VouchError {
    #[error("You cannot vouch for your own post.")]
    Own,
    #[error("This is not dead, so it needs no vouches.")]
    NotDead,
    #[error("You need {0} karma to vouch.")]
    Karma(i64),
    #[error("A moderator killed this, so vouches cannot restore it.")]
    Decided,
    #[error("You flagged this. Undo your flag first.")]
    Flagged,
}

/// In characters.
pub const LONGEST_NOTE: usize = 500;

/// Weights are in hundredths.
pub const FULL_WEIGHT: i64 = 100;
/// Minimum weight, so that even an unreliable flagger can queue an item.
const MIN_WEIGHT: i64 = 10;
/// Upheld flags credited in advance.
const PRIOR_UPHELD: i64 = 2;
/// Points that one flag weighs against: flags are far rarer than votes.
const FLAG_POINTS: f64 = 4.0;
/// What a vouch cancels: after two vouches it takes four more flags to kill again.
const VOUCH_CANCELS: i64 = 2 * FULL_WEIGHT;

pub fn reason(typed: &str, note: &str) -> Result<(Reason, String), FlagError> {
    let reason = Reason::parse(typed).ok_or(FlagError::NoReason)?;
    let note = note.trim();
    if note.is_empty() && reason == Reason::Other {
        return Err(FlagError::NoNote);
    }
    if note.chars().count() > LONGEST_NOTE {
        return Err(FlagError::LongNote);
    }
    if !is_legible(note) {
        return Err(FlagError::UnshownNote);
    }
    Ok((reason, note.to_owned()))
}

/// The share of a rank that remains: `p / (p + 4 f)` for p points, at least 1, and f flags, given in
/// hundredths. Ours: proportional, so that one flag halves a story of four points and hardly affects one of a
/// hundred.
pub fn flagged(score: i64, flags: i64) -> f64 {
    let points = score.max(1) as f64;
    points / (points + FLAG_POINTS * flags.max(0) as f64 / FULL_WEIGHT as f64)
}

/// A flag's weight in hundredths by the flagger's record: `(upheld + 2) / (upheld + rejected + 2)`, at least
/// a tenth. Two upheld flags are credited, so that new flaggers count in full, a rejected flag costs a third,
/// and flaggers can recover. Fixed when the flag is cast, so that a decision never affects other items.
pub fn weight(upheld: i64, rejected: i64) -> i64 {
    let right = upheld.max(0).saturating_add(PRIOR_UPHELD);
    let share = right.saturating_mul(FULL_WEIGHT) / right.saturating_add(rejected.max(0));
    share.max(MIN_WEIGHT)
}

/// Whether flags of this weight, less vouches, kill an item of this score (Hacker News' published source:
/// more than 7 flags, a score below 10).
pub fn kills(effective_weight: i64, score: i64, policy: &Policy) -> bool {
    let limit = policy.flags_to_kill.saturating_mul(FULL_WEIGHT);
    limit > 0 && effective_weight >= limit && score < policy.flags_kill_below
}

/// Whether so many vouches restore a dead item; never if `vouches_to_restore` is 0.
pub fn restores(vouches: i64, policy: &Policy) -> bool {
    policy.vouches_to_restore > 0 && vouches >= policy.vouches_to_restore
}

/// The reason with the most weight; ties in the order of the form.
pub fn mostly(flags: &[(Reason, i64)]) -> Option<Reason> {
    let weight_of =
        |reason| flags.iter().filter(|(r, _)| *r == reason).fold(0_i64, |sum, (_, w)| sum.saturating_add(*w));
    let flagged = Reason::ALL.into_iter().filter(|reason| flags.iter().any(|(r, _)| r == reason));
    flagged.rev().max_by_key(|reason| weight_of(*reason))
}

/// Active flags in hundredths: those not rejected, less vouches; 0 if cleared.
pub fn effective_weight(flags: i64, vouches: i64, cleared: bool) -> i64 {
    if cleared { 0 } else { flags.saturating_sub(vouches.saturating_mul(VOUCH_CANCELS)).max(0) }
}

/// Moderators need none.
pub fn has_karma_to_flag(member: &Member, policy: &Policy) -> bool {
    member.karma >= policy.min_karma_to_flag || member.role >= Role::Moderator
}

impl Item {
    pub fn standing_flags(&self) -> i64 {
        effective_weight(self.flags, self.vouches, self.cleared)
    }

    /// Whether a live item is marked `[flagged]`: its flags are half of what kills, and cost at least half of
    /// its rank.
    pub fn is_flagged(&self, policy: &Policy) -> bool {
        let flags = self.standing_flags();
        let half = policy.flags_to_kill.saturating_mul(FULL_WEIGHT) / 2;
        half > 0 && flags >= half && flagged(self.score, flags) <= 0.5
    }

    /// Moderators are exempt from the karma threshold.
    pub fn may_flag(&self, member: &Member, policy: &Policy, now: Timestamp) -> Result<(), FlagError> {
        if self.kind == Kind::Pollopt {
            return Err(FlagError::PollOption);
        }
        if may_see(self, Some(member), now) != Visibility::Whole {
            return Err(FlagError::DeadOrDeleted);
        }
        if self.is_own(Some(member)) {
            return Err(FlagError::Own);
        }
        if !has_karma_to_flag(member, policy) {
            return Err(FlagError::Karma(policy.min_karma_to_flag));
        }
        if self.cleared {
            return Err(FlagError::Cleared);
        }
        Ok(())
    }

    /// Whether `member` may vouch for it. As on Hacker News, vouches can restore what flags, a rule or an
    /// import killed, and posts of banned authors, but not what a moderator killed.
    pub fn may_vouch(&self, member: &Member, flagged: bool, policy: &Policy) -> Result<(), VouchError> {
        if self.is_own(Some(member)) {
            return Err(VouchError::Own);
        }
        let Some(death) = self.dead else { return Err(VouchError::NotDead) };
        if member.karma < policy.min_karma_to_vouch && member.role < Role::Moderator {
            return Err(VouchError::Karma(policy.min_karma_to_vouch));
        }
        let is_unpublished = matches!(death, DeadReason::Held | DeadReason::Declined);
        let by_moderator = matches!(death, DeadReason::Merged | DeadReason::Removed)
            || (death == DeadReason::Killed && self.cleared);
        if is_unpublished || by_moderator {
            return Err(VouchError::Decided);
        }
        if flagged {
            return Err(VouchError::Flagged);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
