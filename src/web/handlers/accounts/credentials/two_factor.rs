//! Two-factor log-in by an authenticator app: turning it on and off.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use crate::domain::accounts::recovery_code::RecoveryCode;
use crate::domain::accounts::totp::TotpSecret;
use crate::store::{self, TotpRow};
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::CurrentMember;
use crate::web::handlers::accounts::credentials::confirm::{ConfirmForm, check_password};
use crate::web::handlers::accounts::credentials::qr_code::QrCode;
use crate::web::handlers::accounts::credentials::recovery::show_codes;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};

enum TwoFactor {
    Off,
    /// A secret that the next code confirms: as letters, and as a QR code of its address.
    BeingSetUp {
        secret: String,
        qr: Option<QrCode>,
    },
    On {
        since: TimeView,
        codes_left: i64,
    },
}

#[derive(Template)]
#[template(path = "accounts/credentials/two_factor.html")]
struct TwoFactorPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    name: &'a str,
    state: TwoFactor,
    code: &'a str,
    /// What another page did meanwhile.
    late: bool,
}

async fn state(app: &App, asking: &CurrentMember) -> Result<TwoFactor, Error> {
    let now = asking.viewer.now;
    Ok(match app.store.totp(asking.member.id).await? {
        Some(TotpRow { confirmed_at: Some(since), clears_at, .. }) if clears_at.is_none_or(|at| at > now) => {
            let codes_left = app.store.recovery_codes_left(asking.member.id).await?;
            TwoFactor::On { since: TimeView::new(since, now), codes_left }
        }
        Some(row) if row.is_being_set_up(now) => {
            let secret = TotpSecret::of(row.secret);
            let address = secret.address(&asking.viewer.settings.site_name, &asking.member.name);
            TwoFactor::BeingSetUp {
                secret: secret.to_text(),
                qr: address.and_then(|address| QrCode::new(&address)),
            }
        }
        _ => TwoFactor::Off,
    })
}

async fn page(
    app: &App,
    asking: &CurrentMember,
    code: &str,
    errors: FormErrors,
    late: bool,
) -> Result<Response, Error> {
    let state = state(app, asking).await?;
    let page = Page::new(app, &asking.viewer, "settings", "Two-factor log-in");
    let status = if late { StatusCode::CONFLICT } else { errors.status() };
    let shown = TwoFactorPage { page, errors, name: &asking.member.name, state, code, late };
    Ok(([(CACHE_CONTROL, "no-store")], html_with(status, &shown)).into_response())
}

fn done() -> Response {
    LocalRedirect::new("/settings/two-factor").redirect()
}

/// `GET /settings/two-factor`
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    page(&app, &asking, "", FormErrors::default(), false).await
}

/// `POST /settings/two-factor`: makes a secret, which the page then shows.
pub async fn start(
    State(app): State<App>,
    asking: CurrentMember,
    address: ClientIp,
    Form(typed): Form<ConfirmForm>,
) -> Result<Response, Error> {
    if let Err(refusal) = check_password(&app, &asking.member, address, &typed.password).await {
        return refused(refusal, |errors| page(&app, &asking, "", errors, false)).await;
    }
    let secret = TotpSecret::random().map_err(Error::internal)?;
    match app.store.start_totp(asking.member.id, &secret, asking.viewer.now).await {
        Ok(()) => Ok(done()),
        Err(store::Error::Conflict) => page(&app, &asking, "", FormErrors::default(), true).await,
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug, Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    code: String,
}

/// `POST /settings/two-factor/confirm`: turns it on, and shows new recovery codes.
pub async fn confirm(
    State(app): State<App>,
    RecoverableForm { asking, typed }: RecoverableForm<CodeForm>,
) -> Result<Response, Error> {
    let code: String = typed.code.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    let codes = RecoveryCode::set().map_err(Error::internal)?;
    match app.store.confirm_totp(asking.member.id, &code, &codes, asking.viewer.now).await {
        Ok(()) => Ok(show_codes(&app, &asking, &codes, true)),
        Err(store::Error::Refused(sentence)) => {
            page(&app, &asking, &typed.code, FormErrors::one("code", sentence), false).await
        }
        Err(store::Error::Conflict) => page(&app, &asking, "", FormErrors::default(), true).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/two-factor/off`
pub async fn turn_off(
    State(app): State<App>,
    asking: CurrentMember,
    address: ClientIp,
    Form(typed): Form<ConfirmForm>,
) -> Result<Response, Error> {
    if let Err(refusal) = check_password(&app, &asking.member, address, &typed.password).await {
        return refused(refusal, |errors| page(&app, &asking, "", errors, false)).await;
    }
    match app.store.turn_off_totp(asking.member.id, asking.viewer.now).await {
        Ok(()) => Ok(done()),
        Err(store::Error::Conflict) => page(&app, &asking, "", FormErrors::default(), true).await,
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug, Deserialize)]
pub struct KeepForm {
    #[serde(default)]
    goto: LocalRedirect,
}

/// `POST /settings/two-factor/keep`: stops an admin who clears it.
pub async fn keep(
    State(app): State<App>,
    asking: CurrentMember,
    Form(asked): Form<KeepForm>,
) -> Result<Response, Error> {
    match app.store.keep_totp(asking.member.id, asking.viewer.now).await {
        Ok(()) => Ok(asked.goto.redirect()),
        Err(store::Error::Conflict) => page(&app, &asking, "", FormErrors::default(), true).await,
        Err(error) => Err(error.into()),
    }
}
