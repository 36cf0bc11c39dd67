//! A member's passkeys: the list, adding one in two steps, and removing one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, USER_AGENT};
use serde::Deserialize;

use crate::domain::accounts::browser::browser_name;
use crate::domain::accounts::passkey::{CreationAnswer, MAX_PASSKEYS, PasskeyError, PasskeyId, passkey_name};
use crate::store::{self, PasskeyRow};
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors, FormRefusal, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::CurrentMember;
use crate::web::handlers::accounts::credentials::confirm::{
    ConfirmForm, KeptChallenge, check_password, keep_challenge,
};
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};

struct PasskeyView {
    id: i64,
    name: String,
    added: TimeView,
    last_used: Option<TimeView>,
}

#[derive(Template)]
#[template(path = "accounts/credentials/passkeys.html")]
struct PasskeysPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    account: &'a str,
    passkeys: Vec<PasskeyView>,
    /// Why none can be added or used.
    off: Option<String>,
    name: &'a str,
}

impl PasskeysPage<'_> {
    fn is_full(&self) -> bool {
        self.passkeys.len() >= MAX_PASSKEYS
    }
}

async fn page(app: &App, asking: &CurrentMember, name: &str, errors: FormErrors) -> Result<Response, Error> {
    let now = asking.viewer.now;
    let view = |row: PasskeyRow| PasskeyView {
        id: row.id.0,
        name: row.name,
        added: TimeView::new(row.created_at, now),
        last_used: row.last_used_at.map(|at| TimeView::new(at, now)),
    };
    let passkeys = app.store.passkeys(asking.member.id).await?.into_iter().map(view).collect();
    let page = Page::new(app, &asking.viewer, "settings", "Passkeys");
    let off = app.relying_party().err().map(|off| off.to_string());
    let account = &asking.member.name;
    let shown = PasskeysPage { page, errors, account, passkeys, off, name };
    Ok(([(CACHE_CONTROL, "private, no-store")], html_with(shown.errors.status(), &shown)).into_response())
}

fn done() -> Response {
    LocalRedirect::new("/settings/passkeys").redirect()
}

/// A name to begin with: the browser's.
fn suggested_name(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    agent.map(browser_name).unwrap_or_default()
}

/// `GET /settings/passkeys`
pub async fn show(
    State(app): State<App>,
    asking: CurrentMember,
    headers: HeaderMap,
) -> Result<Response, Error> {
    page(&app, &asking, &suggested_name(&headers), FormErrors::default()).await
}

#[derive(Debug, Deserialize)]
pub struct NewPasskeyForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

/// The second step, in which the browser asks an authenticator.
#[derive(Template)]
#[template(path = "accounts/credentials/create_passkey.html")]
struct CreatePasskeyPage<'a> {
    page: Page<'a>,
    name: &'a str,
    /// JSON for the script.
    challenge: String,
}

/// `POST /settings/passkeys`: leads to the second step.
pub async fn start(
    State(app): State<App>,
    address: ClientIp,
    RecoverableForm { asking, typed }: RecoverableForm<NewPasskeyForm>,
) -> Result<Response, Error> {
    match begin(&app, &asking, address, &typed).await {
        Ok(challenge) => {
            let challenge = serde_json::to_string(&challenge).map_err(Error::internal)?;
            let page = Page::new(&app, &asking.viewer, "settings", "Create a passkey");
            let shown = CreatePasskeyPage { page, name: typed.name.trim(), challenge };
            Ok(([(CACHE_CONTROL, "no-store")], html_with(http::StatusCode::OK, &shown)).into_response())
        }
        Err(refusal) => refused(refusal, |errors| page(&app, &asking, &typed.name, errors)).await,
    }
}

async fn begin(
    app: &App,
    asking: &CurrentMember,
    address: ClientIp,
    typed: &NewPasskeyForm,
) -> Result<KeptChallenge, FormRefusal> {
    let member = &asking.member;
    let here = app.relying_party().map_err(|off| FormErrors::one("", off))?;
    let name = passkey_name(&typed.name).map_err(|error| FormErrors::one("name", error))?;
    let known = app.store.account_passkeys(member.id).await?;
    if known.passkeys.len() >= MAX_PASSKEYS {
        return Err(FormErrors::one("", PasskeyError::TooMany).into());
    }
    check_password(app, member, address, &typed.password).await?;
    let new = here.create(member, name, known.user_handle.as_deref(), &known.passkeys);
    let new = new.map_err(Error::internal)?;
    Ok(keep_challenge(app, Some(member.id), new, asking.viewer.now).await?)
}

#[derive(Debug, Deserialize)]
pub struct CreatedForm {
    #[serde(default)]
    passkey: String,
}

/// `POST /settings/passkeys/create`: adds what the authenticator created.
pub async fn create(
    State(app): State<App>,
    asking: CurrentMember,
    headers: HeaderMap,
    Form(typed): Form<CreatedForm>,
) -> Result<Response, Error> {
    let refuse = async |sentence: &str| {
        page(&app, &asking, &suggested_name(&headers), FormErrors::one("", sentence)).await
    };
    let here = app.relying_party().map_err(Error::bad)?;
    let answer = match CreationAnswer::parse(&typed.passkey) {
        Ok(answer) => answer,
        Err(unread) => return refuse(&unread.to_string()).await,
    };
    match app.store.add_passkey(asking.member.id, (&here, &answer), asking.viewer.now).await {
        Ok(()) => Ok(done()),
        Err(store::Error::Refused(sentence)) => refuse(&sentence).await,
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "accounts/credentials/remove_passkey.html")]
struct RemovePasskeyPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    account: &'a str,
    id: i64,
    name: String,
}

async fn remove_page(
    app: &App,
    asking: &CurrentMember,
    id: PasskeyId,
    errors: FormErrors,
) -> Result<Response, Error> {
    let passkeys = app.store.passkeys(asking.member.id).await?;
    let passkey = passkeys.into_iter().find(|row| row.id == id).ok_or(Error::NotFound)?;
    let page = Page::new(app, &asking.viewer, "settings", "Remove a passkey");
    let account = &asking.member.name;
    let shown = RemovePasskeyPage { page, errors, account, id: id.0, name: passkey.name };
    Ok(html_with(shown.errors.status(), &shown))
}

/// `GET /settings/passkeys/{id}/remove`
pub async fn confirm_removal(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<PasskeyId>,
) -> Result<Response, Error> {
    remove_page(&app, &asking, id, FormErrors::default()).await
}

/// `POST /settings/passkeys/{id}/remove`
pub async fn remove(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<PasskeyId>,
    address: ClientIp,
    Form(typed): Form<ConfirmForm>,
) -> Result<Response, Error> {
    if let Err(refusal) = check_password(&app, &asking.member, address, &typed.password).await {
        return refused(refusal, |errors| remove_page(&app, &asking, id, errors)).await;
    }
    match app.store.remove_passkey(asking.member.id, id, asking.viewer.now).await {
        Ok(()) => Ok(done()),
        Err(store::Error::Refused(sentence)) => {
            remove_page(&app, &asking, id, FormErrors::one("", sentence)).await
        }
        Err(error) => Err(error.into()),
    }
}
