//! The current viewer.

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::SiteSettings;
use crate::domain::accounts::mutes::Mutes;
use crate::domain::accounts::user::{Member, Theme, UserId};
use crate::store::LastMute;

#[derive(Debug, Clone)]
pub struct MaybeMember {
    pub member: Option<Member>,
    /// Unread replies and notifications.
    pub unread: i64,
    /// Items in the moderation queue, for moderators.
    pub waiting: i64,
    pub requests: i64,
    pub mutes: Arc<Mutes>,
    pub last_mute: Option<LastMute>,
    pub theme: Option<Theme>,
    pub here: String,
    /// The address whose worker share the page uses.
    pub from: Option<IpAddr>,
    pub now: Timestamp,
    /// The store's generation when the request arrived; later reads are at least as new.
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
