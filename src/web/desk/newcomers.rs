//! The newest accounts and the first that they posted.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::clock::Timestamp;
use crate::domain::item::{Item, ItemId, Kind};
use crate::domain::moderation::REASONS;
use crate::domain::text;
use crate::domain::user::UserId;
use crate::store::NewAccount;
use crate::web::desk::{self, Last};
use crate::web::error::Error;
use crate::web::page::{Page, html};
use crate::web::pagination::{PAGE_LIMIT, PAGE_SIZE, PageCursor, Tab, next_page};
use crate::web::session::Moderator;
use crate::web::state::App;
use crate::web::view::When;

/// How much of a text is shown, in characters.
const EXCERPT: usize = 300;

#[derive(Template)]
#[template(path = "newcomers.html")]
struct NewcomersPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    last: Option<Last>,
    rows: Vec<Row>,
    reasons: &'static [&'static str],
    more: Option<String>,
}

struct Row {
    name: String,
    karma: i64,
    joined: When,
    inviter: Option<String>,
    /// Whether who invited them is shadow-banned.
    inviter_shadowed: bool,
    posts: Vec<Post>,
}

struct Post {
    id: ItemId,
    is_comment: bool,
    title: Option<String>,
    href: Option<String>,
    excerpt: String,
    when: When,
    gone: Option<&'static str>,
}

impl Post {
    fn new(item: &Item, now: Timestamp) -> Post {
        Post {
            id: item.id,
            is_comment: item.kind == Kind::Comment,
            title: item.title.clone(),
            href: item.url.clone(),
            excerpt: text::excerpt(&item.text, EXCERPT),
            when: When::new(item.time, now),
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
    let key = |last: &NewAccount| [("at", last.created.0), ("before", last.id.0)];
    let more = next_page(&mut accounts, PAGE_SIZE, "/mod/new", key);
    let people: Vec<UserId> = accounts.iter().map(|account| account.id).collect();
    let mut posts: HashMap<UserId, Vec<Item>> = HashMap::new();
    for item in app.store.first_posts(&people).await? {
        if let Some(author) = item.author_id {
            posts.entry(author).or_default().push(item);
        }
    }
    let row = |account: NewAccount| {
        let mut posts = posts.remove(&account.id).unwrap_or_default();
        posts.sort_by_key(|item| (item.time, item.id));
        let posts = posts.iter().map(|item| Post::new(item, viewer.now)).collect();
        let NewAccount { name, karma, created, inviter, inviter_shadowed, .. } = account;
        Row { name, karma, joined: When::new(created, viewer.now), inviter, inviter_shadowed, posts }
    };
    let rows = accounts.into_iter().map(row).collect();
    let mut page = Page::new(&app, &viewer, "mod", "New accounts");
    page.robots = false;
    let last = Last::of(&app, &viewer, &member, None).await?;
    Ok(html(&NewcomersPage { page, desk: desk::bar(&member, "new accounts"), last, rows, reasons: &REASONS, more }))
}
