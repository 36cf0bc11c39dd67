//! What protects an account and what ends it, on one page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::web::error::Error;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};

#[derive(Template)]
#[template(path = "accounts/credentials/overview.html")]
struct OverviewPage<'a> {
    page: Page<'a>,
    has_second_factor: bool,
    codes_left: i64,
    passkeys: usize,
}

/// `GET /settings/account`
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    let (user, now) = (asking.member.id, asking.viewer.now);
    Ok(html(&OverviewPage {
        page: Page::new(&app, &asking.viewer, "settings", "Account"),
        has_second_factor: app.store.has_second_factor(user, now).await?,
        codes_left: app.store.recovery_codes_left(user).await?,
        passkeys: app.store.passkeys(user).await?.len(),
    }))
}
