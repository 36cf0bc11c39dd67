//! Items: stories, comments, jobs, polls and options share one id sequence, as on Hacker News.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role, UserId};
use crate::domain::items::title::Section;
use crate::domain::limits::policy::Policy;
use crate::domain::time::relative_time;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, sqlx::Type, Deserialize)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct ItemId(pub i64);

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ItemId {
    type Err = std::num::ParseIntError;

    fn from_str(s: &str) -> Result<ItemId, Self::Err> {
        s.parse().map(ItemId)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Kind {
    Story,
    Comment,
    Job,
    Poll,
    Pollopt,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Story => "story",
            Kind::Comment => "comment",
            Kind::Job => "job",
            Kind::Poll => "poll",
            Kind::Pollopt => "pollopt",
        }
    }

    /// Whether it is the root of a thread: a story, a job or a poll.
    pub fn is_root(self) -> bool {
        matches!(self, Kind::Story | Kind::Job | Kind::Poll)
    }
}

/// Why an item is dead: visible only to its author, moderators and members with `showdead`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum DeadReason {
    /// By a moderator, or already dead when imported.
    Killed,
    Flagged,
    /// Its author is banned or shadow-banned and sees it as live.
    Shadow,
    Merged,
    /// Not published yet: it waits for a moderator's approval. Only its author and moderators know of it.
    Held,
    /// It waited, and was not approved; it was never published.
    Declined,
    /// By a moderator who decided that it is illegal. Only its author and moderators see it.
    Removed,
}

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Item {
    pub id: ItemId,
    pub kind: Kind,
    /// `None` if the import named no author, or the account was deleted.
    pub author_id: Option<UserId>,
    pub author: Option<String>,
    pub author_created: Option<Timestamp>,
    pub time: Timestamp,
    /// The time used for ranking: `time`, unless the story had a second chance.
    pub rank_time: Timestamp,
    pub visible_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub parent_id: Option<ItemId>,
    pub root_id: ItemId,
    pub depth: i64,
    /// The rank among its siblings that the import gave.
    pub import_rank: Option<i64>,
    pub title: Option<String>,
    pub url: Option<String>,
    pub site: Option<String>,
    pub section: Option<Section>,
    /// Markdown source.
    pub text: String,
    pub version: i64,
    /// `base_points` plus counted votes, unclamped.
    pub score: i64,
    /// Counted votes, without the author's own.
    pub ups: i64,
    pub downs: i64,
    /// Descendants visible to visitors; only maintained for roots.
    pub descendants: i64,
    pub deleted_at: Option<Timestamp>,
    pub dead: Option<DeadReason>,
    pub locked: bool,
    /// Sum of the active flags' weights, in hundredths.
    pub flags: i64,
    pub vouches: i64,
    /// Reviewed by a moderator, so flags no longer kill it.
    pub cleared: bool,
    /// The story that this duplicate was merged into.
    pub merged_into: Option<ItemId>,
    /// A moderators' notice above the thread, as Markdown source.
    pub pinned: Option<String>,
    /// Its points include votes cast elsewhere.
    pub imported: bool,
}

/// The viewer: a member, or `None` for a visitor.
pub type Reader<'a> = Option<&'a Member>;

/// How much of an item a viewer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Whole,
    /// Dead, but visible to this viewer.
    Dead(DeadReason),
    /// A placeholder for a deleted item.
    Deleted,
    Hidden,
    /// Not visible yet; treated as absent.
    NotFound,
}

/// The only visibility rule. Caches, counts and feeds use a visitor's result.
pub fn may_see(item: &Item, viewer: Reader<'_>, now: Timestamp) -> Visibility {
    let own = viewer.is_some_and(|v| Some(v.id) == item.author_id);
    let moderates = viewer.is_some_and(|v| v.role >= Role::Moderator);
    if item.deleted_at.is_some() {
        return Visibility::Deleted;
    }
    if item.visible_at > now && !own && !moderates {
        return Visibility::NotFound;
    }
    match item.dead {
        None => Visibility::Whole,
        Some(DeadReason::Shadow) if own => Visibility::Whole,
        Some(DeadReason::Held | DeadReason::Declined) if !own && !moderates => Visibility::NotFound,
        Some(DeadReason::Removed) if !own && !moderates => Visibility::Hidden,
        Some(death) if own || moderates || viewer.is_some_and(|v| v.show_dead) => Visibility::Dead(death),
        Some(_) => Visibility::Hidden,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    #[error("You can edit only what you wrote yourself.")]
    NotYours,
    #[error("This can no longer be edited: posts can be edited for {0}.")]
    EditClosed(String),
    #[error("This is locked, so it can no longer be changed.")]
    Locked,
    #[error("This has been deleted.")]
    Deleted,
    #[error("This was merged into another story; the discussion continues there.")]
    Merged,
    #[error("This is dead, so it cannot be replied to or voted on.")]
    Dead,
    #[error("This waits for a moderator’s approval. It can be replied to once it is published.")]
    Waits,
    #[error("This thread is locked.")]
    ThreadLocked,
    #[error("This thread is closed to new comments: it is older than {0}.")]
    ThreadClosed(String),
    #[error("You cannot comment on this.")]
    TakesNoComments,
    #[error(
        "Comments this deep in a thread can be answered {0} after they are posted. You can reply right away \
         from the comment's own page."
    )]
    TooSoon(String),
}

