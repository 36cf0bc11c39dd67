//! Guidelines, privacy, contact and the community's own pages, and health checks.

use std::sync::atomic::Ordering;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::clock::Timestamp;
use crate::domain::accounts::user::Role;
use crate::domain::face::page::BuiltInPage;
use crate::domain::text::{self, Html};
use crate::store::ModeratorName;
use crate::web::error::{Error, ForMachines};
use crate::web::extract::path::Path;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::face::source::{self, PageOrigin, PageSource};
use crate::web::state::App;
use crate::web::view::layout::{self, Page};

/// Used instead if the forum has no contact.
const UNREACHABLE: &str = include_str!("../../../templates/pages/unreachable.md");

#[derive(Template)]
#[template(path = "page.html")]
struct TextPage<'a> {
    page: Page<'a>,
    title: &'a str,
    html: Html,
}

/// Moderators who can log in, as a Markdown list; loaded only if a page uses it.
async fn moderators(app: &App, now: Timestamp) -> Result<String, Error> {
    let mut team = app.store.moderators(now).await?;
    if team.is_empty() {
        return Ok("There are no moderators at the moment; please contact the operator.".to_owned());
    }
    team.sort_by_key(|person| (person.role, person.name.to_lowercase()));
    let line = |person: &ModeratorName| {
        let ModeratorName { name, role } = person;
        let admin = if *role == Role::Admin { ", admin" } else { "" };
        format!("* [{}](/user/{name}){admin}\n", name.replace('_', "\\_"))
    };
    let lines: String = team.iter().map(line).collect();
    Ok(format!("These people moderate here.\n\n{lines}"))
}

/// Whether the contact page has any contact; assumed for a page of the community's own.
pub async fn is_reachable(app: &App, now: Timestamp) -> Result<bool, Error> {
    Ok(!app.settings().contact.is_empty()
        || has_moderators(app, now).await?
        || source::load(app, BuiltInPage::Contact).await?.origin != PageOrigin::BuiltIn)
}

/// A community's text as HTML, with the site's name, the contact and the moderators in their places.
pub async fn rendered(app: &App, text: &str, now: Timestamp) -> Result<Html, Error> {
    const MODERATORS: &str = "{moderators}";
    const CONTACT: &str = "{contact}";
    let settings = app.settings();
    let days = settings.conversation_days.to_string();
    let mut markdown = text.replace("{site}", &settings.site_name).replace("{conversation_days}", &days);
    if markdown.contains(CONTACT) {
        let contact = match settings.contact.as_str() {
            "" => "The operator has not added contact details yet.",
            contact => contact,
        };
        markdown = markdown.replace(CONTACT, contact);
    }
    if markdown.contains(MODERATORS) {
        markdown = markdown.replace(MODERATORS, &moderators(app, now).await?);
    }
    Ok(text::render(&markdown))
}

async fn text_page(app: &App, viewer: &MaybeMember, title: &str, text: &str) -> Result<Response, Error> {
    let html = rendered(app, text, viewer.now).await?;
    let page =
        Page::new(app, viewer, "", title).described(format!("{title} of {}", viewer.settings.site_name));
    Ok(layout::html(&TextPage { page, title, html }))
}

async fn built_in_page(app: &App, viewer: &MaybeMember, page: BuiltInPage) -> Result<Response, Error> {
    text_page(app, viewer, page.title(), &source::load(app, page).await?.text).await
}

/// The text of the contact page.
pub async fn contact_text(app: &App, now: Timestamp) -> Result<Html, Error> {
    let PageSource { text, origin } = source::load(app, BuiltInPage::Contact).await?;
    let is_dead_end = origin == PageOrigin::BuiltIn && !is_reachable(app, now).await?;
    rendered(app, if is_dead_end { UNREACHABLE } else { &text }, now).await
}

/// Whether anybody reads what is written to the moderators.
pub async fn has_moderators(app: &App, now: Timestamp) -> Result<bool, Error> {
    Ok(!app.store.moderators(now).await?.is_empty())
}

/// `/guidelines`
pub async fn guidelines(State(app): State<App>, viewer: MaybeMember) -> Result<Response, Error> {
    built_in_page(&app, &viewer, BuiltInPage::Guidelines).await
}

/// `/privacy`
pub async fn privacy(State(app): State<App>, viewer: MaybeMember) -> Result<Response, Error> {
    built_in_page(&app, &viewer, BuiltInPage::Privacy).await
}

/// `/pages/{slug}`
pub async fn show(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(slug): Path<String>,
) -> Result<Response, Error> {
    if BuiltInPage::of(&slug).is_some() {
        return Err(Error::NotFound);
    }
    let page = app.store.page(&slug).await?.ok_or(Error::NotFound)?;
    text_page(&app, &viewer, &page.title, &page.text).await
}

/// `/healthz`: the process answers, and its database is readable and writable.
pub async fn healthz(State(app): State<App>) -> Response {
    health(&app, "ok\n").await
}

/// `/readyz`: the same check, until the process is told to stop.
pub async fn readyz(State(app): State<App>) -> Response {
    if app.metrics.is_stopping.load(Ordering::Relaxed) {
        return for_machines(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    health(&app, "ready\n").await
}

async fn health(app: &App, well: &'static str) -> Response {
    let (status, says) = match app.store.ping().await {
        Err(error) => {
            tracing::error!(?error, "the database cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read\n")
        }
        Ok(()) if app.store.can_save().await => (StatusCode::OK, well),
        Ok(()) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "pages can be read, but nothing can be saved: is the disk full?\n",
        ),
    };
    for_machines(status, says)
}

fn for_machines(status: StatusCode, says: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (status, Extension(ForMachines), headers, says).into_response()
}

/// Every other address. The viewer is for the error page's header.
pub async fn not_found(_: Result<MaybeMember, Error>) -> Error {
    Error::NotFound
}
