//! Recovery codes: making them, and setting a lost password with one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::domain::accounts::recovery_code::RecoveryCode;
use crate::store;
use crate::web::admission::Requester;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors, FormRefusal, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::session::{self, CurrentMember, MaybeMember};
use crate::web::handlers::accounts::credentials::confirm::{ConfirmForm, check_password};
use crate::web::handlers::accounts::login::of_known_browser;
use crate::web::metrics::LoginMethod;
use crate::web::state::App;
use crate::web::view::layout::{Page, html, html_with};

#[derive(Template)]
#[template(path = "accounts/credentials/recovery.html")]
struct RecoveryPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    name: &'a str,
    left: i64,
}

/// The only page that shows the codes.
#[derive(Template)]
#[template(path = "accounts/credentials/codes.html")]
struct CodesPage<'a> {
    page: Page<'a>,
    codes: Vec<String>,
    /// The codes as a text file, in a `data:` address.
    file: String,
    /// Whether they were made because two-factor log-in was just turned on.
    turned_on: bool,
}

/// Shows new codes, once.
pub fn show_codes(app: &App, asking: &CurrentMember, codes: &[RecoveryCode], turned_on: bool) -> Response {
    let mut page = Page::new(app, &asking.viewer, "settings", "Your recovery codes");
    page.reminders.offers_recovery_codes = false;
    page.robots = false;
    let codes: Vec<String> = codes.iter().map(RecoveryCode::to_text).collect();
    let (site, name) = (&page.settings.site_name, &asking.member.name);
    let text = format!("Recovery codes of {name} at {site}\n{}\n\n{}\n", page.base_url, codes.join("\n"));
    let file = format!("data:text/plain;charset=utf-8,{}", utf8_percent_encode(&text, NON_ALPHANUMERIC));
    let shown = html(&CodesPage { page, codes, file, turned_on });
    ([(CACHE_CONTROL, "no-store")], shown).into_response()
}

async fn codes_page(app: &App, asking: &CurrentMember, errors: FormErrors) -> Result<Response, Error> {
    let page = Page::new(app, &asking.viewer, "settings", "Recovery codes");
    let left = app.store.recovery_codes_left(asking.member.id).await?;
    let name = &asking.member.name;
    Ok(html_with(errors.status(), &RecoveryPage { page, errors, name, left }))
}

/// `GET /settings/recovery`
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    codes_page(&app, &asking, FormErrors::default()).await
}

/// `POST /settings/recovery`: replaces all codes.
pub async fn create(
    State(app): State<App>,
    asking: CurrentMember,
    address: ClientIp,
    Form(typed): Form<ConfirmForm>,
) -> Result<Response, Error> {
    if let Err(refusal) = check_password(&app, &asking.member, address, &typed.password).await {
        return refused(refusal, |errors| codes_page(&app, &asking, errors)).await;
    }
    let codes = RecoveryCode::set().map_err(Error::internal)?;
    app.store.replace_recovery_codes(asking.member.id, &codes, asking.viewer.now).await?;
    Ok(show_codes(&app, &asking, &codes, false))
}

#[derive(Debug, Deserialize)]
pub struct SkipForm {
    #[serde(default)]
    goto: LocalRedirect,
}

/// `POST /settings/recovery/skip`: pages no longer offer codes.
pub async fn skip(
    State(app): State<App>,
    asking: CurrentMember,
    Form(asked): Form<SkipForm>,
) -> Result<Response, Error> {
    app.store.decline_recovery_codes(asking.member.id).await?;
    Ok(asked.goto.redirect())
}

#[derive(Debug, Default, Deserialize)]
pub struct RecoveryPasswordForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
}

#[derive(Template)]
#[template(path = "accounts/credentials/lost_password.html")]
struct RecoveryPasswordPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    typed: &'a RecoveryPasswordForm,
}

fn lost_password(
    app: &App,
    viewer: &MaybeMember,
    typed: &RecoveryPasswordForm,
    errors: FormErrors,
) -> Response {
    let mut page = Page::new(app, viewer, "reset", "Set a new password");
    page.robots = false;
    let page = html_with(errors.status(), &RecoveryPasswordPage { page, errors, typed });
    ([(CACHE_CONTROL, "no-store")], page).into_response()
}

/// `GET /reset/recovery`
pub async fn new(State(app): State<App>, viewer: MaybeMember) -> Response {
    lost_password(&app, &viewer, &RecoveryPasswordForm::default(), FormErrors::default())
}

/// `POST /reset/recovery`: sets the password, ends all sessions and begins one here.
pub async fn recover(
    State(app): State<App>,
    viewer: MaybeMember,
    address: ClientIp,
    headers: HeaderMap,
    Form(typed): Form<RecoveryPasswordForm>,
) -> Result<Response, Error> {
    match set_password(&app, &viewer, (address, &headers), &typed).await {
        Ok(response) => Ok(response),
        Err(refusal) => {
            refused(refusal, async |errors| Ok(lost_password(&app, &viewer, &typed, errors))).await
        }
    }
}

async fn set_password(
    app: &App,
    viewer: &MaybeMember,
    (address, headers): (ClientIp, &HeaderMap),
    typed: &RecoveryPasswordForm,
) -> Result<Response, FormRefusal> {
    let name: String = typed.name.trim().chars().take(100).collect();
    let code = RecoveryCode::parse(&typed.code).map_err(|error| FormErrors::one("code", error))?;
    let user = app.store.credentials(&name).await?.map(|found| found.id);
    let browser = of_known_browser(app, headers, user).await?;
    let (logins, times) = (&app.limits.logins, viewer.settings.login_attempts_per_hour);
    let who = (browser, &*name);
    let tried = logins.check_shared_login(&app.store, viewer.now, who, address.ip(), times).await??;
    let key = address.fair_key();
    let requester = browser.map_or(Requester::Stranger(key), |user| Requester::Known(Some(user), key));
    let hash = app.admission.passwords.hash((requester, tried), typed.password.clone(), name.clone()).await?;
    let hash = hash.map_err(|weak| FormErrors::one("password", weak))?;
    match app.store.recover_password(&name, &code.hash(), &hash, viewer.now).await {
        Ok(user) => Ok(session::begin_new(app, headers, user, &hash, &LocalRedirect::default()).await?),
        Err(store::Error::NotFound) => {
            app.metrics.login_failed(LoginMethod::RecoveryCode);
            let sentence = "There is no such name with this code, or the code has been used. Check both.";
            Err(FormErrors::one("", sentence).into())
        }
        Err(error) => Err(error.into()),
    }
}
