//! The current viewer.

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::SiteSettings;
use crate::domain::accounts::ban::Ban;
use crate::domain::accounts::mutes::Mutes;
use crate::domain::accounts::user::{Member, Theme, UserId};
use crate::domain::items::item::ItemId;
use crate::store::{AccountReminders, LastMute, Store, UnreadRow};

/// A member while they are banned.
#[derive(Debug, Clone)]
pub struct BannedMember {
    pub member: Member,
    pub ban: Ban,
}

impl BannedMember {
    /// Why they cannot do something, and where they find more.
    pub fn sentence(&self, now: Timestamp) -> String {
        let why = self.ban.sentence(now).unwrap_or_default();
        format!("{why} You can appeal on the page /banned.")
    }
}

#[derive(Debug, Clone)]
pub struct MaybeMember {
    pub member: Option<Member>,
    /// Somebody with a session who is banned: for pages a visitor, apart from
    /// `open_paths::is_open_to_banned`.
    pub banned: Option<Arc<BannedMember>>,
    /// What is unread in the inbox, newest first, at most 100.
    pub unread: Arc<[UnreadRow]>,
    /// Items in the moderation queue, for moderators.
    pub waiting: i64,
    pub requests: i64,
    /// Conversations that wait for a moderator, for moderators.
    pub messages: i64,
    pub mutes: Arc<Mutes>,
    pub last_mute: Option<LastMute>,
    pub reminders: AccountReminders,
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

    /// Marks as read what the inbox tells of an item that is on the page, or of its thread if it is a root.
    pub fn read_in_inbox(&mut self, item: ItemId, store: &Store) {
        let last = self.unread.iter().filter(|row| row.is_shown_at(item)).map(|row| row.id).max();
        if let (Some(user), Some(last)) = (self.id(), last) {
            store.see_in_inbox(user, item, last, self.now);
            self.unread = self.unread.iter().filter(|row| !row.is_shown_at(item)).copied().collect();
        }
    }

    pub fn id(&self) -> Option<UserId> {
        self.member().map(|member| member.id)
    }
}
