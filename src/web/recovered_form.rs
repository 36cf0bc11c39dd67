//! What members and moderators write. Somebody whose session has ended when the form comes gets the log-in page, which keeps what they typed; after the
//! log-in it stands in a form again, to be sent once more. So it does where the site has no time for a form.

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;

use crate::web::error::{Error, NoTime, StorageFailed};
use crate::web::form::Form;
use crate::web::goto::Goto;
use crate::web::login;
use crate::web::page::{Page, html, html_with, wants_json};
use crate::web::session::{self, Asking, CurrentMember, MaybeMember, theme_cookie};
use crate::web::state::App;

/// The field of the log-in form that says where what was typed was going.
const ACTION: &str = "kept-action";
/// What the names of the typed fields begin with in the log-in form.
const KEPT: &str = "kept.";

/// The fields that people write in, with their labels; those of `true` take lines.
const WRITTEN: [(&str, &str, bool); 11] = [
    ("title", "Title", false),
    ("url", "Address", false),
    ("text", "Text", true),
    ("about", "About you", true),
    ("note", "In your words", true),
    ("reason", "Reason", false),
    ("warning", "What they should know", true),
    ("slow_reason", "Reason", false),
    ("ban_reason", "Reason", false),
    ("shadow_reason", "Reason", false),
    ("message", "Message", true),
];
/// The most fields that are kept, and the longest name of one: more than any form here has.
const FIELDS: usize = 24;
const LONGEST_NAME: usize = 40;

/// A form's fields by name, in their order.
pub type Fields = Vec<(String, String)>;

/// Somebody logged in who may do this, and the form that they sent.
pub struct RecoverableForm<T, A = CurrentMember> {
    pub asking: A,
    pub typed: T,
}

impl<T: DeserializeOwned, A: Asking> FromRequest<App> for RecoverableForm<T, A> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<RecoverableForm<T, A>, Response> {
        let (mut parts, body) = request.into_parts();
        let viewer = MaybeMember::from_request_parts(&mut parts, app).await.map_err(IntoResponse::into_response)?;
        let action = Goto::new(parts.uri.path());
        let request = Request::from_parts(parts, body);
        match viewer.member.clone() {
            Some(member) => {
                let asking = A::of(viewer, member).map_err(IntoResponse::into_response)?;
                let Form(typed) = Form::from_request(request, app).await?;
                Ok(RecoverableForm { asking, typed })
            }
            None => {
                let Form(fields) = Form::<Fields>::from_request(request, app).await?;
                let first = login::log_in_first(app, &viewer, SavedForm::new(action, fields)).await;
                Err(first.unwrap_or_else(IntoResponse::into_response))
            }
        }
    }
}

/// What was typed, on its way through the log-in.
pub struct SavedForm {
    /// The path that the form is sent to, under which the form itself stands too.
    pub action: Goto,
    fields: Fields,
}

/// A field as a page shows it.
pub struct SavedField<'a> {
    pub name: &'a str,
    pub value: &'a str,
    /// Empty: it is carried along and not shown.
    pub label: &'static str,
    pub has_lines: bool,
}

impl SavedForm {
    /// What no form here could have sent is not kept: it would make a long page of a short request. Nor is a password.
    fn new(action: Goto, fields: Fields) -> SavedForm {
        let is_kept = |name: &str| name.len() <= LONGEST_NAME && !matches!(name, "password" | "current");
        let known = fields.into_iter().filter(|(name, _)| is_kept(name));
        SavedForm { action, fields: known.take(FIELDS).collect() }
    }

    /// Takes what is kept out of a log-in form.
    pub fn take(form: &mut Fields) -> Option<SavedForm> {
        let action = form.iter().find(|(name, _)| name == ACTION).map(|(_, value)| Goto::new(value))?;
        let kept = |(name, value): (String, String)| Some((name.strip_prefix(KEPT)?.to_owned(), value));
        Some(SavedForm::new(action, std::mem::take(form).into_iter().filter_map(kept).collect()))
    }

