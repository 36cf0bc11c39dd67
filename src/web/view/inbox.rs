//! The entries of the inbox.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::domain::accounts::mutes::MuteScope;
use crate::domain::accounts::user::Member;
use crate::domain::conversations::ConversationId;
use crate::domain::inbox::{InboxId, InboxKind};
use crate::domain::items::item::{Item, ItemId, Kind, Visibility, may_see};
use crate::domain::moderation::action::Action;
use crate::domain::moderation::post_status;
use crate::domain::notification::Notification;
use crate::domain::text;
use crate::store::InboxRow;
use crate::web::view::items::{StoryView, TimeView, ViewContext};
use crate::web::view::single_comment::SingleCommentView;
use crate::web::viewer::MaybeMember;

/// Characters of a comment shown as its name.
const EXCERPT: usize = 80;
/// Characters of a story's text.
const STORY_EXCERPT: usize = 280;

pub struct InboxEntry {
    pub id: InboxId,
    pub at: Timestamp,
    pub unread: bool,
    /// What the author of the post did.
    pub why: &'static str,
    pub body: InboxBody,
}

pub enum InboxBody {
    /// With the comment that it answers, if the reader may see that.
    Comment(Box<SingleCommentView>, Option<(ItemId, String)>),
    /// With the beginning of its text.
    Story(Box<StoryView>, String),
    Notice(NoticeView),
}

pub struct NoticeView {
    pub id: i64,
    pub when: TimeView,
    pub text: String,
    /// Caused by members' flags rather than a moderator.
    pub by_members: bool,
    pub of_account: bool,
    pub about: Option<(ItemId, String)>,
    pub merged_into: Option<(ItemId, String)>,
    /// Against the member, so it may have been a mistake.
    pub adverse: bool,
    /// The post whose page explains the next steps.
    pub next: Option<ItemId>,
    pub conversation: Option<ConversationId>,
}

impl InboxEntry {
    pub fn is_adverse(&self) -> bool {
        matches!(&self.body, InboxBody::Notice(notice) if notice.adverse)
    }
}

impl NoticeView {
    pub fn head(&self) -> &'static str {
        match (self.by_members, self.of_account) {
            (true, _) => "about your post",
            (false, true) => "about your account",
            (false, false) => "from the moderators",
        }
    }

    pub fn what(&self) -> String {
        format!("the notice of {}", self.when.ago)
    }
}

/// What the entries of a page are made of.
pub struct InboxReader<'a> {
    pub viewer: &'a MaybeMember,
    pub member: &'a Member,
    /// The stories that have entries.
    pub stories: HashMap<ItemId, Item>,
    /// What entries are about and answer.
    pub items: HashMap<ItemId, Item>,
    pub comments: HashMap<ItemId, SingleCommentView>,
    pub notices: HashMap<i64, Notification>,
}

impl InboxReader<'_> {
    pub fn entry(&mut self, row: &InboxRow) -> Option<InboxEntry> {
        let body = match (row.kind, row.item_id) {
            (InboxKind::Notice, _) => self.notice(row.notification_id?).map(InboxBody::Notice),
            (_, Some(id)) => self.comment(id).or_else(|| self.story(id)),
            (_, None) => None,
        };
        let (id, at, unread) = (row.id, row.created_at, row.unread);
        Some(InboxEntry { id, at, unread, why: row.kind.phrase(), body: body? })
    }

    fn comment(&mut self, id: ItemId) -> Option<InboxBody> {
        let view = self.comments.remove(&id)?;
        // The head of the entry names the story already.
        let answered = self.visible_item(Some(view.parent).filter(|parent| *parent != view.story_id));
        let is_muted = |item: &Item| self.viewer.mutes.matching(item, MuteScope::InThread).is_some();
        let answered = answered.filter(|(item, _)| !is_muted(item)).map(|(item, name)| (item.id, name));
        Some(InboxBody::Comment(Box::new(view), answered))
    }

    fn story(&self, id: ItemId) -> Option<InboxBody> {
        let item = self.stories.get(&id).filter(|item| self.sees(item))?;
        let view = StoryView::row(item, &ViewContext::new(self.viewer, Arc::default()));
        Some(InboxBody::Story(Box::new(view), text::excerpt(&item.text, STORY_EXCERPT)))
    }

    /// The item and its name, if the member may see it.
    fn visible_item(&self, id: Option<ItemId>) -> Option<(&Item, String)> {
        let item = self.items.get(&id?)?;
        let name = item.title.clone().unwrap_or_else(|| text::excerpt(&item.text, EXCERPT));
        self.sees(item).then_some((item, name))
    }

    fn sees(&self, item: &Item) -> bool {
        let sight = may_see(item, Some(self.member), self.viewer.now);
        matches!(sight, Visibility::Whole | Visibility::Dead(_))
    }

    fn notice(&self, id: i64) -> Option<NoticeView> {
        let notice = self.notices.get(&id)?;
        let about = self.visible_item(notice.item_id);
        let merged_into =
            about.as_ref().and_then(|(item, _)| item.merged_into).filter(|_| notice.action == Action::Merge);
        let kind = notice.item_id.and_then(|id| self.items.get(&id)).map_or(Kind::Story, |item| item.kind);
        let spec = notice.action.spec();
        let policy = &self.viewer.settings.policy;
        // A merged post's page redirects, so it explains nothing.
        let says =
            |item: &Item| spec.adverse && item.merged_into.is_none() && post_status::may_have(item, policy);
        Some(NoticeView {
            id,
            when: TimeView::new(notice.created_at, self.viewer.now),
            by_members: spec.together.is_some(),
            of_account: spec.of_account,
            text: notice.sentence(kind)?,
            next: about.as_ref().filter(|(item, _)| says(item)).map(|(item, _)| item.id),
            about: about.map(|(item, name)| (item.id, name)),
            merged_into: self.visible_item(merged_into).map(|(item, name)| (item.id, name)),
            adverse: spec.adverse,
            conversation: notice.conversation(),
        })
    }
}
