//! The password, or a passkey in place of it, asked for again before something that opens or closes an
//! account.

use std::fmt::Display;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::domain::accounts::passkey::{CHALLENGE_TTL, NewChallenge, PasskeyAnswer, PasskeyError};
use crate::domain::accounts::password::MAX_PASSWORD_BYTES;
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::{Member, UserId};
use crate::store;
use crate::web::admission::Requester;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, FormRefusal};
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;
use crate::web::view::layout::json;

#[derive(Debug, Deserialize)]
pub struct ConfirmForm {
    #[serde(default)]
    pub password: String,
}

/// Fails with an error of the field `password` if it is not the member's, or with `passkeys_only` not an
/// answer of their passkey.
pub async fn check_password(
    app: &App,
    member: &Member,
    address: ClientIp,
    typed: &str,
) -> Result<(), FormRefusal> {
    let wrong = || FormErrors::one("password", "That is not your password. Enter the one you log in with.");
    let (ip, times) = (address.ip(), app.settings().login_attempts_per_hour);
    let (logins, who) = (&app.limits.logins, (Some(member.id), &*member.name));
    let tried = logins.check_shared_login(&app.store, app.clock.now(), who, ip, times).await??;
    let known = app.store.credentials(&member.name).await?;
    if known.as_ref().is_some_and(|found| found.passkeys_only) {
        return check_passkey(app, member, "password", typed).await;
    }
    let verified = known.and_then(|found| found.password);
    if typed.len() > MAX_PASSWORD_BYTES {
        return Err(wrong().into());
    }
    let requester = Requester::Known(Some(member.id), address.fair_key());
    let right = app.admission.passwords.verify((requester, tried), typed.to_owned(), verified).await?;
    if right { Ok(()) } else { Err(wrong().into()) }
}

/// Fails with an error of `field` if what the script put there is no answer of the member's passkey.
pub async fn check_passkey(
    app: &App,
    member: &Member,
    field: &'static str,
    answer: &str,
) -> Result<(), FormRefusal> {
    let wrong = |error: &dyn Display| FormErrors::one(field, error);
    if answer.is_empty() {
        return Err(wrong(&PasskeyError::Unconfirmed).into());
    }
    let here = app.relying_party().map_err(|off| wrong(&off))?;
    let answer = PasskeyAnswer::parse(answer).map_err(|error| wrong(&error))?;
    match app.store.verify_passkey(Some(member.id), (&here, &answer), app.clock.now()).await {
        Ok(_) => Ok(()),
        Err(store::Error::Refused(sentence)) => Err(wrong(&sentence).into()),
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/passkeys/challenge`: what a passkey answers in place of the password.
pub async fn challenge(
    State(app): State<App>,
    asking: CurrentMember,
    address: ClientIp,
) -> Result<Response, Error> {
    let (member, now) = (&asking.member, asking.viewer.now);
    let here = app.relying_party().map_err(Error::bad)?;
    let (logins, who) = (&app.limits.logins, (Some(member.id), &*member.name));
    let times = asking.viewer.settings.login_attempts_per_hour;
    let tried = logins.check_shared_login(&app.store, now, who, address.ip(), times).await??;
    let known = app.store.account_passkeys(member.id).await?;
    if known.passkeys.is_empty() {
        return Err(Error::bad("You have no passkey."));
    }
    let new = here.confirm(&known.passkeys).map_err(Error::internal)?;
    let kept = keep_challenge(&app, Some(member.id), new, now).await?;
    tried.commit().await;
    Ok(json(&kept))
}

/// A challenge as the script gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptChallenge {
    token: String,
    public_key: serde_json::Value,
}

/// Stores a challenge, of a log-in if `user` is `None`.
pub async fn keep_challenge(
    app: &App,
    user: Option<UserId>,
    new: NewChallenge,
    now: Timestamp,
) -> Result<KeptChallenge, Error> {
    let token = Token::random().map_err(Error::internal)?;
    let times = (now, now.plus(CHALLENGE_TTL));
    app.store.keep_challenge(&token.hash(), user, &new.challenge, times).await?;
    Ok(KeptChallenge { token: token.as_str().to_owned(), public_key: new.options })
}
