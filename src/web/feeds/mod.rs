//! Feeds of lists, people, threads and the moderation log, each as Atom, RSS and JSON Feed. They show what a
//! visitor sees.

mod atom;
pub mod entries;
pub mod inbox;
mod json_feed;
pub mod query;
mod rss;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::clock::Timestamp;
use crate::domain::time::relative_time;
use crate::web::cache::pages::{etag_of, names};
use crate::web::state::App;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedFormat {
    Atom,
    Rss,
    Json,
}

impl FeedFormat {
    pub const ALL: [FeedFormat; 3] = [FeedFormat::Atom, FeedFormat::Rss, FeedFormat::Json];

    pub const fn ending(self) -> &'static str {
        match self {
            FeedFormat::Atom => "atom",
            FeedFormat::Rss => "rss",
            FeedFormat::Json => "json",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            FeedFormat::Atom => "Atom",
            FeedFormat::Rss => "RSS",
            FeedFormat::Json => "JSON Feed",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            FeedFormat::Atom => "application/atom+xml",
            FeedFormat::Rss => "application/rss+xml",
            FeedFormat::Json => "application/feed+json",
        }
    }

    fn content_type_header(self) -> String {
        format!("{}; charset=utf-8", self.content_type())
    }

    /// `top.atom` is the feed `top` as Atom.
    pub fn of_name(name: &str) -> Option<(&str, FeedFormat)> {
        let (stem, ending) = name.rsplit_once('.')?;
        let format = FeedFormat::ALL.into_iter().find(|format| format.ending() == ending)?;
        (!stem.is_empty()).then_some((stem, format))
    }
}

/// Addresses are whole.
pub struct Feed {
    pub title: String,
    pub subtitle: String,
    /// A `tag:` URI, which stays when the site's address changes.
    pub id: String,
    /// The page that shows the same.
    pub page: String,
    pub address: String,
    pub updated: Timestamp,
    pub entries: Vec<FeedEntry>,
}

pub struct FeedEntry {
    pub id: String,
    pub title: String,
    /// What the entry is about: its own page, or the page that a story is about.
    pub link: String,
    pub page: String,
    pub author: Option<FeedAuthor>,
    pub published: Timestamp,
    pub updated: Timestamp,
    pub content: FeedContent,
}

pub enum FeedContent {
    None,
    Text(String),
    /// Sanitised.
    Html(String),
}

pub struct FeedAuthor {
    pub name: String,
    pub page: String,
}

impl Feed {
    fn text(&self, format: FeedFormat) -> String {
        match format {
            FeedFormat::Atom => atom::text(self),
            FeedFormat::Rss => rss::text(self),
            FeedFormat::Json => json_feed::text(self),
        }
    }

    /// Clients revalidate each time, so that a feed is never older than the last write. Its time is replaced
    /// by that of the first response with the same content, where it is kept.
    pub fn response(&self, format: FeedFormat, now: Timestamp) -> Response {
        let headers =
            [(CONTENT_TYPE, format.content_type_header()), (CACHE_CONTROL, "public, no-cache".to_owned())];
        let mut response = (headers, self.text(format)).into_response();
        if let Ok(modified) = HeaderValue::from_str(&relative_time::http_date(now)) {
            response.headers_mut().insert(LAST_MODIFIED, modified);
        }
        response
    }

    /// For one reader alone, whose request has these headers; no cache keeps it.
    pub fn private_response(&self, format: FeedFormat, asked: &HeaderMap) -> Response {
        let text = self.text(format);
        let etag = etag_of(text.as_bytes());
        let is_known = asked.get_all(IF_NONE_MATCH).iter().any(|known| names(known, &etag));
        let headers = [(CACHE_CONTROL, HeaderValue::from_static("private, no-cache")), (ETAG, etag)];
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let robots = (HeaderName::from_static("x-robots-tag"), "noindex".to_owned());
        (headers, [(CONTENT_TYPE, format.content_type_header()), robots], text).into_response()
    }
}

/// A tag URI (RFC 4151), stable when the site's address changes.
pub fn tag(app: &App, of: &str) -> String {
    format!("tag:stoa,2026:{}/{of}", app.store.site_id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_in_its_format() {
        for (name, found) in [
            ("top.atom", Some(("top", FeedFormat::Atom))),
            ("a.b.rss", Some(("a.b", FeedFormat::Rss))),
            ("github.com/rust-lang.json", Some(("github.com/rust-lang", FeedFormat::Json))),
            ("top", None),
            ("top.xml", None),
            (".atom", None),
            ("", None),
        ] {
            assert_eq!(FeedFormat::of_name(name), found, "{name}");
        }
    }
}
