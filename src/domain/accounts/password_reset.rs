//! Links by which somebody who has lost their password sets a new one.

use crate::clock::{HOUR, Timestamp};
use crate::domain::accounts::user::{Member, Profile, Role};

/// How long a link works, in seconds.
pub const LINK_TTL: i64 = HOUR;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordResetError {
    #[error("Only admins can make a link that sets somebody's password.")]
    NotAnAdmin,
    #[error("Change your own password on its settings page.")]
    Yourself,
    #[error("This account was imported and not claimed. The operator can assign it to its owner.")]
    Unclaimed,
    #[error("This account is banned and cannot log in. Lift the ban first.")]
    Banned,
}

/// Whether `actor` may make a link for `person`.
pub fn may_make_link(actor: &Member, person: &Profile, now: Timestamp) -> Result<(), PasswordResetError> {
    if actor.role < Role::Admin {
        return Err(PasswordResetError::NotAnAdmin);
    }
    if actor.id == person.id {
        return Err(PasswordResetError::Yourself);
    }
    if person.unclaimed {
        return Err(PasswordResetError::Unclaimed);
    }
    if person.ban.holds(now) { Err(PasswordResetError::Banned) } else { Ok(()) }
}