impl Item {
    pub fn is_own(&self, viewer: Reader<'_>) -> bool {
        viewer.is_some_and(|v| Some(v.id) == self.author_id)
    }

    /// Whether it waits for a moderator's approval.
    pub fn waits(&self) -> bool {
        self.dead == Some(DeadReason::Held) && self.deleted_at.is_none()
    }

    pub fn is_live(&self) -> bool {
        self.dead.is_none() && self.deleted_at.is_none()
    }

    pub fn editable_until(&self, policy: &Policy) -> Timestamp {
        self.time.max(self.visible_at).plus(policy.post_edit_minutes.seconds())
    }

    /// The author within the edit window, moderators at any time.
    pub fn may_edit(&self, member: &Member, policy: &Policy, now: Timestamp) -> Result<(), ItemError> {
        if self.deleted_at.is_some() {
            return Err(ItemError::Deleted);
        }
        if member.role >= Role::Moderator {
            return Ok(());
        }
        if Some(member.id) != self.author_id {
            return Err(ItemError::NotYours);
        }
        if self.locked {
            return Err(ItemError::Locked);
        }
        if self.dead.is_some_and(|d| !matches!(d, DeadReason::Shadow | DeadReason::Held)) {
            return Err(ItemError::Dead);
        }
        if now > self.editable_until(policy) {
            return Err(ItemError::EditClosed(relative_time::span(policy.post_edit_minutes.seconds())));
        }
        Ok(())
    }

    /// The author at any time; with a visible reply only the text is deleted.
    pub fn may_delete(&self, member: &Member) -> Result<(), ItemError> {
        if self.deleted_at.is_some() {
            return Err(ItemError::Deleted);
        }
        if Some(member.id) != self.author_id {
            return Err(ItemError::NotYours);
        }
        if self.locked {
            return Err(ItemError::Locked);
        }
        Ok(())
    }

    /// Whether `member` may reply to this item in the thread of `root`. `from_own_page`: a reply from the
    /// item's own page is exempt from the delay by depth, as on Hacker News.
    pub fn may_reply(
        &self,
        root: &Item,
        member: &Member,
        policy: &Policy,
        now: Timestamp,
        from_own_page: bool,
    ) -> Result<(), ItemError> {
        if matches!(self.kind, Kind::Job | Kind::Pollopt) {
            return Err(ItemError::TakesNoComments);
        }
        if self.deleted_at.is_some() || root.deleted_at.is_some() {
            return Err(ItemError::Deleted);
        }
        if root.merged_into.is_some() {
            return Err(ItemError::Merged);
        }
        if self.waits() || root.waits() {
            return Err(ItemError::Waits);
        }
        let dead = |item: &Item| !matches!(may_see(item, Some(member), now), Visibility::Whole);
        if dead(self) || dead(root) {
            return Err(ItemError::Dead);
        }
        if root.locked || self.locked {
            return Err(ItemError::ThreadLocked);
        }
        let closes_after = policy.thread_closes_after_days.seconds();
        if closes_after > 0 && now.since(root.time) > closes_after {
            return Err(ItemError::ThreadClosed(relative_time::span(closes_after)));
        }
        if !from_own_page && self.reply_opens_in(member, policy, now).is_some() {
            return Err(ItemError::TooSoon(relative_time::left(policy.reply_delay(self.depth))));
        }
        Ok(())
    }

    /// The remaining delay of a reply from the thread's page.
    pub fn reply_opens_in(&self, member: &Member, policy: &Policy, now: Timestamp) -> Option<String> {
        let left = self.visible_at.plus(policy.reply_delay(self.depth)).since(now);
        (left > 0 && !self.is_own(Some(member))).then(|| relative_time::left(left))
    }
}
