//! What waits for a moderator: flagged items and those that a rule has stopped.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::item::{Item, ItemId, Kind};
use crate::domain::text;
use crate::store::{Flagging, Page as Cursor, Queued};
use crate::web::desk;
use crate::web::error::Error;
use crate::web::news::{Choice, ROWS, ROWS_I64};
use crate::web::page::{Page, html};
use crate::web::session::{MaybeMember, Moderator};
use crate::web::state::App;
use crate::web::view::{Author, Eye, When};

/// How much of a text the queue shows, in characters.
const EXCERPT: usize = 400;

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage<'a> {
    page: Page<'a>,
    desk: Vec<Choice>,
    rows: Vec<Row>,
    reasons: [&'static str; 6],
    more: Option<String>,
}

/// An item that waits, with what judging it needs.
struct Row {
    id: ItemId,
    /// The title of a story, or of the story that a comment stands under.
    title: String,
    story: ItemId,
    is_comment: bool,
    site: Option<String>,
    href: Option<String>,
    excerpt: String,
    author: Option<Author>,
    karma: i64,
    dead_posts: i64,
    when: When,
    waits: When,
    why: Option<String>,
    flags: Vec<Flagging>,
    dead: bool,
    locked: bool,
}

impl Row {
    /// What a button is about, for those who hear it by itself.
    fn what(&self) -> String {
        let name = self.author.as_ref().map_or("nobody", |author| author.name.as_str());
        if self.is_comment { format!("the comment by {name}") } else { self.title.clone() }
    }
}

/// Where the queue goes on: after the item that came to it at a moment. Both are named, for that item may have left it meanwhile.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct After {
    at: Option<i64>,
    before: Option<ItemId>,
}

impl After {
    fn cursor(self) -> Cursor {
        let rows = ROWS_I64.saturating_add(1);
        match (self.at, self.before) {
            (Some(at), Some(id)) => Cursor { before: (Timestamp(at), id), rows },
            _ => Cursor::first(rows),
        }
    }
}

/// `/mod`
pub async fn show(
    State(app): State<App>,
    Moderator { viewer, member }: Moderator,
    Query(after): Query<After>,
) -> Result<Response, Error> {
    let mut queued = app.store.queue(after.cursor()).await?;
    let full = queued.len() > ROWS;
    queued.truncate(ROWS);
    let more = queued.last().filter(|_| full).map(|last| format!("/mod?at={}&before={}", last.queued_at.0, last.id));
    let mut page = Page::new(&app, &viewer, "mod", "Queue");
    page.robots = false;
    let rows = rows(&app, &viewer, queued).await?;
    Ok(html(&QueuePage { page, desk: desk::bar(&member, "queue"), rows, reasons: desk::REASONS, more }))
}

/// The items that wait, with the stories around them and who flagged them: three queries, however many there are.
async fn rows(app: &App, viewer: &MaybeMember, queued: Vec<Queued>) -> Result<Vec<Row>, Error> {
    let ids: Vec<ItemId> = queued.iter().map(|queued| queued.id).collect();
    let mut items: HashMap<ItemId, Item> = by_id(app.store.items(&ids).await?);
    let mut heads: Vec<ItemId> = items.values().map(|item| item.root_id).collect();
    heads.sort_unstable();
    heads.dedup();
    let heads = by_id(app.store.items(&heads).await?);
    let mut flags: HashMap<ItemId, Vec<Flagging>> = HashMap::new();
    for flag in app.store.flags_on(&ids).await?.into_iter().filter(|flag| flag.outcome.is_none()) {
        flags.entry(flag.item_id).or_default().push(flag);
    }
    let eye = Eye::new(app, viewer, std::sync::Arc::default());
    Ok(queued
        .into_iter()
        .filter_map(|queued| {
            let item = items.remove(&queued.id)?;
            let head = heads.get(&item.root_id)?;
            let flags = flags.remove(&queued.id).unwrap_or_default();
            Some(Row { flags, ..Row::new(&item, head, queued, &eye) })
        })
        .collect())
}

fn by_id(items: Vec<Item>) -> HashMap<ItemId, Item> {
    items.into_iter().map(|item| (item.id, item)).collect()
}

impl Row {
    fn new(item: &Item, head: &Item, queued: Queued, eye: &Eye<'_>) -> Row {
        Row {
            id: item.id,
            title: head.title.clone().unwrap_or_else(|| "[deleted]".to_owned()),
            story: head.id,
            is_comment: item.kind == Kind::Comment,
            site: item.site.clone(),
            href: item.url.clone(),
            excerpt: text::excerpt(&item.text, EXCERPT),
            author: eye.author(item),
            karma: queued.karma.unwrap_or(0),
            dead_posts: queued.dead,
            when: When::new(item.time, eye.now),
            waits: When::new(queued.queued_at, eye.now),
            why: queued.queued_for,
            flags: Vec::new(),
            dead: item.dead.is_some(),
            locked: item.locked,
        }
    }
}
