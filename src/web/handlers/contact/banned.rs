//! What a banned member can open: why and until when they are banned, and their appeal.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use crate::domain::conversations::{ConversationStatus, MAX_MESSAGE_CHARS, is_against, may_appeal};
use crate::domain::text::plural::Grouped;
use crate::store::Conversation;
use crate::web::actions::contact::Sender;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{BannedMember, CurrentMember};
use crate::web::handlers::contact::view::{ConversationView, ReadBy};
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

#[derive(Template)]
#[template(path = "contact/banned.html")]
struct BannedPage<'a> {
    page: Page<'a>,
    sentence: String,
    /// Their latest appeal.
    appeal: Option<ConversationView>,
    /// Why they cannot write at the moment.
    waits: Option<String>,
    errors: FormErrors,
    typed: &'a AppealForm,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AppealForm {
    text: String,
}

/// The latest appeal, if it is against this ban or still open.
async fn latest_appeal(app: &App, banned: &BannedMember) -> Result<Option<Conversation>, Error> {
    let latest = app.store.latest_appeal(banned.member.id).await?;
    Ok(latest.filter(|appeal| is_against(&banned.ban, appeal.status, appeal.last_at)))
}

async fn page(
    app: &App,
    asking: &CurrentMember,
    banned: &BannedMember,
    typed: &AppealForm,
    errors: FormErrors,
) -> Result<Response, Error> {
    let viewer = &asking.viewer;
    let latest = latest_appeal(app, banned).await?;
    let is_open = |appeal: &Conversation| appeal.status != ConversationStatus::Resolved;
    let waits = match &latest {
        Some(appeal) if !is_open(appeal) => {
            may_appeal(Some((appeal.status, appeal.last_at)), viewer.now).err().map(|wait| wait.to_string())
        }
        _ => None,
    };
    let appeal = match &latest {
        Some(appeal) => Some(ConversationView::load(app, viewer, appeal, ReadBy::Owner).await?),
        None => None,
    };
    let mut page = Page::new(app, viewer, "banned", "Your account is banned");
    page.robots = false;
    let sentence = banned.ban.sentence(viewer.now).unwrap_or_default();
    let (status, banned) = (errors.status(), BannedPage { page, sentence, appeal, waits, errors, typed });
    Ok(([(CACHE_CONTROL, "private, no-store")], html_with(status, &banned)).into_response())
}

/// `GET /banned`; whoever is not banned has nothing to see there.
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    let Some(banned) = asking.viewer.banned.clone() else { return Ok(LocalRedirect::default().redirect()) };
    page(&app, &asking, &banned, &AppealForm::default(), FormErrors::default()).await
}

/// `POST /banned`: appeals, or writes in the appeal.
pub async fn appeal(
    State(app): State<App>,
    client_ip: ClientIp,
    RecoverableForm { asking, typed }: RecoverableForm<AppealForm>,
) -> Result<Response, Error> {
    let Some(banned) = asking.viewer.banned.clone() else { return Ok(LocalRedirect::default().redirect()) };
    let latest = latest_appeal(&app, &banned).await?;
    let open = latest.filter(|appeal| appeal.status != ConversationStatus::Resolved).map(|appeal| appeal.id);
    let sender = Sender { app: &app, viewer: &asking.viewer, client_ip };
    match sender.appeal(banned.member.id, open, &typed.text).await {
        Ok(()) => Ok(LocalRedirect::new("/banned").redirect()),
        Err(refusal) => refused(refusal, |errors| page(&app, &asking, &banned, &typed, errors)).await,
    }
}
