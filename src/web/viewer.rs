//! The current viewer.

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::SiteSettings;
use crate::domain::accounts::ban::Ban;
use crate::domain::accounts::mutes::Mutes;
use crate::domain::accounts::user::{Member, Theme, UserId};
use crate::domain::items::item::ItemId;
use crate::store::{AccountReminders, LastMute, SessionUser, Store, UnreadRow};

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
    /// Who is asking for the front page, from no address in particular. `theme` is a visitor's.
    pub fn of(
        known: Option<Arc<SessionUser>>,
        theme: Option<Theme>,
        (now, generation): (Timestamp, u64),
        settings: Arc<SiteSettings>,
    ) -> MaybeMember {
        let banned = known
            .as_ref()
            .filter(|known| known.ban.holds(now))
            .map(|known| Arc::new(BannedMember { member: known.member.clone(), ban: known.ban.clone() }));
        let known = known.filter(|_| banned.is_none());
        let (waiting, requests, messages) =
            known.as_ref().map_or((0, 0, 0), |known| (known.waiting, known.requests, known.messages));
        let unread = known.as_ref().map_or_else(Arc::default, |known| Arc::clone(&known.unread));
        let mutes = known.as_ref().map_or_else(Arc::default, |known| Arc::clone(&known.mutes));
        let last_mute = known.as_ref().and_then(|known| known.last_mute.clone());
        let reminders = known.as_ref().map_or_else(Default::default, |known| known.reminders);
        let member = known.map(|known| known.member.clone());
        let theme = match &member {
            Some(member) => Some(member.theme).filter(|theme| *theme != Theme::System),
            None => theme.filter(|theme| *theme != Theme::System),
        };
        MaybeMember {
            member,
            banned,
            unread,
            waiting,
            requests,
            messages,
            mutes,
            last_mute,
            reminders,
            theme,
            here: "/".to_owned(),
            from: None,
            now,
            generation,
            settings,
        }
    }

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
