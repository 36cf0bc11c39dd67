//! Asking for a member's own password before something that a thief must not do.

use crate::domain::accounts::user::Member;
use crate::web::admission::Requester;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, FormRefusal};
use crate::web::state::App;

/// Counts as an attempt to log in. A wrong password is an error of the field `current`.
pub async fn check(app: &App, member: &Member, address: ClientIp, typed: &str) -> Result<(), FormRefusal> {
    let (ip, times) = (address.ip(), app.settings().login_attempts_per_hour);
    let (logins, who) = (&app.limits.logins, (Some(member.id), &*member.name));
    let tried = logins.check_shared_login(&app.store, app.clock.now(), who, ip, times).await??;
    let hash = app.store.credentials(&member.name).await?.and_then(|found| found.password);
    let turn = (Requester::Known(Some(member.id), address.fair_key()), tried);
    if app.admission.passwords.verify(turn, typed.to_owned(), hash).await? {
        return Ok(());
    }
    let sentence = if typed.is_empty() {
        "Enter your password: it is asked for before your address changes."
    } else {
        "That is not your password. Enter the one you log in with."
    };
    Err(FormErrors::one("current", sentence).into())
}
