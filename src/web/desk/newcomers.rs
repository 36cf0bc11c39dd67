//! The newest accounts and the first that they posted.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::item::{Item, ItemId, Kind};
use crate::domain::moderation::REASONS;
use crate::domain::text;
use crate::domain::user::UserId;
use crate::store::NewAccount;
use crate::web::desk::{self, Last};
use crate::web::error::Error;
use crate::web::news::{Choice, ROWS, ROWS_I64};
use crate::web::page::{Page, html};
use crate::web::session::Moderator;
use crate::web::state::App;
use crate::web::view::When;

/// How much of a text is shown, in characters.
const EXCERPT: usize = 300;

#[derive(Template)]
#[template(path = "newcomers.html")]
struct NewcomersPage<'a> {
    page: Page<'a>,
    desk: Vec<Choice>,
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

/// Where the list goes on: after an account made at a moment.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct After {
    at: Option<i64>,
    before: Option<i64>,
}

/// `/mod/new`
pub async fn show(
    State(app): State<App>,
    Moderator { viewer, member }: Moderator,
    Query(after): Query<After>,
) -> Result<Response, Error> {
    let before = (Timestamp(after.at.unwrap_or(i64::MAX)), UserId(after.before.unwrap_or(i64::MAX)));
    let mut accounts = app.store.newest_accounts(before, ROWS_I64.saturating_add(1)).await?;
    let full = accounts.len() > ROWS;
    accounts.truncate(ROWS);
    let more =
        accounts.last().filter(|_| full).map(|last| format!("/mod/new?at={}&before={}", last.created.0, last.id.0));
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
