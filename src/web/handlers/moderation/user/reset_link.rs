use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;

use super::UserAction;
use crate::domain::accounts::password_reset::{LINK_TTL, may_make_link};
use crate::domain::accounts::token::Token;
use crate::domain::time::relative_time;
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::Moderator;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};

#[derive(Template)]
#[template(path = "moderation/reset_link.html")]
struct ResetLinkPage<'a> {
    page: Page<'a>,
    name: &'a str,
    link: String,
    until: String,
}

/// `POST /user/{name}/reset-link`: the only response with the new link, which an admin passes on.
pub async fn create(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    may_make_link(&moderator.member, &asked.user, asked.now).map_err(Error::forbidden)?;
    let token = Token::random().map_err(Error::internal)?;
    let until = asked.now.plus(LINK_TTL);
    app.store.make_password_reset(asked.user.id, &token.hash(), until, asked.context("")).await?;
    let name = asked.user.name.as_str();
    let mut page = Page::new(&app, &moderator.viewer, "mod", format!("A password link for {name}"));
    page.robots = false;
    let link = format!("{}/reset/{}", app.config.base_url, token.as_str());
    let shown = html(&ResetLinkPage { page, name, link, until: relative_time::minute(until) });
    Ok(([(CACHE_CONTROL, "no-store")], shown).into_response())
}
