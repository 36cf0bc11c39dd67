//! What crawlers and other programs ask by well-known names: robots.txt, sitemaps, security.txt and the page
//! that changes a password.

use std::fmt::Write;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::clock::DAY;
use crate::config::Readers;
use crate::domain::time::day::Day;
use crate::domain::time::month::Month;
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;

/// What every crawler leaves out: forms, searches and other orders of the same.
const CLOSED: [&str; 11] = [
    "/login",
    "/signup",
    "/invitation/",
    "/submit",
    "/search",
    "/feed/search",
    "/item/*/reply",
    "/item/*/edit",
    "/item/*/report",
    "/item/*/delete",
    "/*?order=",
];

/// Crawlers that collect texts to train language models or to answer from them, by the names that their
/// operators publish.
const AI_CRAWLERS: [&str; 17] = [
    "AI2Bot",
    "Amazonbot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
    "CCBot",
    "ClaudeBot",
    "cohere-ai",
    "Diffbot",
    "DuckAssistBot",
    "FacebookBot",
    "Google-Extended",
    "GPTBot",
    "meta-externalagent",
    "MistralAI-User",
    "OAI-SearchBot",
    "PerplexityBot",
];

/// URLs of one sitemap at most (sitemaps.org).
const MAX_URLS: i64 = 50_000;

/// For how long security.txt holds: less than a year, as RFC 9116 recommends.
const SECURITY_TXT_DAYS: i64 = 180;

/// `/robots.txt`
pub async fn robots(State(app): State<App>) -> Response {
    let settings = app.settings();
    if settings.reading == Readers::Members {
        return plain("User-agent: *\nDisallow: /\n".to_owned());
    }
    let mut text = String::new();
    if !settings.ai_crawlers {
        for name in AI_CRAWLERS {
            text.push_str(&format!("User-agent: {name}\n"));
        }
        text.push_str("Disallow: /\n\n");
    }
    text.push_str("User-agent: *\n");
    for path in CLOSED {
        text.push_str(&format!("Disallow: {path}\n"));
    }
    text.push_str(&format!("\nSitemap: {}/sitemap.xml\n", app.config.base_url));
    plain(text)
}

fn plain(text: String) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "public, max-age=86400")];
    (headers, text).into_response()
}

/// A sitemap, or an index of them: `root` with an `entry` for each path.
fn listed(app: &App, (root, entry): (&str, &str), paths: impl Iterator<Item = String>) -> Response {
    let base = &app.config.base_url;
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} \
         xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
    );
    for path in paths {
        let _ = writeln!(text, "<{entry}><loc>{base}{path}</loc></{entry}>");
    }
    text.push_str(&format!("</{root}>\n"));
    let headers =
        [(CONTENT_TYPE, "application/xml; charset=utf-8"), (CACHE_CONTROL, "private, max-age=3600")];
    (headers, text).into_response()
}

/// `/sitemap.xml`: a sitemap for each month since the first story.
pub async fn sitemap_index(State(app): State<App>) -> Result<Response, Error> {
    let first = app.store.first_story_time().await?.into_iter();
    let months = first.flat_map(|first| Month::of(first).up_to(Month::of(app.clock.now())));
    let paths = months.map(|month| format!("/sitemaps/{}.xml", month.name()));
    Ok(listed(&app, ("sitemapindex", "sitemap"), paths))
}

/// `/sitemaps/{name}`: the stories of a month, newest first, such as `2026-11.xml`.
pub async fn sitemap(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let month = name.strip_suffix(".xml").and_then(Month::parse).ok_or(Error::NotFound)?;
    let _permit = app.admission.slow_pages.acquire(viewer.from).await?;
    let stories = app.store.stories_between(month.start(), month.end(), MAX_URLS).await?;
    Ok(listed(&app, ("urlset", "url"), stories.into_iter().map(|id| format!("/item/{id}"))))
}

/// `/.well-known/change-password`, where password programs look for the form.
pub async fn change_password() -> Response {
    Redirect::to("/settings/password").into_response()
}

/// `/.well-known/security.txt` (RFC 9116)
pub async fn security_txt(State(app): State<App>) -> Response {
    let base = &app.config.base_url;
    let contact = match app.settings().security_contact.as_str() {
        "" => format!("{base}/contact"),
        address if address.contains('@') => format!("mailto:{address}"),
        address => address.to_owned(),
    };
    let expires = Day::of(app.clock.now().plus(SECURITY_TXT_DAYS * DAY));
    plain(format!(
        "Contact: {contact}\nExpires: {expires}T00:00:00Z\nPreferred-Languages: en\nCanonical: \
         {base}/.well-known/security.txt\n"
    ))
}
