//! The inbox: replies and moderation notifications.

use std::cmp::Reverse;
use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::clock::Timestamp;
use crate::domain::accounts::user::Member;
use crate::domain::items::item::{Item, ItemId, Kind, Visibility, may_see};
use crate::domain::limits::policy::Policy;
use crate::domain::moderation::action::Action;
use crate::domain::moderation::post_status;
use crate::domain::notification::Notification;
use crate::domain::text;
use crate::web::error::Error;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::handlers::items::comments::flat_since;
use crate::web::handlers::pages;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{EmptyState, PAGE_LIMIT, PAGE_SIZE, PageCursor, next_page};
use crate::web::view::single_comment::SingleCommentView;

/// Characters of a comment shown as its name.
const EXCERPT: usize = 80;

#[derive(Template)]
#[template(path = "accounts/inbox.html")]
struct InboxPage<'a> {
    page: Page<'a>,
    rows: Vec<InboxRow>,
    more: Option<String>,
    empty: EmptyState,
    /// Whether the forum has a contact to appeal to.
    reachable: bool,
}

enum InboxRow {
    Reply(Box<SingleCommentView>),
    Notice(NoticeView),
}

struct NoticeView {
    id: i64,
    when: TimeView,
    text: String,
    /// Caused by members' flags rather than a moderator.
    by_members: bool,
    about: Option<(ItemId, String)>,
    merged_into: Option<(ItemId, String)>,
    /// Against the member, so it may have been a mistake.
    adverse: bool,
    /// The post whose page explains the next steps.
    next: Option<ItemId>,
    unseen: bool,
}

enum NotificationWithItem {
    Reply(Box<Item>),
    Notice(Notification),
}

impl NotificationWithItem {
    fn at(&self) -> Timestamp {
        match self {
            NotificationWithItem::Reply(item) => item.time,
            NotificationWithItem::Notice(notice) => notice.created_at,
        }
    }

    fn key(&self) -> [(&'static str, i64); 2] {
        match self {
            NotificationWithItem::Reply(item) => [("at", item.time.0), ("reply", item.id.0)],
            NotificationWithItem::Notice(notice) => [("at", notice.created_at.0), ("notice", notice.id)],
        }
    }

    fn is_adverse(&self) -> bool {
        matches!(self, NotificationWithItem::Notice(notice) if notice.action.spec().adverse)
    }
}

/// `/replies`: unread rows are marked; viewing the first page marks all as read.
pub async fn show(
    State(app): State<App>,
    CurrentMember { viewer, member }: CurrentMember,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    let replies = app.store.replies_to(member.id, after.replies()).await?;
    let notices = app.store.notifications(member.id, after.notices(), PAGE_LIMIT).await?;
    let mut told: Vec<NotificationWithItem> = replies
        .into_iter()
        .map(|item| NotificationWithItem::Reply(Box::new(item)))
        .chain(notices.into_iter().map(NotificationWithItem::Notice))
        .collect();
    // Stable sort: at equal times, replies precede notifications.
    told.sort_by_key(|told| Reverse(told.at()));
    let more = next_page(&mut told, PAGE_SIZE, "/replies", NotificationWithItem::key);
    let reachable =
        told.iter().any(NotificationWithItem::is_adverse) && pages::is_reachable(&app, viewer.now).await?;
    let rows = to_view(&app, &viewer, &member, told).await?;
    if after.is_first() && viewer.unread > 0 {
        app.store.read_replies(member.id, viewer.now);
    }
    let empty = EmptyState::new(
        "Nobody has answered you yet. Replies to your stories and comments, and messages from moderators, \
         will appear here.",
        "/active",
        "See where people are talking",
    );
    let empty = empty.on(after.is_first(), "/replies");
    let page = Page::new(&app, &viewer, "replies", "Replies");
    Ok(html(&InboxPage { page, rows, more, empty, reachable }))
}

async fn to_view(
    app: &App,
    viewer: &MaybeMember,
    member: &Member,
    told: Vec<NotificationWithItem>,
) -> Result<Vec<InboxRow>, Error> {
    let is_reply = |told: &NotificationWithItem| match told {
        NotificationWithItem::Reply(item) => Some(Item::clone(item)),
        NotificationWithItem::Notice(_) => None,
    };
    let replies: Vec<Item> = told.iter().filter_map(is_reply).collect();
    let views = flat_since(app, viewer, &replies, Some(member.replies_read_at)).await?;
    let mut views: HashMap<ItemId, SingleCommentView> =
        views.into_iter().map(|view| (view.id, view)).collect();
    let is_about = |told: &NotificationWithItem| match told {
        NotificationWithItem::Reply(_) => None,
        NotificationWithItem::Notice(notice) => notice.item_id,
    };
    let about: Vec<ItemId> = told.iter().filter_map(is_about).collect();
    let mut about = by_id(app.store.items(&about).await?);
    let merged_into: Vec<ItemId> = about.values().filter_map(|item| item.merged_into).collect();
    about.extend(by_id(app.store.items(&merged_into).await?));
    let reader = InboxReader { member, policy: &viewer.settings.policy, now: viewer.now };
    let dress = |told| match told {
        NotificationWithItem::Reply(item) => {
            views.remove(&item.id).map(|view| InboxRow::Reply(Box::new(view)))
        }
        NotificationWithItem::Notice(notice) => {
            NoticeView::new(&notice, &about, &reader).map(InboxRow::Notice)
        }
    };
    Ok(told.into_iter().filter_map(dress).collect())
}

fn by_id(items: Vec<Item>) -> HashMap<ItemId, Item> {
    items.into_iter().map(|item| (item.id, item)).collect()
}

struct InboxReader<'a> {
    member: &'a Member,
    policy: &'a Policy,
    now: Timestamp,
}

impl InboxReader<'_> {
    /// The item and its name, if the member may see it.
    fn visible_item<'a>(
        &self,
        id: Option<ItemId>,
        items: &'a HashMap<ItemId, Item>,
    ) -> Option<(&'a Item, String)> {
        let item = items.get(&id?)?;
        let shown =
            matches!(may_see(item, Some(self.member), self.now), Visibility::Whole | Visibility::Dead(_));
        let name = item.title.clone().unwrap_or_else(|| text::excerpt(&item.text, EXCERPT));
        shown.then_some((item, name))
    }
}

impl NoticeView {
    fn new(
        notice: &Notification,
        items: &HashMap<ItemId, Item>,
        reader: &InboxReader<'_>,
    ) -> Option<NoticeView> {
        let about = reader.visible_item(notice.item_id, items);
        let merged_into =
            about.as_ref().and_then(|(item, _)| item.merged_into).filter(|_| notice.action == Action::Merge);
        let kind = notice.item_id.and_then(|id| items.get(&id)).map_or(Kind::Story, |item| item.kind);
        let spec = notice.action.spec();
        // A merged post's page redirects, so it explains nothing.
        let says = |item: &Item| {
            spec.adverse && item.merged_into.is_none() && post_status::may_have(item, reader.policy)
        };
        Some(NoticeView {
            id: notice.id,
            unseen: notice.created_at > reader.member.replies_read_at,
            when: TimeView::new(notice.created_at, reader.now),
            by_members: spec.together.is_some(),
            text: notice.sentence(kind)?,
            next: about.as_ref().filter(|(item, _)| says(item)).map(|(item, _)| item.id),
            about: about.map(|(item, name)| (item.id, name)),
            merged_into: reader.visible_item(merged_into, items).map(|(item, name)| (item.id, name)),
            adverse: spec.adverse,
        })
    }
}
