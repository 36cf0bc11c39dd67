//! Setting a lost password by a link that an admin made.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::domain::accounts::token;
use crate::store;
use crate::web::admission::Requester;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors, busy};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::{self, MaybeMember};
use crate::web::rate_limit::Reserved;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

#[derive(Template)]
#[template(path = "accounts/password_reset.html")]
struct PasswordResetPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    token: &'a str,
    /// `None` if the link is not valid.
    name: Option<&'a str>,
}

#[derive(Deserialize)]
pub struct NewPassword {
    #[serde(default)]
    password: String,
}

fn page(app: &App, viewer: &MaybeMember, token: &str, name: Option<&str>, errors: FormErrors) -> Response {
    let mut page = Page::new(app, viewer, "reset", "Set a new password");
    page.robots = false;
    let status = if name.is_some() { errors.status() } else { StatusCode::NOT_FOUND };
    let page = html_with(status, &PasswordResetPage { page, errors, token, name });
    ([(CACHE_CONTROL, "no-store")], page).into_response()
}

/// `GET /reset/{token}`
pub async fn new(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let name = app.store.password_reset(&token::hash(&token), viewer.now).await?;
    Ok(page(&app, &viewer, &token, name.as_deref(), FormErrors::default()))
}

/// `POST /reset/{token}`: sets the password, ends all sessions and begins one here.
pub async fn create(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
    address: ClientIp,
    headers: HeaderMap,
    Form(typed): Form<NewPassword>,
) -> Result<Response, Error> {
    let token_hash = token::hash(&token);
    let name = app.store.password_reset(&token_hash, viewer.now).await?;
    let again = |name: Option<&str>, errors| page(&app, &viewer, &token, name, errors);
    let Some(name) = name else { return Ok(again(None, FormErrors::default())) };
    // The link's owner has priority over unknown clients.
    let turn = (Requester::Known(None, address.fair_key()), Reserved::default());
    let hash = match app.admission.passwords.hash(turn, typed.password, name.clone()).await {
        Err(Error::Busy) => return Ok(busy(again(Some(&name), FormErrors::busy()))),
        hash => hash?,
    };
    let hash = match hash {
        Ok(hash) => hash,
        Err(weak) => return Ok(again(Some(&name), FormErrors::one("password", weak))),
    };
    match app.store.set_lost_password(&token_hash, &hash, viewer.now).await {
        Ok(user) => session::begin_new(&app, &headers, user, &hash, &LocalRedirect::default()).await,
        Err(store::Error::NotFound) => Ok(again(None, FormErrors::default())),
        Err(error) => Err(error.into()),
    }
}