    /// The page that the form stands on.
    pub fn page(&self) -> String {
        let parts: Vec<&str> = self.action.as_str().split('/').collect();
        match parts[..] {
            ["", "user", name, _] => format!("/user/{name}/moderate"),
            ["", "mod", page, _] => format!("/mod/{page}"),
            ["", "item", id, "kill" | "clear" | "lock" | "merge" | "detach" | "second-chance" | "pin"] => {
                format!("/item/{id}/moderate")
            }
            _ => self.action.as_str().to_owned(),
        }
    }

    /// Whether somebody wrote any of it.
    fn is_written(&self) -> bool {
        let is_written = |name: &str| WRITTEN.into_iter().any(|(known, _, _)| known == name);
        self.fields.iter().any(|(name, value)| is_written(name) && !value.trim().is_empty())
    }

    pub fn fields(&self) -> Vec<SavedField<'_>> {
        let fields = self.fields.iter().map(|(name, value)| {
            let written = WRITTEN.into_iter().find(|(known, _, _)| known == name);
            let (_, label, has_lines) = written.unwrap_or_default();
            SavedField { name, value, label, has_lines }
        });
        fields.collect()
    }
}

#[derive(Template)]
#[template(path = "form_recovery.html")]
struct FormRecoveryPage<'a> {
    page: Page<'a>,
    kept: &'a SavedForm,
    /// Why it was not sent, where that is not the log-in.
    why: Option<String>,
}

/// The page after the log-in: a form with what was typed, of which nothing has been sent.
pub fn again(app: &App, viewer: &MaybeMember, kept: &SavedForm) -> Response {
    let mut page = Page::new(app, viewer, "", "Logged in again");
    page.robots = false;
    html(&FormRecoveryPage { page, kept, why: None })
}

/// The refusal of a form that the site did not read, for want of time; what somebody wrote in it stands in a form again. Another site's
/// form does not: nobody here has written it.
pub async fn refused(app: &App, error: Error, request: Request) -> Response {
    let is_ours = request.headers().get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    if is_ours { kept(app, error, request).await } else { error.into_response() }
}

/// Answers a form that cannot be saved with what somebody wrote in it. While it is known that nothing can be, the form is not even read, so
/// that trying again costs nobody one of the posts that they have in an hour.
pub async fn keep_unsaved(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        let response = next.run(request).await;
        return match response.extensions().get::<StorageFailed>() {
            Some(StorageFailed(cause)) => {
                app.store.storage_failed(cause);
                Error::Unread.into_response()
            }
            None => response,
        };
    }
    let (parts, body) = request.into_parts();
    // It has come already: this is a copy of where it is.
    let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let again = Request::from_parts(parts.clone(), Body::from(body.clone()));
    if app.store.is_failing() && !app.store.can_save_now().await {
        return kept(&app, Error::Unsaved(String::new()), again).await;
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    match response.extensions().get::<StorageFailed>() {
        Some(StorageFailed(cause)) => {
            app.store.storage_failed(cause);
            kept(&app, Error::Unsaved(cause.clone()), again).await
        }
        // Others were writing for too long.
        None if response.extensions().get::<NoTime>().is_some() => kept(&app, Error::Busy, again).await,
        None => response,
    }
}

async fn kept(app: &App, error: Error, request: Request) -> Response {
    let why = error.to_string();
    let refusal = error.into_response();
    if request.method() != Method::POST || wants_json(request.headers()) {
        return refusal;
    }
    let (theme, in_session) = (theme_cookie(request.headers()), session::is_named(app, request.headers()));
    let action = Goto::new(request.uri().path());
    let Ok(Form(fields)) = Form::<Fields>::from_request(request, app).await else { return refusal };
    let kept = SavedForm::new(action, fields);
    if !kept.is_written() {
        return refusal;
    }
    let mut page = Page::for_nobody(app, "Not sent yet");
    (page.theme, page.in_session, page.robots) = (theme, in_session, false);
    let mut answer = html_with(refusal.status(), &FormRecoveryPage { page, kept: &kept, why: Some(why) });
    if let Some(wait) = refusal.headers().get(RETRY_AFTER) {
        answer.headers_mut().insert(RETRY_AFTER, wait.clone());
    }
    answer
}
