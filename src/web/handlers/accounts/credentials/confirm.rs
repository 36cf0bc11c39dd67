//! The password, asked for again before something that opens or closes an account.

use axum::response::Response;
use serde::Deserialize;

use crate::domain::accounts::password::MAX_PASSWORD_BYTES;
use crate::domain::accounts::user::Member;
use crate::web::admission::Requester;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, FormRefusal, busy};
use crate::web::rate_limit;
use crate::web::state::App;

#[derive(Debug, Deserialize)]
pub struct ConfirmForm {
    #[serde(default)]
    pub password: String,
}

/// Fails with an error of the field `password` if it is not the member's.
pub async fn check_password(
    app: &App,
    member: &Member,
    address: ClientIp,
    typed: &str,
) -> Result<(), FormRefusal> {
    let wrong = || FormErrors::one("password", "That is not your password. Enter the one you log in with.");
    if typed.len() > MAX_PASSWORD_BYTES {
        return Err(wrong().into());
    }
    let (ip, times) = (address.ip(), app.settings().login_attempts_per_hour);
    let (logins, who) = (&app.limits.logins, (Some(member.id), &*member.name));
    let tried = logins.check_shared_login(&app.store, app.clock.now(), who, ip, times).await??;
    let verified = app.store.credentials(&member.name).await?.and_then(|found| found.password);
    let requester = Requester::Known(Some(member.id), address.fair_key());
    let right = app.admission.passwords.verify((requester, tried), typed.to_owned(), verified).await?;
    if right { Ok(()) } else { Err(wrong().into()) }
}

/// Answers a refusal with the form again.
pub async fn refused<F>(refusal: FormRefusal, form: impl FnOnce(FormErrors) -> F) -> Result<Response, Error>
where
    F: Future<Output = Result<Response, Error>>,
{
    match refusal {
        FormRefusal::Invalid(errors) => form(errors).await,
        FormRefusal::Error(Error::RateLimited(held)) => {
            let form = form(FormErrors::rate_limited(&held, &held)).await?;
            Ok(rate_limit::with_status(form, &held))
        }
        FormRefusal::Error(Error::Busy) => form(FormErrors::busy()).await.map(busy),
        FormRefusal::Error(error) => Err(error),
    }
}
