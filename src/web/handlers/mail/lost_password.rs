//! Asking for a link by mail that sets a lost password.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::limits::rate_limits::RateLimited;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors};
use crate::web::extract::session::MaybeMember;
use crate::web::rate_limit;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

/// In characters: longer than any address.
const LONGEST: usize = 300;

#[derive(Template)]
#[template(path = "mail/lost_password.html")]
struct LostPasswordPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    is_on: bool,
    typed: &'a str,
    is_sent: bool,
}

fn page(app: &App, viewer: &MaybeMember, typed: &str, errors: FormErrors, is_sent: bool) -> Response {
    let mut page = Page::new(app, viewer, "reset", "Lost password");
    page.robots = false;
    let (is_on, status) = (app.mailer.is_some(), errors.status());
    html_with(status, &LostPasswordPage { page, errors, is_on, typed, is_sent })
}

/// `GET /reset`
pub async fn new(State(app): State<App>, viewer: MaybeMember) -> Response {
    page(&app, &viewer, "", FormErrors::default(), false)
}

#[derive(Debug, Deserialize)]
pub struct LostPasswordForm {
    #[serde(default)]
    account: String,
}

/// `POST /reset`: the answer is the same, and as fast, whether or not there is such an account.
pub async fn create(
    State(app): State<App>,
    viewer: MaybeMember,
    address: ClientIp,
    Form(typed): Form<LostPasswordForm>,
) -> Result<Response, Error> {
    let account: String = typed.account.trim().chars().take(LONGEST).collect();
    if account.is_empty() {
        let sentence = "Enter the name of your account, or its e-mail address.";
        return Ok(page(&app, &viewer, "", FormErrors::one("account", sentence), false));
    }
    if app.mailer.is_none() {
        return Ok(page(&app, &viewer, &account, FormErrors::default(), false));
    }
    let policy = &viewer.settings.policy;
    if let Err(held) = app.limits.check_lost_password(address.ip(), policy) {
        return Ok(refused(&app, &viewer, &account, &held));
    }
    let (store, now, asked) = (app.store.clone(), viewer.now, account.clone());
    tokio::spawn(async move {
        if let Err(error) = store.mail_password_reset(&asked, now).await {
            tracing::warn!(?error, "could not mail a password link");
        }
    });
    Ok(page(&app, &viewer, &account, FormErrors::default(), true))
}

fn refused(app: &App, viewer: &MaybeMember, account: &str, held: &RateLimited) -> Response {
    let form = page(app, viewer, account, FormErrors::rate_limited(held, held), false);
    rate_limit::with_status(form, held)
}
