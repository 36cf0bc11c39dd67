//! The one-time link that creates the first admin.

use std::time::Duration;

use crate::domain::accounts::token::{self, Token};

/// Validity of the link.
const GOOD: Duration = Duration::from_secs(24 * 3_600);

/// The token's hash, and the uptime until which it is valid.
pub struct SetupLink {
    secret: Option<Token>,
    until: Duration,
}

impl SetupLink {
    pub fn new(uptime: Duration) -> SetupLink {
        SetupLink { secret: Token::random().ok(), until: uptime.saturating_add(GOOD) }
    }

    pub fn path(&self) -> Option<String> {
        self.secret.as_ref().map(|secret| format!("/setup/{}", secret.as_str()))
    }

    pub fn opens(&self, token: &str, uptime: Duration) -> bool {
        // Comparing hashes avoids a timing side channel.
        uptime < self.until && self.secret.as_ref().is_some_and(|secret| secret.hash() == token::hash(token))
    }
}
