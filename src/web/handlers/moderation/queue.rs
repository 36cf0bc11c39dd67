//! The moderation queue: flagged items and items queued by a rule.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::domain::items::item::ItemId;
use crate::domain::moderation::permissions::REASONS;
use crate::store::{ItemCursor as Cursor, Queued};
use crate::web::error::Error;
use crate::web::extract::session::Moderator;
use crate::web::handlers::moderation;
use crate::web::handlers::moderation::review_item::ReviewItem;
use crate::web::handlers::moderation::undo::LastAction;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{EmptyState, PAGE_LIMIT, PAGE_SIZE, PageCursor, Tab, next_page};

#[derive(Template)]
#[template(path = "moderation/queue.html")]
struct QueuePage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    last: Option<LastAction>,
    rows: Vec<ReviewItem>,
    reasons: &'static [&'static str],
    more: Option<String>,
    empty: EmptyState,
}

impl QueuePage<'_> {
    /// After an action, return to the next row, which has moved up by one.
    fn return_to(&self, row: &usize) -> String {
        let after =
            self.rows.get(row.saturating_add(1)).map_or_else(String::new, |next| format!("#i{}", next.id));
        format!("{}{after}", self.page.here)
    }
}

/// `/mod`
pub async fn show(
    State(app): State<App>,
    Moderator { viewer, member }: Moderator,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    let (at, id) = after.newest_first();
    let mut queued = app.store.queue(Cursor { before: (at, ItemId(id)), rows: PAGE_LIMIT }).await?;
    let key = |last: &Queued| [("at", last.queued_at.map_or(0, |at| at.0)), ("before", last.id.0)];
    let more = next_page(&mut queued, PAGE_SIZE, "/mod", key);
    let mut page = Page::new(&app, &viewer, "mod", "Queue");
    page.robots = false;
    let rows = ReviewItem::all(&app, &viewer, queued).await?;
    let last = LastAction::of(&app, &viewer, &member, None).await?;
    let empty = EmptyState::new(
        "The queue is empty. Flagged posts and posts caught by rules appear here.",
        "/new",
        "See the new stories",
    );
    Ok(html(&QueuePage {
        page,
        desk: moderation::tabs::bar(&member, "queue"),
        last,
        rows,
        reasons: &REASONS,
        more,
        empty: empty.on(after.is_first(), "/mod"),
    }))
}
