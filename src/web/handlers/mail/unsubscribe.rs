//! Ending a list of mail by its link, with one click (RFC 8058): without a session, from any site.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;

use crate::domain::mail::choices::MailList;
use crate::store;
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

#[derive(Template)]
#[template(path = "mail/unsubscribe.html")]
struct UnsubscribePage<'a> {
    page: Page<'a>,
    token: &'a str,
    /// The account and the list; `None` if the link is not valid.
    subscribed: Option<(String, MailList)>,
    is_done: bool,
}

impl UnsubscribePage<'_> {
    fn what(&self, list: &MailList) -> &'static str {
        match list {
            MailList::Inbox => "mail about your inbox",
            MailList::BestOf => "the best of the week",
        }
    }
}

fn page(
    app: &App,
    viewer: &MaybeMember,
    token: &str,
    subscribed: Option<(String, MailList)>,
    is_done: bool,
) -> Response {
    let mut page = Page::new(app, viewer, "email", "Unsubscribe");
    page.robots = false;
    let status = if subscribed.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let shown = html_with(status, &UnsubscribePage { page, token, subscribed, is_done });
    ([(CACHE_CONTROL, "no-store")], shown).into_response()
}

/// `GET /unsubscribe/{token}`: a page with a button, as mail scanners follow links.
pub async fn confirm(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let subscribed = match MailList::of_token(&token) {
        Some((list, key)) => app.store.subscriber(key).await?.map(|name| (name, list)),
        None => None,
    };
    Ok(page(&app, &viewer, &token, subscribed, false))
}

/// `POST /unsubscribe/{token}`: whatever its body says, which may be of any type.
pub async fn create(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let Some((list, key)) = MailList::of_token(&token) else {
        return Ok(page(&app, &viewer, &token, None, false));
    };
    match app.store.unsubscribe(key, list, viewer.now).await {
        Ok(name) => Ok(page(&app, &viewer, &token, Some((name, list)), true)),
        Err(store::Error::NotFound) => Ok(page(&app, &viewer, &token, None, false)),
        Err(error) => Err(error.into()),
    }
}
