//! What every page has: its title, its viewer, the addresses of the assets; and how a template becomes a response.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;

use crate::config::SiteSettings;
use crate::domain::accounts::user::{Role, Theme};
use crate::domain::text::Html;
use crate::web::error::Error;
use crate::web::extract::session::{MaybeMember, log_in_address};
use crate::web::member_pages::gzip_segments::as_page;
use crate::web::state::App;
use crate::web::view::assets::Assets;
use crate::web::view::pagination::PageQuery;

/// The one type that templates print unescaped: it comes from the sanitiser only.
impl askama::filters::HtmlSafe for Html {}

/// The sections in the header, with their addresses.
const SECTIONS: [(&str, &str); 8] = [
    ("top", "/"),
    ("new", "/new"),
    ("active", "/active"),
    ("best", "/best"),
    ("ask", "/ask"),
    ("show", "/show"),
    ("past", "/past"),
    ("comments", "/comments"),
];

/// What a page shows of its viewer.
#[derive(Debug, Clone)]
pub struct PageViewer {
    pub name: String,
    pub karma: i64,
    pub unread: i64,
    /// For moderators: how many items wait in the queue, and how many people for an account.
    waiting: Option<(i64, i64)>,
}

impl PageViewer {
    /// For moderators: how much waits at their desk.
    pub fn waiting(&self) -> Option<i64> {
        self.waiting.map(|(queued, requests)| queued.saturating_add(requests))
    }
}

pub struct Page<'a> {
    pub settings: Arc<SiteSettings>,
    pub assets: &'a Assets,
    pub base_url: &'a str,
    /// Which part of the site it is, as the header names it.
    pub section: &'a str,
    pub title: String,
    description: Option<String>,
    pub theme: Option<Theme>,
    pub viewer: Option<PageViewer>,
    /// Whether the request came with a session, on a page that does not ask whose.
    pub in_session: bool,
    /// The path and query of the page.
    pub here: String,
    /// Whether search engines may list it.
    pub robots: bool,
    pub is_article: bool,
    /// Whether the viewer may read the log of moderation.
    pub log_open: bool,
}

impl<'a> Page<'a> {
    pub fn new(app: &'a App, viewer: &MaybeMember, section: &'a str, title: impl Into<String>) -> Page<'a> {
        let known = viewer.member.as_ref().map(|member| PageViewer {
            name: member.name.clone(),
            karma: member.karma,
            unread: viewer.unread,
            waiting: (member.role >= Role::Moderator).then_some((viewer.waiting, viewer.requests)),
        });
        Page {
            section,
            theme: viewer.theme,
            viewer: known,
            here: viewer.here.clone(),
            log_open: viewer.settings.moderation_log.includes(viewer.member()),
            ..Page::for_nobody(app, title)
        }
    }

    /// A page that knows of no viewer.
    pub fn for_nobody(app: &'a App, title: impl Into<String>) -> Page<'a> {
        Page {
            settings: app.settings(),
            assets: &app.assets,
            base_url: &app.config.base_url,
            section: "",
            title: title.into(),
            description: None,
            theme: None,
            viewer: None,
            in_session: false,
            here: "/".to_owned(),
            robots: true,
            is_article: false,
            log_open: app.settings().moderation_log.includes(None),
        }
    }

    /// The page of a list at `at`; one of an order that is soon forgotten is not for search engines.
    pub fn of_list(mut self, at: PageQuery) -> Page<'a> {
        self.robots = self.robots && at.at.is_none();
        self
    }

    /// The same page, described for previews and search engines.
    pub fn described(mut self, description: String) -> Page<'a> {
        self.description = Some(description).filter(|text| !text.is_empty());
        self
    }

    pub fn sections(&self) -> [(&'static str, &'static str); 8] {
        SECTIONS
    }

    pub fn themes(&self) -> [(&'static str, &'static str); 3] {
        [("system", "like the system"), ("light", "light"), ("dark", "dark")]
    }

    /// What it is about: its own description, or its title and the site's line.
    pub fn description(&self) -> String {
        let general = || format!("{} on {}: {}", self.title, self.settings.site_name, self.settings.tagline);
        self.description.clone().unwrap_or_else(general)
    }

    /// How much waits for a moderator on a page of the desk.
    pub fn waits(&self, href: &str) -> i64 {
        let (queued, requests) = self.viewer.as_ref().and_then(|viewer| viewer.waiting).unwrap_or_default();
        match href {
            "/mod" => queued,
            "/mod/requests" => requests,
            _ => 0,
        }
    }

    /// The log-in page, and from there back here.
    pub fn log_in(&self) -> String {
        log_in_address(&self.here)
    }

    /// Whether it belongs to the section of that name.
    pub fn is(&self, section: &str) -> bool {
        self.section == section
    }

    pub fn has_theme(&self, name: &str) -> bool {
        self.theme.unwrap_or_default().as_str() == name
    }

    /// `here` without its query: the address that the page is known by.
    pub fn path(&self) -> &str {
        self.here.split('?').next().unwrap_or("/")
    }
}

/// A template as a page.
pub fn html<T: Template>(template: &T) -> Response {
    html_with(StatusCode::OK, template)
}

pub fn html_with<T: Template>(status: StatusCode, template: &T) -> Response {
    match text(template) {
        Ok(text) => {
            let mut response = as_page(Body::from(text));
            *response.status_mut() = status;
            response
        }
        Err(error) => {
            tracing::error!(%error, "a template failed");
            // No other template is tried: it might fail as well.
            let plain = (CONTENT_TYPE, "text/plain; charset=utf-8");
            (StatusCode::INTERNAL_SERVER_ERROR, [plain], "Something broke. Please try again.").into_response()
        }
    }
}

/// A template's text.
pub fn text<T: Template>(template: &T) -> askama::Result<String> {
    let mut text = String::with_capacity(T::SIZE_HINT.saturating_mul(2).max(16_384));
    template.render_into(&mut text)?;
    Ok(text)
}

/// An answer to the script.
pub fn json<T: Serialize>(value: &T) -> Response {
    match serde_json::to_string(value) {
        Ok(body) => {
            let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "private, no-store")];
            (headers, body).into_response()
        }
        Err(error) => Error::internal(error).into_response(),
    }
}

/// Whether the script asks, which wants figures rather than a page to go to.
pub fn wants_json(headers: &http::HeaderMap) -> bool {
    headers.get(http::header::ACCEPT).is_some_and(|accept| accept == "application/json")
}
