//! New accounts and their first posts.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::moderation::permissions::REASONS;
use crate::domain::text;
use crate::domain::text::plural::Grouped;
use crate::store::NewAccount;
use crate::web::error::Error;
use crate::web::extract::session::Moderator;
use crate::web::handlers::moderation;
use crate::web::handlers::moderation::undo::LastAction;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{EmptyState, PAGE_LIMIT, PAGE_SIZE, PageCursor, Tab, next_page};

/// Length of an excerpt, in characters.
const EXCERPT: usize = 300;

#[derive(Template)]
#[template(path = "moderation/new_accounts.html")]
struct NewAccountsPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    last: Option<LastAction>,
    rows: Vec<NewAccountRow>,
    reasons: &'static [&'static str],
    more: Option<String>,
    empty: EmptyState,
}

struct NewAccountRow {
    name: String,
    karma: Grouped<i64>,
    joined: TimeView,
    inviter: Option<String>,
    inviter_shadowed: bool,
    posts: Vec<FirstPost>,
}

impl NewAccountRow {
    fn new(account: NewAccount, mut posts: Vec<Item>, now: Timestamp) -> NewAccountRow {
        posts.sort_by_key(|item| (item.time, item.id));
        let posts = posts.iter().map(|item| FirstPost::new(item, now)).collect();
        let NewAccount { name, karma, created_at, inviter, inviter_shadowed, .. } = account;
        let joined = TimeView::new(created_at, now);
        NewAccountRow { name, karma: Grouped(karma), joined, inviter, inviter_shadowed, posts }
    }
}

struct FirstPost {
    id: ItemId,
    is_comment: bool,
    title: Option<String>,
    href: Option<String>,
    excerpt: String,
    when: TimeView,
    gone: Option<&'static str>,
}

impl FirstPost {
    fn new(item: &Item, now: Timestamp) -> FirstPost {
        FirstPost {
            id: item.id,
            is_comment: item.kind == Kind::Comment,
            title: item.title.clone(),
            href: item.url.clone(),
            excerpt: text::excerpt(&item.text, EXCERPT),
            when: TimeView::new(item.time, now),
            gone: match (item.deleted_at, item.dead) {
                (Some(_), _) => Some("[deleted]"),
                (None, Some(_)) => Some("[dead]"),
                (None, None) => None,
            },
        }
    }
}

/// `/mod/new`
pub async fn show(
    State(app): State<App>,
    Moderator { viewer, member }: Moderator,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    let (at, before) = after.newest_first();
    let mut accounts = app.store.newest_accounts((at, UserId(before)), PAGE_LIMIT).await?;
    let key = |last: &NewAccount| [("at", last.created_at.0), ("before", last.id.0)];
    let more = next_page(&mut accounts, PAGE_SIZE, "/mod/new", key);
    let people: Vec<UserId> = accounts.iter().map(|account| account.id).collect();
    let mut posts: HashMap<UserId, Vec<Item>> = HashMap::new();
    for item in app.store.first_posts(&people).await? {
        if let Some(author) = item.author_id {
            posts.entry(author).or_default().push(item);
        }
    }
    let row = |account: NewAccount| {
        let posts = posts.remove(&account.id).unwrap_or_default();
        NewAccountRow::new(account, posts, viewer.now)
    };
    let rows = accounts.into_iter().map(row).collect();
    let mut page = Page::new(&app, &viewer, "mod", "New accounts");
    page.robots = false;
    let last = LastAction::of(&app, &viewer, &member, None).await?;
    Ok(html(&NewAccountsPage {
        page,
        desk: moderation::tabs::bar(&member, "new accounts"),
        last,
        rows,
        reasons: &REASONS,
        more,
        empty: EmptyState::new("No accounts yet.", "/mod", "Go to the queue")
            .on(after.is_first(), "/mod/new"),
    }))
}
