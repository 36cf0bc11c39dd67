//! Flags and vouches: who may cast them, what they weigh, and what they bring about. Every number of them is here or a setting.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{DeadReason, Item, Kind, Visibility, may_see};
use crate::domain::limits::policy::Policy;
use crate::domain::text::is_legible;

/// What a flag says is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
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
    /// The note says what.
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

    /// How it goes on after “Members flagged it”.
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

/// What a moderator made of a flag: they killed what it was about, or let it stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
pub enum FlagEffect {
    Upheld,
    Rejected,
}

impl FlagEffect {
    /// What became of a flag, in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            FlagEffect::Upheld => "upheld",
            FlagEffect::Rejected => "rejected",
        }
    }

    /// What its member is told.
    pub fn sentence(self) -> &'static str {
        match self {
            FlagEffect::Upheld => "A moderator agreed.",
            FlagEffect::Rejected => "A moderator reviewed it and kept it.",
        }
    }
}

/// A flag as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Flag {
    pub reason: Reason,
    pub note: String,
    /// None: no moderator has looked.
    pub outcome: Option<FlagEffect>,
}

/// Why a flag is refused. The sentence is what the member reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    #[error("You cannot flag your own post. You can delete it.")]
    Own,
    #[error("This is dead or deleted, so it cannot be flagged.")]
    Gone,
    #[error("Poll options cannot be flagged. Flag the poll instead.")]
    Option,
    #[error("You need {0} karma to flag.")]
    Karma(i64),
    #[error("A moderator reviewed this and kept it, so it cannot be flagged again.")]
    Cleared,
    #[error("A moderator has already acted on your flag, so it cannot be withdrawn.")]
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

/// Why a vouch is refused. The sentence is what the member reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VouchError {
    #[error("You cannot vouch for your own post.")]
    Own,
    #[error("This is not dead, so it needs no vouches.")]
    Alive,
    #[error("You need {0} karma to vouch.")]
    Karma(i64),
    #[error("A moderator killed this, so vouches cannot restore it.")]
    Decided,
    #[error("You flagged this. Undo your flag first.")]
    Flagged,
}

/// The longest note of a flag, in characters.
pub const LONGEST_NOTE: usize = 500;

/// One flag of full weight: weights are in hundredths.
pub const WHOLE: i64 = 100;
/// The least that a flag weighs, so that even a flagger who was mostly wrong brings something before the moderators.
const LEAST: i64 = 10;
/// What a flagger of whom nothing is known is taken to have got right.
const PRIOR: i64 = 2;
/// How many points a flag stands against: flags are far rarer than votes.
const FLAG_POINTS: f64 = 4.0;
/// What a vouch cancels, so that what two brought back takes four more flags to fall again.
const VOUCH_CANCELS: i64 = 2 * WHOLE;

/// A flag's reason and note as typed, checked.
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

/// What flags, in hundredths of one, leave of a rank: `p / (p + 4 f)` of p points, at least 1, and f flags.
///
/// Ours; Hacker News says only that flags lower a story. As a share of the points, so that one flag halves what four liked and is hardly
/// felt by what a hundred did.
pub fn flagged(score: i64, flags: i64) -> f64 {
    let points = score.max(1) as f64;
    points / (points + FLAG_POINTS * flags.max(0) as f64 / WHOLE as f64)
}

/// What the flag of somebody weighs whose earlier flags moderators upheld and rejected so often, in hundredths:
/// `(upheld + 2) / (upheld + rejected + 2)`, at least a tenth.
///
/// This is the share that was right, with two right ones given in advance: whoever is new to flagging counts in full (the karma that
/// flagging takes is the gate for strangers), one rejected flag costs a third and not everything, and who is right again recovers. It is
/// fixed when the flag is cast, so that a decision about one item never moves another.
pub fn weight(upheld: i64, rejected: i64) -> i64 {
    let right = upheld.max(0).saturating_add(PRIOR);
    let share = right.saturating_mul(WHOLE) / right.saturating_add(rejected.max(0));
    share.max(LEAST)
}

/// Whether flags of this weight, less what vouches cancel, kill something of this score (Hacker News's published source: more than 7
/// flags, a score below 10).
pub fn kills(standing: i64, score: i64, policy: &Policy) -> bool {
    let limit = policy.flags_to_kill.saturating_mul(WHOLE);
    limit > 0 && standing >= limit && score < policy.flags_kill_below
}

/// Whether so many vouches bring something back.
pub fn restores(vouches: i64, policy: &Policy) -> bool {
    policy.vouches_to_restore > 0 && vouches >= policy.vouches_to_restore
}

/// What most flags say, by their weights; the first in the order of the form where two weigh the same.
pub fn mostly(flags: &[(Reason, i64)]) -> Option<Reason> {
    let weight_of =
        |reason| flags.iter().filter(|(r, _)| *r == reason).fold(0_i64, |sum, (_, w)| sum.saturating_add(*w));
    let flagged = Reason::ALL.into_iter().filter(|reason| flags.iter().any(|(r, _)| r == reason));
    flagged.rev().max_by_key(|reason| weight_of(*reason))
}

/// The flags that weigh on an item, in hundredths: those that no moderator rejected, less what vouches cancel; none where a moderator
/// let it stand.
pub fn standing(flags: i64, vouches: i64, cleared: bool) -> i64 {
    if cleared { 0 } else { flags.saturating_sub(vouches.saturating_mul(VOUCH_CANCELS)).max(0) }
}

impl Item {
    pub fn standing_flags(&self) -> i64 {
        standing(self.flags, self.vouches, self.cleared)
    }

    /// Whether it is marked `[flagged]` though it lives: half of what would kill it stands, and that takes at least half of its rank. A
    /// few flags mark nothing that many voted for.
    pub fn is_flagged(&self, policy: &Policy) -> bool {
        let flags = self.standing_flags();
        let half = policy.flags_to_kill.saturating_mul(WHOLE) / 2;
        half > 0 && flags >= half && flagged(self.score, flags) <= 0.5
    }

    /// Whether `member` may flag it. Moderators are exempt from the karma that it takes, as from that of voting down.
    pub fn may_flag(&self, member: &Member, policy: &Policy, now: Timestamp) -> Result<(), FlagError> {
        if self.kind == Kind::Pollopt {
            return Err(FlagError::Option);
        }
        if may_see(self, Some(member), now) != Visibility::Whole {
            return Err(FlagError::Gone);
        }
        if self.is_own(Some(member)) {
            return Err(FlagError::Own);
        }
        if member.karma < policy.min_karma_to_flag && member.role < Role::Moderator {
            return Err(FlagError::Karma(policy.min_karma_to_flag));
        }
        if self.cleared {
            return Err(FlagError::Cleared);
        }
        Ok(())
    }

    /// Whether `member`, who may have `flagged` it, may vouch for it.
    ///
    /// As on Hacker News, vouches bring back what flags or a rule of the moderators killed, what came dead, and a good post of somebody
    /// who is banned: machines and crowds err. Not what a moderator looked at and killed by hand.
    pub fn may_vouch(&self, member: &Member, flagged: bool, policy: &Policy) -> Result<(), VouchError> {
        if self.is_own(Some(member)) {
            return Err(VouchError::Own);
        }
        let Some(death) = self.dead else { return Err(VouchError::Alive) };
        if member.karma < policy.min_karma_to_vouch && member.role < Role::Moderator {
            return Err(VouchError::Karma(policy.min_karma_to_vouch));
        }
        if death == DeadReason::Merged || (death == DeadReason::Killed && self.cleared) {
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
