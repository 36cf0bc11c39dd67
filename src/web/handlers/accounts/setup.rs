//! Creating the first admin by a one-time link, printed at each start while there is no admin.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use crate::domain::accounts::contact;
use crate::domain::accounts::user::{Name, Role};
use crate::store::{self, NewUser};
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
#[template(path = "accounts/setup.html")]
struct SetupPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    name: &'a str,
    token: &'a str,
    /// `None` if the configuration sets it.
    contact: Option<&'a str>,
}

#[derive(Default, Deserialize)]
pub struct FirstAdmin {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    contact: String,
}

async fn open(app: &App, token: &str) -> Result<(), Error> {
    if !app.setup.opens(token, app.clock.uptime()) || app.store.has_admin().await? {
        return Err(Error::NotFound);
    }
    Ok(())
}

/// `GET /setup/{token}`
pub async fn new(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    open(&app, &token).await?;
    Ok(form(&app, &viewer, &token, &FirstAdmin::default(), FormErrors::default()))
}

/// `POST /setup/{token}`
pub async fn create(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
    address: ClientIp,
    headers: HeaderMap,
    Form(typed): Form<FirstAdmin>,
) -> Result<Response, Error> {
    open(&app, &token).await?;
    let mut errors = FormErrors::default();
    let name = errors.check("name", Name::parse_by_operator(&typed.name));
    let contact = errors.check("contact", contact::contact(&typed.contact)).unwrap_or_default();
    // The link's owner has priority over unknown clients.
    let turn = (Requester::Known(None, address.fair_key()), Reserved::default());
    let hash = match app.admission.passwords.hash(turn, typed.password.clone(), typed.name.clone()).await {
        Err(Error::Busy) => return Ok(busy(form(&app, &viewer, &token, &typed, FormErrors::busy()))),
        hash => errors.check("password", hash?),
    };
    let (Some(name), Some(hash), true) = (name, hash, errors.is_empty()) else {
        return Ok(form(&app, &viewer, &token, &typed, errors));
    };
    let ip_hashes = Some(address.hashes(&app));
    let new = NewUser { name: &name, password: &hash, role: Role::Admin, ip_hashes };
    match app.store.create_first_admin(new, contact, app.clock.now()).await {
        Ok(user) => session::begin_new(&app, &headers, user, &hash, &LocalRedirect::new("/mod/start")).await,
        Err(store::Error::Conflict) if app.store.has_admin().await? => Err(Error::NotFound),
        Err(store::Error::Conflict) => {
            let taken = FormErrors::one("name", crate::domain::accounts::user::NameError::Taken);
            Ok(form(&app, &viewer, &token, &typed, taken))
        }
        Err(error) => Err(error.into()),
    }
}

fn form(app: &App, viewer: &MaybeMember, token: &str, typed: &FirstAdmin, errors: FormErrors) -> Response {
    let mut page = Page::new(app, viewer, "setup", "Set up");
    page.robots = false;
    let is_given = app.community.config().given_as.contains_key("contact");
    let contact = (!is_given).then_some(typed.contact.as_str());
    let form = html_with(errors.status(), &SetupPage { page, errors, name: &typed.name, token, contact });
    ([(CACHE_CONTROL, "no-store")], form).into_response()
}
