//! Pending sign-up requests and moderators' decisions.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::accounts::signup::{self, SignUpError};
use crate::domain::text::Html;
use crate::store::{self, ActionContext, PendingRequest};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::Moderator;
use crate::web::handlers::moderation;
use crate::web::handlers::moderation::undo::LastAction;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::{EmptyState, PAGE_LIMIT, PAGE_SIZE, PageCursor, Tab, next_page};

#[derive(Template)]
#[template(path = "moderation/signup_requests.html")]
struct RequestsPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    last: Option<LastAction>,
    rows: Vec<SignupRequestRow>,
    more: Option<String>,
    empty: EmptyState,
    errors: FormErrors,
    shut: Option<SignUpError>,
}

struct SignupRequestRow {
    id: i64,
    name: String,
    text: Html,
    inviter: Option<String>,
    inviter_shadowed: bool,
    when: TimeView,
    message: String,
}

impl SignupRequestRow {
    fn new(
        waiting: PendingRequest,
        text: Html,
        now: Timestamp,
        typed: Option<&(i64, String)>,
    ) -> SignupRequestRow {
        let PendingRequest { id, name, text: _, created_at, inviter, inviter_shadowed } = waiting;
        let message =
            typed.filter(|(about, _)| *about == id).map_or_else(String::new, |(_, message)| message.clone());
        SignupRequestRow {
            id,
            name,
            text,
            inviter,
            inviter_shadowed,
            when: TimeView::new(created_at, now),
            message,
        }
    }
}

async fn page(
    app: &App,
    Moderator { viewer, member }: &Moderator,
    after: PageCursor,
    typed: Option<(i64, String)>,
    errors: FormErrors,
) -> Result<Response, Error> {
    let mut waiting = app.store.requests(after.oldest_first(), PAGE_LIMIT).await?;
    let key = |last: &PendingRequest| [("at", last.created_at.0), ("after", last.id)];
    let more = next_page(&mut waiting, PAGE_SIZE, "/mod/requests", key);
    let mut page = Page::new(app, viewer, "mod", "Requests");
    page.robots = false;
    let mut rows = Vec::with_capacity(waiting.len());
    for row in waiting {
        let text = app.renderer(viewer.from).once(&row.text).await?;
        rows.push(SignupRequestRow::new(row, text, viewer.now, typed.as_ref()));
    }
    let shut = viewer.settings.signup_mode.may_approve().err();
    let last = LastAction::of(app, viewer, member, None).await?;
    let requests = RequestsPage {
        page,
        desk: moderation::tabs::bar(member, "requests"),
        last,
        rows,
        more,
        empty: EmptyState::plain("No pending requests.").on(after.is_first(), "/mod/requests"),
        errors,
        shut,
    };
    Ok(html_with(requests.errors.status(), &requests))
}

/// `GET /mod/requests`
pub async fn list(
    State(app): State<App>,
    asking: Moderator,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    page(&app, &asking, after, None, FormErrors::default()).await
}

#[derive(Debug, Deserialize)]
pub struct Decision {
    /// `approve` or `decline`.
    #[serde(default)]
    decision: String,
    #[serde(default)]
    message: String,
    goto: Option<LocalRedirect>,
}

/// `POST /mod/requests/{id}`
pub async fn decide(
    State(app): State<App>,
    Path(id): Path<i64>,
    RecoverableForm { asking, typed }: RecoverableForm<Decision, Moderator>,
) -> Result<Response, Error> {
    let act = ActionContext { actor: Some(asking.member.id), reason: "", at: app.clock.now() };
    let message = match signup::message(&typed.message) {
        Ok(message) => message,
        Err(wrong) => {
            let typed = Some((id, typed.message));
            return page(&app, &asking, PageCursor::default(), typed, FormErrors::one("", wrong)).await;
        }
    };
    let done = match typed.decision.as_str() {
        "approve" => {
            asking.viewer.settings.signup_mode.may_approve().map_err(Error::forbidden)?;
            app.store.approve_request(id, &message, act).await.map(|_| ())
        }
        "decline" => app.store.decline_request(id, &message, act).await,
        _ => return Err(Error::bad("Approve or decline the request.")),
    };
    match done {
        Ok(()) => Ok(typed.goto.unwrap_or_else(|| LocalRedirect::new("/mod/requests")).redirect()),
        Err(store::Error::NotFound) if app.store.has_request(id).await? => {
            Err(Error::Conflict(SignUpError::Decided.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
