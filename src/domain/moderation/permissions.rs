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
        "Moderators can see shadow-bans in the log. Ban this user instead, or ask an admin to remove their \
         role first."
    )]
    Staff,
    #[error("Choose a number of days from 1 to 3,650, or no end.")]
    Days,
    #[error("Enter a note or the name of their other account.")]
    Nothing,
    #[error("Enter the warning; the user will see it.")]
    NoWarning,
    #[error("That warning is too long: the limit is 500 characters.")]
    LongWarning,
    #[error("That warning contains invisible characters. Please type it again.")]
    UnshownWarning,
    #[error("This account was imported and not claimed, so nobody would see it.")]
    NobodyReads,
    #[error("This account was imported and not claimed, so it cannot post.")]
    NobodyThere,
    #[error("There is no account with that name.")]
    NoSuchUser,
    #[error("That is the same account. Enter the name of the other one.")]
    SameAccount,
    #[error("Enter a reason; it is logged with the action.")]
    NoReason,
    #[error("Add details for “other”; the author will read them.")]
    NoWords,
    #[error("That reason is too long: the limit is 500 characters.")]
    LongReason,
    #[error("That reason contains invisible characters. Please type it again.")]
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
