//! The one-time link of the first admin.

use std::time::Duration;

use crate::domain::accounts::token;
use crate::domain::accounts::token::Token;

/// For how long the link is good.
const GOOD: Duration = Duration::from_secs(24 * 3_600);

/// The link's secret, of which only the hash is kept, and until which uptime it is good.
pub struct SetupLink {
    secret: Option<Token>,
    until: Duration,
}

impl SetupLink {
    pub fn new(uptime: Duration) -> SetupLink {
        SetupLink { secret: Token::random().ok(), until: uptime.saturating_add(GOOD) }
    }

    /// The path of the link.
    pub fn path(&self) -> Option<String> {
        self.secret.as_ref().map(|secret| format!("/setup/{}", secret.as_str()))
    }

    pub fn opens(&self, token: &str, uptime: Duration) -> bool {
        // Hashes are compared, so that the time taken tells nothing of the secret.
        uptime < self.until && self.secret.as_ref().is_some_and(|secret| secret.hash() == token::hash(token))
    }
}
