//! Changing one's name.

use crate::clock::{DAY, Timestamp};
use crate::domain::time::relative_time;

/// How long a new name stays, in seconds.
pub const RENAME_INTERVAL: i64 = 365 * DAY;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    #[error("That is your name already.")]
    Same,
    #[error("You can change your name once a year; the next time on {0}.")]
    TooSoon(String),
}

/// Whether somebody whose latest change was at `renamed_at` may change their name.
pub fn may_rename(renamed_at: Option<Timestamp>, now: Timestamp) -> Result<(), RenameError> {
    match renamed_at.map(|at| at.plus(RENAME_INTERVAL)).filter(|next| *next > now) {
        Some(next) => Err(RenameError::TooSoon(relative_time::day(next))),
        None => Ok(()),
    }
}
