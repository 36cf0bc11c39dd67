//! Deleting an account: what becomes of its posts, and what is shown in place of its name.

use crate::domain::accounts::user::UserId;

/// Shown in place of the name of a deleted account; no account can have it.
pub const NOBODY: &str = "[deleted]";

/// The name under which the row of a deleted account stays; no account can choose it.
pub fn tombstone(user: UserId) -> String {
    format!("[deleted-{}]", user.0)
}

/// Whether a name is that of a deleted account.
pub fn is_tombstone(name: &str) -> bool {
    name == NOBODY || name.starts_with("[deleted-")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPosts {
    Keep,
    /// Those that nobody has replied to go too.
    RemoveUnanswered,
}

impl OwnPosts {
    pub fn parse(typed: &str) -> Option<OwnPosts> {
        match typed {
            "keep" => Some(OwnPosts::Keep),
            "remove" => Some(OwnPosts::RemoveUnanswered),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeletionError {
    #[error("That is not your name. Type it as it is shown above.")]
    OtherName,
    #[error("Choose what happens to your posts.")]
    NoChoice,
    #[error("You are the only admin who can log in. Make somebody else an admin first.")]
    LastAdmin,
}
