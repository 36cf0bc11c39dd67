//! Permissions: who may moderate whom.

use crate::domain::accounts::user::{Member, Role};
use crate::domain::text::is_legible;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModerationError {
    #[error("Only moderators can do that.")]
    NotAModerator,
    #[error("A moderator cannot act on an admin.")]
    Admin,
    #[error("You cannot moderate yourself.")]
    Yourself,
    #[error(
        "A moderator reads the log and would see a shadow-ban. Ban them, or let an admin take the role back first."
    )]
    Staff,
    #[error("Say for how many days, from 1 to 3650, or that it has no end.")]
    Days,
    #[error("Write the note first, or name their other account.")]
    Nothing,
    #[error("Write the warning first: it is what they read.")]
    NoWarning,
    #[error("That warning is too long: 500 characters are enough.")]
    LongWarning,
    #[error(
        "That warning has characters that do not show, or that turn the direction of what follows. Please type it anew."
    )]
    UnshownWarning,
    #[error("Nobody can log in to this account, so nobody would read it.")]
    NobodyReads,
    #[error("Nobody can log in to this account, so there is nobody to hold back.")]
    NobodyThere,
    #[error("There is no account of that name.")]
    Nobody,
    #[error("That is the same account. Give the name of the other one.")]
    SameAccount,
    #[error("Say why: the reason is kept with the act.")]
    NoReason,
    #[error("Say in your words why: “other” alone tells its author nothing.")]
    NoWords,
    #[error("That reason is too long: 500 characters are enough.")]
    LongReason,
    #[error(
        "That reason has characters that do not show, or that turn the direction of what follows. Please type it anew."
    )]
    UnshownReason,
}

/// In characters.
const LONGEST_REASON: usize = 500;

pub fn may_act_on(actor: &Member, target: Role) -> Result<(), ModerationError> {
    if actor.role < Role::Moderator {
        return Err(ModerationError::NotAModerator);
    }
    if target == Role::Admin && actor.role < Role::Admin {
        return Err(ModerationError::Admin);
    }
    Ok(())
}

pub fn reason(typed: &str, needed: bool) -> Result<&str, ModerationError> {
    let reason = typed.trim();
    if needed && reason.is_empty() {
        return Err(ModerationError::NoReason);
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(ModerationError::LongReason);
    }
    if !is_legible(reason) {
        return Err(ModerationError::UnshownReason);
    }
    Ok(reason)
}

/// Preset reasons for a kill, beside [`OTHER`].
pub const REASONS: [&str; 5] = ["spam", "off-topic", "rude", "duplicate", "broken link"];
/// Requires a free text.
pub const OTHER: &str = "other";

pub fn kill_reason(chosen: &str, words: &str) -> Result<String, ModerationError> {
    let (chosen, words) = (reason(chosen, false)?, reason(words, false)?);
    match (chosen, words) {
        (OTHER, "") => Err(ModerationError::NoWords),
        ("" | OTHER, words) => Ok(words.to_owned()),
        (chosen, "") => Ok(chosen.to_owned()),
        (chosen, words) => reason(&format!("{chosen}: {words}"), false).map(str::to_owned),
    }
}

pub fn warning(typed: &str) -> Result<&str, ModerationError> {
    reason(typed, true).map_err(|mistake| match mistake {
        ModerationError::NoReason => ModerationError::NoWarning,
        ModerationError::LongReason => ModerationError::LongWarning,
        ModerationError::UnshownReason => ModerationError::UnshownWarning,
        other => other,
    })
}
