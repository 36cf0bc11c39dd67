//! The one-time link that creates the first admin, the same on every node.

use std::time::Duration;

use crate::domain::accounts::token;

/// Validity of the link after a start.
const GOOD: Duration = Duration::from_secs(24 * 3_600);

/// The token, and the uptime until which it is valid.
pub struct SetupLink {
    token: String,
    until: Duration,
}

impl SetupLink {
    pub fn new(token: &str, uptime: Duration) -> SetupLink {
        SetupLink { token: token.to_owned(), until: uptime.saturating_add(GOOD) }
    }

    pub fn path(&self) -> String {
        format!("/setup/{}", self.token)
    }

    pub fn opens(&self, token: &str, uptime: Duration) -> bool {
        // Comparing hashes avoids a timing side channel.
        uptime < self.until && token::hash(&self.token) == token::hash(token)
    }
}
