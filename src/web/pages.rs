//! Pages that stand by themselves: guidelines, privacy and contact; and what machines ask for.

use std::path::Path;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::domain::text::{self, Html};
use crate::web::error::Error;
use crate::web::page::{Page, html};
use crate::web::session::MaybeMember;
use crate::web::state::App;

const GUIDELINES: &str = include_str!("../../templates/pages/guidelines.md");
const PRIVACY: &str = include_str!("../../templates/pages/privacy.md");
const CONTACT: &str = include_str!("../../templates/pages/contact.md");

#[derive(Template)]
#[template(path = "page.html")]
struct TextPage<'a> {
    page: Page<'a>,
    title: &'static str,
    html: Html,
}

/// The operator's own page of that name, else the built-in one.
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

async fn text_page(app: &App, viewer: &MaybeMember, title: &'static str, file: &str, built_in: &str) -> Response {
    let contact = match app.config.contact.as_str() {
        "" => "The operator has not said yet how to be reached; a moderator's profile may.",
        contact => contact,
    };
    let markdown = source(&app.config.pages, file, built_in)
        .await
        .replace("{site}", &app.config.site_name)
        .replace("{contact}", contact);
    let page = Page::new(app, viewer, "", title).described(format!("{title} of {}", app.config.site_name));
    html(&TextPage { page, title, html: text::render(&markdown) })
}

/// `/guidelines`
pub async fn guidelines(State(app): State<App>, viewer: MaybeMember) -> Response {
    text_page(&app, &viewer, "Guidelines", "guidelines.md", GUIDELINES).await
}

/// `/privacy`
pub async fn privacy(State(app): State<App>, viewer: MaybeMember) -> Response {
    text_page(&app, &viewer, "Privacy", "privacy.md", PRIVACY).await
}

/// `/contact`
pub async fn contact(State(app): State<App>, viewer: MaybeMember) -> Response {
    text_page(&app, &viewer, "Contact", "contact.md", CONTACT).await
}

/// `/robots.txt`: read everything, but no forms and no private lists.
pub async fn robots() -> Response {
    const RULES: &str = "User-agent: *\nDisallow: /login\nDisallow: /signup\nDisallow: /invitation/\nDisallow: /submit\nDisallow: /search\n\
                         Disallow: /item/*/reply\nDisallow: /item/*/edit\nDisallow: /item/*/delete\nDisallow: /*?order=\n";
    ([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "public, max-age=86400")], RULES).into_response()
}

/// `/healthz`: whether the process answers and its database can be read.
pub async fn healthz(State(app): State<App>) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    match app.store.ping().await {
        Ok(()) => (headers, "ok\n").into_response(),
        Err(error) => {
            tracing::error!(?error, "the database cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, headers, "the database cannot be read\n").into_response()
        }
    }
}

/// Where nothing else is.
pub async fn not_found() -> Error {
    Error::NotFound
}
