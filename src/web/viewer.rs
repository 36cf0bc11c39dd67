//! Who is asking, with what every page shows of them.

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::SiteSettings;
use crate::domain::accounts::user::{Member, Theme, UserId};

/// Whoever asks: a member or a visitor, with what every page shows of them.
#[derive(Debug, Clone)]
pub struct MaybeMember {
    pub member: Option<Member>,
    /// Replies and notices that the member has not read.
    pub unread: i64,
    /// The items that wait at the moderators' desk, for a moderator.
    pub waiting: i64,
    /// How many ask for an account, for a moderator.
    pub requests: i64,
    pub theme: Option<Theme>,
    /// The path and query of the page, to come back to.
    pub here: String,
    /// Whose share of work their page counts for.
    pub from: Option<IpAddr>,
    pub now: Timestamp,
    /// The store's number when the request came: what is read for it later is as new or newer.
    pub generation: u64,
    pub settings: Arc<SiteSettings>,
}

impl MaybeMember {
    pub fn member(&self) -> Option<&Member> {
        self.member.as_ref()
    }

    pub fn id(&self) -> Option<UserId> {
        self.member().map(|member| member.id)
    }
}
