//! Items: stories, comments, jobs, polls and their options share one sequence of ids, as on Hacker News.

use std::fmt;
use std::str::FromStr;

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role, UserId};
use crate::domain::items::title::Section;
use crate::domain::limits::policy::Policy;
use crate::domain::time::relative_time;

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, sqlx::Type, serde::Deserialize,
)]
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
#[sqlx(rename_all = "lowercase")]
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

    /// Whether it heads a thread and stands in the lists: a story, a job or a poll.
    pub fn is_root(self) -> bool {
        matches!(self, Kind::Story | Kind::Job | Kind::Poll)
    }
}

/// Why an item is dead: seen only by its author, by moderators and by members who asked for `showdead`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
pub enum DeadReason {
    /// A moderator killed it, or it came dead with an import.
    Killed,
    /// Members' flags killed it.
    Flagged,
    /// Its author is banned or shadow-banned: the author sees it as live.
    Shadow,
    /// It was merged into another story as a duplicate.
    Merged,
}

/// One item with what any page needs of it.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Item {
    pub id: ItemId,
    pub kind: Kind,
    /// None where the source of an import named nobody, or the account is gone.
    pub author_id: Option<UserId>,
    pub author: Option<String>,
    /// When the author's account was made, to mark the new ones.
    pub author_created: Option<Timestamp>,
    pub time: Timestamp,
    /// The time that ranking counts from: `time`, unless the story was given a second chance.
    pub rank_time: Timestamp,
    pub visible_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub parent_id: Option<ItemId>,
    /// The story that the thread hangs on; a story's own id.
    pub root_id: ItemId,
    pub depth: i64,
    /// The order among its siblings that an import brought along.
    pub place: Option<i64>,
    pub title: Option<String>,
    pub url: Option<String>,
    pub site: Option<String>,
    pub section: Option<Section>,
    /// Markdown source.
    pub text: String,
    /// How often it was edited.
    pub version: i64,
    /// `base_points` and the counted votes, unclamped.
    pub score: i64,
    /// Counted votes cast here, up and down; the own vote is not among them.
    pub ups: i64,
    pub downs: i64,
    /// Comments below it that a visitor may see; kept for the heads of threads.
    pub descendants: i64,
    pub deleted_at: Option<Timestamp>,
    pub dead: Option<DeadReason>,
    pub locked: bool,
    /// The weights of its standing flags, in hundredths.
    pub flags: i64,
    pub vouches: i64,
    /// A moderator has looked at it, so that flags no longer kill it.
    pub cleared: bool,
    /// The story that this one was merged into as a duplicate.
    pub merged_into: Option<ItemId>,
    /// A moderators' notice above its thread, as Markdown source.
    pub pinned: Option<String>,
    /// Came with an import, so that its points are not only votes cast here.
    pub imported: bool,
}

/// Who is looking: a member, or none for a visitor.
pub type Reader<'a> = Option<&'a Member>;

/// What of an item a viewer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Whole,
    /// It is dead and the viewer may see it, marked so.
    Dead(DeadReason),
    /// Its place in the thread is kept, and nothing else: deleted.
    Deleted,
    /// Its place in the thread is kept, and nothing else: dead.
    Hidden,
    /// Not there at all for this viewer (not yet visible).
    Absent,
}

/// The one rule of visibility. Caches, counts, feeds and interfaces use a visitor's answer.
pub fn may_see(item: &Item, viewer: Reader<'_>, now: Timestamp) -> Visibility {
    let own = viewer.is_some_and(|v| Some(v.id) == item.author_id);
    let moderates = viewer.is_some_and(|v| v.role >= Role::Moderator);
    if item.deleted_at.is_some() {
        return Visibility::Deleted;
    }
    if item.visible_at > now && !own && !moderates {
        return Visibility::Absent;
    }
    match item.dead {
        None => Visibility::Whole,
        Some(DeadReason::Shadow) if own => Visibility::Whole,
        Some(death) if own || moderates || viewer.is_some_and(|v| v.show_dead) => Visibility::Dead(death),
        Some(_) => Visibility::Hidden,
    }
}

/// Why a member may not do something to an item. The sentence is what they read.
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
    #[error("This thread is locked.")]
    ThreadLocked,
    #[error("This thread is closed to new comments: it is older than {0}.")]
    ThreadClosed(String),
    #[error("You cannot comment on this.")]
    TakesNoComments,
    #[error(
        "Deep replies open {0} after the comment was posted. You can reply right away from the comment's own page."
    )]
    TooSoon(String),
}

impl Item {
    pub fn is_own(&self, viewer: Reader<'_>) -> bool {
        viewer.is_some_and(|v| Some(v.id) == self.author_id)
    }

    pub fn is_live(&self) -> bool {
        self.dead.is_none() && self.deleted_at.is_none()
    }

    /// Until when its author may still edit it.
    pub fn editable_until(&self, policy: &Policy) -> Timestamp {
        self.time.max(self.visible_at).plus(policy.post_edit_minutes.seconds())
    }

    /// The author within the edit window; moderators at any time; nobody when it is deleted.
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
        if self.dead.is_some_and(|d| d != DeadReason::Shadow) {
            return Err(ItemError::Dead);
        }
        if now > self.editable_until(policy) {
            return Err(ItemError::EditClosed(relative_time::span(policy.post_edit_minutes.seconds())));
        }
        Ok(())
    }

    /// The author at any time: without a visible reply the item goes, with one its text does and the place stays.
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

    /// Whether `member` may answer this item, a comment or the head of a thread, in the thread of `root`.
    ///
    /// `from_own_page` is a reply from the item's own page, which the delay by depth does not hold back, as on Hacker News.
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

    /// In what time a reply opens that does not come from the item's own page; none where it is open.
    pub fn reply_opens_in(&self, member: &Member, policy: &Policy, now: Timestamp) -> Option<String> {
        let left = self.visible_at.plus(policy.reply_delay(self.depth)).since(now);
        (left > 0 && !self.is_own(Some(member))).then(|| relative_time::left(left))
    }
}
