//! What concerns a member: answers to what they wrote, and what moderation tells them, in one list.

use std::cmp::Reverse;
use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::item::{Item, ItemId, Sight, may_see};
use crate::domain::policy::Policy;
use crate::domain::user::Member;
use crate::domain::{desk, fate, moderation, text};
use crate::store::{Notice, Page as Cursor};
use crate::web::comments::flat_since;
use crate::web::error::Error;
use crate::web::flat::FlatView;
use crate::web::news::{ROWS, ROWS_I64};
use crate::web::page::{Page, html};
use crate::web::pages;
use crate::web::session::{CurrentMember, MaybeMember};
use crate::web::state::App;
use crate::web::view::When;

/// How much of a comment names it in a notice, in characters.
const EXCERPT: usize = 80;

#[derive(Template)]
#[template(path = "replies.html")]
struct RepliesPage<'a> {
    page: Page<'a>,
    rows: Vec<Row>,
    more: Option<String>,
    /// Whether anybody can be asked whether something was a mistake.
    reachable: bool,
}

enum Row {
    Reply(Box<FlatView>),
    Notice(NoticeView),
}

/// What moderation tells, as a member reads it.
struct NoticeView {
    id: i64,
    when: When,
    text: String,
    /// Whether members brought it about together, and no moderator.
    by_members: bool,
    /// What it is about, where the member may see that.
    about: Option<(ItemId, String)>,
    /// The story that theirs was merged into.
    merged_into: Option<(ItemId, String)>,
    /// Whether it may have been a mistake: it is one against them.
    adverse: bool,
    /// The post whose page says what they may do.
    next: Option<ItemId>,
    unseen: bool,
}

/// Where the list goes on: after the reply or the notice that stood last, and its moment. At one moment, replies stand before notices.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct After {
    at: Option<i64>,
    reply: Option<ItemId>,
    notice: Option<i64>,
}

impl After {
    fn replies(self, rows: i64) -> Cursor {
        match self.at {
            Some(at) => Cursor { before: (Timestamp(at), self.reply.unwrap_or(ItemId(0))), rows },
            None => Cursor::first(rows),
        }
    }

    fn notices(self) -> (Timestamp, i64) {
        (Timestamp(self.at.unwrap_or(i64::MAX)), self.notice.unwrap_or(i64::MAX))
    }
}

/// A row before it is dressed for its page.
enum Told {
    Reply(Box<Item>),
    Notice(Notice),
}

impl Told {
    fn at(&self) -> Timestamp {
        match self {
            Told::Reply(item) => item.time,
            Told::Notice(notice) => notice.at,
        }
    }

    /// The address of the page that begins after it.
    fn next(&self) -> String {
        match self {
            Told::Reply(item) => format!("/replies?at={}&reply={}", item.time.0, item.id),
            Told::Notice(notice) => format!("/replies?at={}&notice={}", notice.at.0, notice.id),
        }
    }
}

/// `/replies`: what others answered and what moderation tells, the unread marked; seeing the first page is reading them.
pub async fn show(
    State(app): State<App>,
    CurrentMember { viewer, member }: CurrentMember,
    Query(after): Query<After>,
) -> Result<Response, Error> {
    let rows = ROWS_I64.saturating_add(1);
    let replies = app.store.replies_to(member.id, after.replies(rows)).await?;
    let notices = app.store.notices(member.id, after.notices(), rows).await?;
    let mut told: Vec<Told> = replies
        .into_iter()
        .map(|item| Told::Reply(Box::new(item)))
        .chain(notices.into_iter().map(Told::Notice))
        .collect();
    // Stable, so that at one moment replies stay before notices.
    told.sort_by_key(|told| Reverse(told.at()));
    let full = told.len() > ROWS;
    told.truncate(ROWS);
    let more = told.last().filter(|_| full).map(Told::next);
    let is_adverse = |told: &Told| matches!(told, Told::Notice(notice) if desk::is_adverse(&notice.act));
    let reachable = told.iter().any(is_adverse) && pages::is_reachable(&app, viewer.now).await?;
    let rows = dressed(&app, &viewer, &member, told).await?;
    if after.at.is_none() && viewer.unread > 0 {
        app.store.read_replies(member.id, viewer.now);
    }
    Ok(html(&RepliesPage { page: Page::new(&app, &viewer, "replies", "Replies"), rows, more, reachable }))
}

async fn dressed(app: &App, viewer: &MaybeMember, member: &Member, told: Vec<Told>) -> Result<Vec<Row>, Error> {
    let is_reply = |told: &Told| match told {
        Told::Reply(item) => Some(Item::clone(item)),
        Told::Notice(_) => None,
    };
    let replies: Vec<Item> = told.iter().filter_map(is_reply).collect();
    let views = flat_since(app, viewer, &replies, Some(member.replies_read_at)).await?;
    let mut views: HashMap<ItemId, FlatView> = views.into_iter().map(|view| (view.id, view)).collect();
    let is_about = |told: &Told| match told {
        Told::Reply(_) => None,
        Told::Notice(notice) => notice.item_id,
    };
    let about: Vec<ItemId> = told.iter().filter_map(is_about).collect();
    let mut about = by_id(app.store.items(&about).await?);
    let merged_into: Vec<ItemId> = about.values().filter_map(|item| item.merged_into).collect();
    about.extend(by_id(app.store.items(&merged_into).await?));
    let reader = Reader { member, policy: &viewer.settings.policy, now: viewer.now };
    let dress = |told| match told {
        Told::Reply(item) => views.remove(&item.id).map(|view| Row::Reply(Box::new(view))),
        Told::Notice(notice) => Some(Row::Notice(NoticeView::new(notice, &about, &reader))),
    };
    Ok(told.into_iter().filter_map(dress).collect())
}

fn by_id(items: Vec<Item>) -> HashMap<ItemId, Item> {
    items.into_iter().map(|item| (item.id, item)).collect()
}

/// Who reads their notices, and when.
struct Reader<'a> {
    member: &'a Member,
    policy: &'a Policy,
    now: Timestamp,
}

impl Reader<'_> {
    /// An item of this id with its name, where they may see it.
    fn seen<'a>(&self, id: Option<ItemId>, items: &'a HashMap<ItemId, Item>) -> Option<(&'a Item, String)> {
        let item = items.get(&id?)?;
        let shown = matches!(may_see(item, Some(self.member), self.now), Sight::Whole | Sight::Dead(_));
        let name = item.title.clone().unwrap_or_else(|| text::excerpt(&item.text, EXCERPT));
        shown.then_some((item, name))
    }
}

impl NoticeView {
    fn new(notice: Notice, items: &HashMap<ItemId, Item>, reader: &Reader<'_>) -> NoticeView {
        let about = reader.seen(notice.item_id, items);
        let merged_into = about.as_ref().and_then(|(item, _)| item.merged_into).filter(|_| notice.act == "merge");
        let adverse = desk::is_adverse(&notice.act);
        // The page of what was merged leads on, and says nothing itself.
        let says = |item: &Item| adverse && item.merged_into.is_none() && fate::may_have(item, reader.policy);
        NoticeView {
            id: notice.id,
            unseen: notice.at > reader.member.replies_read_at,
            when: When::new(notice.at, reader.now),
            by_members: moderation::together(&notice.act).is_some(),
            text: notice.text,
            next: about.as_ref().filter(|(item, _)| says(item)).map(|(item, _)| item.id),
            about: about.map(|(item, name)| (item.id, name)),
            merged_into: reader.seen(merged_into, items).map(|(item, name)| (item.id, name)),
            adverse,
        }
    }
}
