//! Logging in with a passkey, which is both factors in one.

use axum::extract::State;
use axum::response::Response;

use crate::domain::accounts::passkey::PasskeyAnswer;
use crate::store::{self, Verified, VerifiedPasskey};
use crate::web::error::Error;
use crate::web::extract::form::{Form, FormErrors};
use crate::web::extract::recovered_form::Fields;
use crate::web::extract::session;
use crate::web::handlers::accounts::credentials::confirm::keep_challenge;
use crate::web::handlers::accounts::login::{self, LoginForm};
use crate::web::handlers::accounts::login_destination::take;
use crate::web::handlers::accounts::signup::SignupContext;
use crate::web::metrics::LoginMethod;
use crate::web::state::App;
use crate::web::view::layout::json;

/// `POST /login/passkey/challenge`: what any passkey of this site answers.
pub async fn challenge(
    State(app): State<App>,
    SignupContext { viewer, address, headers }: SignupContext,
) -> Result<Response, Error> {
    let here = app.relying_party().map_err(Error::bad)?;
    let known = match session::browser(&app, &headers) {
        Some(browser) => app.store.browser_owner(&browser).await?,
        None => None,
    };
    let (logins, times) = (&app.limits.logins, viewer.settings.login_attempts_per_hour);
    let tried = logins.check_shared_challenge(&app.store, viewer.now, known, address.ip(), times).await??;
    let kept = keep_challenge(&app, None, here.log_in().map_err(Error::internal)?, viewer.now).await?;
    tried.commit().await;
    Ok(json(&kept))
}

/// `POST /login/passkey`. Challenges are limited, and each is answered once.
pub async fn log_in(
    State(app): State<App>,
    comer: SignupContext,
    Form(mut fields): Form<Fields>,
) -> Result<Response, Error> {
    let answer = take(&mut fields, "passkey");
    let (typed, viewer) = (LoginForm::new(fields), &comer.viewer);
    let refuse =
        async |sentence: &str| login::again(&app, viewer, &typed, FormErrors::one("", sentence)).await;
    let here = app.relying_party().map_err(Error::bad)?;
    let answer = match PasskeyAnswer::parse(&answer) {
        Ok(answer) => answer,
        Err(unread) => return refuse(&unread.to_string()).await,
    };
    let passed = match app.store.verify_passkey(None, (&here, &answer), viewer.now).await {
        Ok(passed) => passed,
        Err(store::Error::Refused(sentence)) => {
            app.metrics.login_failed(LoginMethod::Passkey);
            return refuse(&sentence).await;
        }
        Err(error) => return Err(error.into()),
    };
    let VerifiedPasskey { user_id, id } = passed;
    match session::begin(&app, &comer.headers, user_id, Verified::Passkey(id)).await? {
        Some(begun) => Ok(typed.destination.reach(&app, &comer, begun).await),
        None => refuse("This passkey was just removed. Log in another way.").await,
    }
}
