//! Ending the log-in by password, for members with passkeys. Setting a new password brings it back.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::store;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::session::CurrentMember;
use crate::web::handlers::accounts::credentials::confirm::{ConfirmForm, check_password};
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

#[derive(Template)]
#[template(path = "accounts/credentials/passkeys_only.html")]
struct PasskeysOnlyPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    account: &'a str,
    passkeys: usize,
    codes_left: i64,
}

async fn page(app: &App, asking: &CurrentMember, errors: FormErrors, late: bool) -> Result<Response, Error> {
    let user = asking.member.id;
    let passkeys = app.store.passkeys(user).await?.len();
    let codes_left = app.store.recovery_codes_left(user).await?;
    let page = Page::new(app, &asking.viewer, "settings", "Log in with passkeys only");
    let account = &asking.member.name;
    let shown = PasskeysOnlyPage { page, errors, account, passkeys, codes_left };
    let status = if late { StatusCode::CONFLICT } else { shown.errors.status() };
    Ok(html_with(status, &shown))
}

/// `GET /settings/passkeys/only`
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    page(&app, &asking, FormErrors::default(), false).await
}

/// `POST /settings/passkeys/only`
pub async fn turn_on(
    State(app): State<App>,
    asking: CurrentMember,
    address: ClientIp,
    Form(typed): Form<ConfirmForm>,
) -> Result<Response, Error> {
    if let Err(refusal) = check_password(&app, &asking.member, address, &typed.password).await {
        return refused(refusal, |errors| page(&app, &asking, errors, false)).await;
    }
    match app.store.log_in_with_passkeys_only(asking.member.id, asking.viewer.now).await {
        Ok(()) => Ok(LocalRedirect::new("/settings/passkeys/only").redirect()),
        Err(store::Error::Refused(sentence)) => {
            page(&app, &asking, FormErrors::one("", sentence), false).await
        }
        // The page says how it is now.
        Err(store::Error::Conflict) => page(&app, &asking, FormErrors::default(), true).await,
        Err(error) => Err(error.into()),
    }
}
