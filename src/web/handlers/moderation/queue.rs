//! The moderation queue: flagged items, items queued by a rule, and items that wait for approval.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::items::item::ItemId;
use crate::domain::moderation::permissions::REASONS;
use crate::store::{ItemCursor as Cursor, MAX_DECIDED, Queued};
use crate::web::actions::approve::{self, ApprovalOutcome};
use crate::web::error::Error;
use crate::web::extract::form::{Form, FormErrors};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::{Fields, RecoverableForm};
use crate::web::extract::session::Moderator;
use crate::web::handlers::moderation;
use crate::web::handlers::moderation::review_item::ReviewItem;
use crate::web::handlers::moderation::undo::LastAction;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};
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
    errors: FormErrors,
}

impl QueuePage<'_> {
    /// Whether several posts can be decided on at once.
    fn has_several_waiting(&self) -> bool {
        self.rows.iter().filter(|row| row.waits_for_approval).count() > 1
    }

    /// After an action, return to the next row, which has moved up by one.
    fn return_to(&self, row: &usize) -> String {
        let after =
            self.rows.get(row.saturating_add(1)).map_or_else(String::new, |next| format!("#i{}", next.id));
        format!("{}{after}", self.page.here)
    }
}

async fn page(
    app: &App,
    Moderator { viewer, member }: &Moderator,
    after: PageCursor,
    errors: FormErrors,
) -> Result<Response, Error> {
    let (at, id) = after.newest_first();
    let mut queued = app.store.queue(Cursor { before: (at, ItemId(id)), rows: PAGE_LIMIT }).await?;
    let key = |last: &Queued| [("at", last.queued_at.map_or(0, |at| at.0)), ("before", last.id.0)];
    let more = next_page(&mut queued, PAGE_SIZE, "/mod", key);
    let mut page = Page::new(app, viewer, "mod", "Queue");
    page.robots = false;
    let rows = ReviewItem::all(app, viewer, queued).await?;
    let last = LastAction::of(app, viewer, member, None).await?;
    let empty = EmptyState::new(
        "The queue is empty. Flagged posts, posts caught by rules and posts that wait for approval appear \
         here.",
        "/new",
        "See the new stories",
    );
    Ok(html_with(
        errors.status(),
        &QueuePage {
            page,
            desk: moderation::tabs::bar(member, "queue"),
            last,
            rows,
            reasons: &REASONS,
            more,
            empty: empty.on(after.is_first(), "/mod"),
            errors,
        },
    ))
}

/// `GET /mod`
pub async fn show(
    State(app): State<App>,
    by: Moderator,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    page(&app, &by, after, FormErrors::default()).await
}

/// `POST /mod`: approves or declines the posts of the fields `item`, as `decision` says.
pub async fn decide(
    State(app): State<App>,
    RecoverableForm { asking: by, typed: fields }: RecoverableForm<Fields, Moderator>,
) -> Result<Response, Error> {
    let value = |name: &str| fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value);
    let approve = is_approval(value("decision"))?;
    let ticked = fields.iter().filter(|(field, _)| field == "item");
    let items: Vec<(ItemId, i64)> =
        ticked.filter_map(|(_, seen)| seen_version(seen)).take(MAX_DECIDED).collect();
    match approve::decide(&app, &by, &items, approve, value("reason")).await? {
        ApprovalOutcome::Done => Ok(Redirect::to("/mod").into_response()),
        ApprovalOutcome::Invalid(errors) => page(&app, &by, PageCursor::default(), errors).await,
    }
}

fn is_approval(decision: &str) -> Result<bool, Error> {
    match decision {
        "approve" => Ok(true),
        "decline" => Ok(false),
        _ => Err(Error::bad("A decision is to approve or to decline.")),
    }
}

/// A post and the version of it that the page showed, as in `12-0`.
fn seen_version(field: &str) -> Option<(ItemId, i64)> {
    let (id, version) = field.split_once('-')?;
    Some((id.parse().ok()?, version.parse().ok()?))
}

#[derive(Debug, Deserialize)]
pub struct UndoForm {
    /// When it was decided.
    at: i64,
    /// What is undone.
    #[serde(default)]
    decision: String,
    #[serde(default)]
    goto: LocalRedirect,
}

/// `POST /mod/undo`: puts what the moderator approved or declined at a moment back into the queue.
pub async fn undo(
    State(app): State<App>,
    by: Moderator,
    Form(asked): Form<UndoForm>,
) -> Result<Response, Error> {
    approve::undo(&app, &by, Timestamp(asked.at), is_approval(&asked.decision)?).await?;
    Ok(asked.goto.redirect())
}
