//! What waits for a moderator: flagged items and those that a rule holds.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::item::ItemId;
use crate::domain::moderation::REASONS;
use crate::store::Page as Cursor;
use crate::web::desk::{self, Judged, Last};
use crate::web::error::Error;
use crate::web::news::{Choice, ROWS, ROWS_I64};
use crate::web::page::{Page, html};
use crate::web::session::Moderator;
use crate::web::state::App;

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage<'a> {
    page: Page<'a>,
    desk: Vec<Choice>,
    last: Option<Last>,
    rows: Vec<Judged>,
    reasons: &'static [&'static str],
    more: Option<String>,
}

impl QueuePage<'_> {
    /// Where an act on a row comes back to: the row after it, which stands in its place then.
    fn goto(&self, row: &usize) -> String {
        let after = self.rows.get(row.saturating_add(1)).map_or_else(String::new, |next| format!("#i{}", next.id));
        format!("{}{after}", self.page.here)
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
    let last = queued.last().filter(|_| full).and_then(|last| Some((last.queued_at?, last.id)));
    let more = last.map(|(at, id)| format!("/mod?at={}&before={id}", at.0));
    let mut page = Page::new(&app, &viewer, "mod", "Queue");
    page.robots = false;
    let rows = Judged::all(&app, &viewer, queued).await?;
    let last = Last::of(&app, &viewer, &member, None).await?;
    Ok(html(&QueuePage { page, desk: desk::bar(&member, "queue"), last, rows, reasons: &REASONS, more }))
}
