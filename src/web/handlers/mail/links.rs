//! Links in mail that do something once: they confirm an address, or say “this was not me”.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use crate::domain::accounts::token::{self, Token};
use crate::domain::mail::links::{AddressError, Confirmed, LinkPurpose};
use crate::domain::time::relative_time;
use crate::store::{self, MailLink};
use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

enum LinkState {
    Invalid,
    Open(MailLink),
    Done(Confirmed),
}

#[derive(Template)]
#[template(path = "mail/link.html")]
struct MailLinkPage<'a> {
    page: Page<'a>,
    token: &'a str,
    state: LinkState,
}

fn page(app: &App, viewer: &MaybeMember, token: &str, state: LinkState) -> Response {
    let title = match &state {
        LinkState::Open(MailLink { purpose: LinkPurpose::NotMe, .. }) => "This was not me",
        LinkState::Invalid => "This link does not work",
        _ => "Confirm an e-mail address",
    };
    let status = match &state {
        LinkState::Invalid => StatusCode::NOT_FOUND,
        LinkState::Done(Confirmed::Taken) => StatusCode::CONFLICT,
        _ => StatusCode::OK,
    };
    let mut page = Page::new(app, viewer, "email", title);
    page.robots = false;
    let shown = html_with(status, &MailLinkPage { page, token, state });
    ([(CACHE_CONTROL, "no-store")], shown).into_response()
}

/// `GET /email/{token}`: says what the link does, and changes nothing.
pub async fn show(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let link = app.store.mail_link(&token::hash(&token), viewer.now).await?;
    Ok(page(&app, &viewer, &token, link.map_or(LinkState::Invalid, LinkState::Open)))
}

#[derive(Debug, Deserialize)]
pub struct MailLinkForm {
    /// Whether the account's owner objects.
    not_me: Option<String>,
}

/// `POST /email/{token}`: confirms an address, or objects, which leads to a new password.
pub async fn follow(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
    Form(typed): Form<MailLinkForm>,
) -> Result<Response, Error> {
    let hash = token::hash(&token);
    let objects = match app.store.mail_link(&hash, viewer.now).await? {
        None => return Ok(page(&app, &viewer, &token, LinkState::Invalid)),
        Some(link) => match link.purpose {
            LinkPurpose::Confirm => false,
            LinkPurpose::Change => typed.not_me.is_some(),
            LinkPurpose::NotMe => true,
        },
    };
    let done = if objects {
        let reset = Token::random().map_err(Error::internal)?;
        let done = app.store.was_not_me(&hash, &reset.hash(), viewer.now).await;
        done.map(|()| LocalRedirect::new(&format!("/reset/{}", reset.as_str())).redirect())
    } else {
        let confirmed = app.store.confirm_address(&hash, viewer.now).await;
        confirmed.map(|confirmed| page(&app, &viewer, &token, LinkState::Done(confirmed)))
    };
    match done {
        // Used at the same moment elsewhere.
        Err(store::Error::NotFound) => Ok(page(&app, &viewer, &token, LinkState::Invalid)),
        done => Ok(done?),
    }
}

impl MailLinkPage<'_> {
    fn taken_error(&self) -> AddressError {
        AddressError::Taken
    }

    fn day(&self, until: &crate::clock::Timestamp) -> String {
        relative_time::minute(*until)
    }
}
