//! Guidelines, privacy and contact pages, robots.txt and health checks.

use std::path::Path;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::clock::Timestamp;
use crate::config::Readers;
use crate::domain::accounts::user::Role;
use crate::domain::text::{self, Html};
use crate::store::ModeratorName;
use crate::web::error::{Error, ForMachines};
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};

const GUIDELINES: &str = include_str!("../../../templates/pages/guidelines.md");
const PRIVACY: &str = include_str!("../../../templates/pages/privacy.md");
const CONTACT: &str = include_str!("../../../templates/pages/contact.md");
const CONTACT_FILE: &str = "contact.md";
/// Used instead if the forum has no contact.
const UNREACHABLE: &str = include_str!("../../../templates/pages/unreachable.md");

#[derive(Template)]
#[template(path = "page.html")]
struct TextPage<'a> {
    page: Page<'a>,
    title: &'static str,
    html: Html,
}

/// The operator's page of that name, or the built-in one.
async fn source(folder: &Path, name: &str, built_in: &str) -> String {
    if folder.as_os_str().is_empty() {
        return built_in.to_owned();
    }
    match tokio::fs::read_to_string(folder.join(name)).await {
        Ok(text) => text,
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(name, %error, "a page could not be read; the built-in one is shown");
            }
            built_in.to_owned()
        }
    }
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

/// The contact from the configuration, else from the setup; empty if neither is set.
async fn contact_words(app: &App) -> Result<String, Error> {
    let contact = app.settings().contact.clone();
    if contact.is_empty() { Ok(app.store.contact().await?) } else { Ok(contact) }
}

/// Whether the contact page has any contact; assumed for an operator's own page.
pub async fn is_reachable(app: &App, now: Timestamp) -> Result<bool, Error> {
    Ok(!contact_words(app).await?.is_empty()
        || has_moderators(app, now).await?
        || has_own_page(&app.config.pages_dir, CONTACT_FILE).await)
}

async fn has_own_page(folder: &Path, name: &str) -> bool {
    !folder.as_os_str().is_empty() && tokio::fs::try_exists(folder.join(name)).await.unwrap_or(false)
}

/// The text of a page, with what it says of this site.
async fn page_text(app: &App, now: Timestamp, file: &str, built_in: &str) -> Result<Html, Error> {
    const MODERATORS: &str = "{moderators}";
    const CONTACT: &str = "{contact}";
    let settings = app.settings();
    let markdown = source(&app.config.pages_dir, file, built_in).await;
    let days = settings.conversation_days.to_string();
    let mut markdown = markdown.replace("{site}", &settings.site_name).replace("{conversation_days}", &days);
    if markdown.contains(CONTACT) {
        let contact = match contact_words(app).await? {
            contact if contact.is_empty() => "The operator has not added contact details yet.".to_owned(),
            contact => contact,
        };
        markdown = markdown.replace(CONTACT, &contact);
    }
    if markdown.contains(MODERATORS) {
        markdown = markdown.replace(MODERATORS, &moderators(app, now).await?);
    }
    Ok(text::render(&markdown))
}

/// The text of the contact page.
pub async fn contact_text(app: &App, now: Timestamp) -> Result<Html, Error> {
    let built_in = if is_reachable(app, now).await? { CONTACT } else { UNREACHABLE };
    page_text(app, now, CONTACT_FILE, built_in).await
}

/// Whether anybody reads what is written to the moderators.
pub async fn has_moderators(app: &App, now: Timestamp) -> Result<bool, Error> {
    Ok(!app.store.moderators(now).await?.is_empty())
}

async fn text_page(
    app: &App,
    viewer: &MaybeMember,
    title: &'static str,
    file: &str,
    built_in: &str,
) -> Result<Response, Error> {
    let html_text = page_text(app, viewer.now, file, built_in).await?;
    let page =
        Page::new(app, viewer, "", title).described(format!("{title} of {}", viewer.settings.site_name));
    Ok(html(&TextPage { page, title, html: html_text }))
}

/// `/guidelines`
pub async fn guidelines(State(app): State<App>, viewer: MaybeMember) -> Result<Response, Error> {
    text_page(&app, &viewer, "Guidelines", "guidelines.md", GUIDELINES).await
}

/// `/privacy`
pub async fn privacy(State(app): State<App>, viewer: MaybeMember) -> Result<Response, Error> {
    text_page(&app, &viewer, "Privacy", "privacy.md", PRIVACY).await
}

/// `/robots.txt`: allows everything but forms and private lists.
pub async fn robots(State(app): State<App>) -> Response {
    const NOTHING: &str = "User-agent: *\nDisallow: /\n";
    const RULES: &str = "User-agent: *\nDisallow: /login\nDisallow: /signup\nDisallow: \
                         /invitation/\nDisallow: /submit\nDisallow: /search\n\
                         Disallow: /item/*/reply\nDisallow: /item/*/edit\nDisallow: \
                         /item/*/report\nDisallow: /item/*/delete\nDisallow: /*?order=\n";
    let rules = if app.settings().reading == Readers::Members { NOTHING } else { RULES };
    ([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "public, max-age=86400")], rules)
        .into_response()
}

/// `/healthz`: the process answers, and its database is readable and writable.
pub async fn healthz(State(app): State<App>) -> Response {
    health(&app, "ok\n").await
}

/// `/readyz`: the same check, as a single process serves the forum.
pub async fn readyz(State(app): State<App>) -> Response {
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
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (status, Extension(ForMachines), headers, says).into_response()
}

/// Every other address. The viewer is for the error page's header.
pub async fn not_found(_: Result<MaybeMember, Error>) -> Error {
    Error::NotFound
}
