//! The page layout, and turning templates into responses.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use askama::filters::PluralizeCount;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::config::{Readers, SiteSettings};
use crate::domain::accounts::passkey::RelyingParty;
use crate::domain::accounts::signup::SignUpMode;
use crate::domain::accounts::user::{Role, Theme};
use crate::domain::face::footer_links::FooterLink;
use crate::domain::face::image::ImageKind;
use crate::domain::face::sections::TOP;
use crate::domain::items::item::ItemId;
use crate::domain::text::Html;
use crate::domain::text::plural::Grouped;
use crate::domain::time::relative_time;
use crate::store::{AccountReminders, LastMute};
use crate::web::error::Error;
use crate::web::extract::session::{MaybeMember, address_with, log_in_address};
use crate::web::face::Face;
use crate::web::face::icons::Picture;
use crate::web::feeds::FeedFormat;
use crate::web::member_pages::gzip_segments::as_page;
use crate::web::state::App;
use crate::web::structured_data::JsonLd;
use crate::web::view::assets::{Asset, Assets};
use crate::web::view::pagination::PageQuery;

/// The only type printed unescaped; only the sanitiser creates it.
impl askama::filters::HtmlSafe for Html {}

impl<N: PartialEq + From<u8>> PluralizeCount for Grouped<N> {
    type Error = Infallible;

    fn is_singular(&self) -> Result<bool, Infallible> {
        Ok(self.0 == N::from(1))
    }
}

const SETTINGS_TABS: [(&str, &str); 6] = [
    ("profile and reading", "/settings"),
    ("e-mail", "/settings/email"),
    ("muted", "/settings/muted"),
    ("password", "/settings/password"),
    ("sessions", "/settings/sessions"),
    ("account", "/settings/account"),
];

#[derive(Debug, Clone)]
pub struct PageViewer {
    pub name: String,
    pub karma: Grouped<i64>,
    /// Rows of the inbox; the count ends at 100.
    pub unread: usize,
    /// For moderators: items in the queue, pending sign-up requests and messages.
    waiting: Option<(i64, i64, i64)>,
    is_admin: bool,
}

impl PageViewer {
    pub fn waiting(&self) -> Option<i64> {
        self.waiting
            .map(|(queued, requests, messages)| queued.saturating_add(requests).saturating_add(messages))
    }
}

pub struct Page<'a> {
    pub settings: Arc<SiteSettings>,
    assets: &'a Assets,
    face: Arc<Face>,
    pub base_url: &'a str,
    /// The site section highlighted in the header.
    pub section: &'a str,
    pub title: String,
    description: Option<String>,
    feed: Option<String>,
    events: Option<String>,
    /// Whether there are event streams.
    is_live: bool,
    pub theme: Option<Theme>,
    pub viewer: Option<PageViewer>,
    /// The name of somebody who is banned and logged in.
    pub banned: Option<String>,
    /// The request has a session cookie, on a page that does not load the viewer.
    pub in_session: bool,
    pub here: String,
    /// Whether search engines may index it.
    pub robots: bool,
    pub is_article: bool,
    /// What the page is about, for search engines.
    pub data: Option<JsonLd>,
    pub log_open: bool,
    passkeys_only: bool,
    /// What the viewer muted a moment ago.
    pub last_mute: Option<LastMute>,
    pub reminders: AccountReminders,
    /// Whether it is announced what the settings say.
    announces: bool,
    /// Until when the viewer can stop an admin who clears their second factor.
    pub clears_at: Option<String>,
}

impl<'a> Page<'a> {
    pub fn new(app: &'a App, viewer: &MaybeMember, section: &'a str, title: impl Into<String>) -> Page<'a> {
        let known = viewer.member.as_ref().map(|member| PageViewer {
            name: member.name.clone(),
            karma: Grouped(member.karma),
            unread: viewer.unread.len(),
            waiting: (member.role >= Role::Moderator).then_some((
                viewer.waiting,
                viewer.requests,
                viewer.messages,
            )),
            is_admin: member.role >= Role::Admin,
        });
        Page {
            section,
            theme: viewer.theme,
            viewer: known,
            banned: viewer.banned.as_ref().map(|banned| banned.member.name.clone()),
            passkeys_only: viewer
                .member()
                .or(viewer.banned.as_ref().map(|banned| &banned.member))
                .is_some_and(|member| member.passkeys_only),
            here: viewer.here.clone(),
            last_mute: viewer.last_mute.clone().filter(|last| last.is_shown(viewer.now)),
            reminders: viewer.reminders,
            clears_at: viewer
                .reminders
                .totp_clears_at
                .filter(|at| *at > viewer.now)
                .map(relative_time::minute),
            log_open: viewer.settings.moderation_log.includes(viewer.member()),
            ..Page::for_nobody(app, Arc::clone(&viewer.settings), title)
        }
    }

    pub fn for_nobody(app: &'a App, settings: Arc<SiteSettings>, title: impl Into<String>) -> Page<'a> {
        Page {
            assets: &app.assets,
            face: app.face(),
            announces: settings.announcement_at(app.clock.now()).is_some(),
            base_url: &app.config.base_url,
            section: "",
            title: title.into(),
            description: None,
            feed: None,
            events: None,
            is_live: app.config.max_event_streams > 0,
            theme: None,
            viewer: None,
            banned: None,
            in_session: false,
            here: "/".to_owned(),
            robots: true,
            is_article: false,
            data: None,
            passkeys_only: false,
            last_mute: None,
            reminders: AccountReminders::default(),
            clears_at: None,
            log_open: settings.moderation_log.includes(None),
            settings,
        }
    }

    /// A page of a list; snapshots expire, so search engines may not index them.
    pub fn of_list(mut self, at: PageQuery) -> Page<'a> {
        self.robots = self.robots && at.at.is_none();
        self
    }

    /// A page that is told of new stories, if it is the first of its section's list.
    pub fn told_of_stories(self, is_first: bool) -> Page<'a> {
        let list = self.section;
        if is_first { self.with_events(format!("/events?list={list}")) } else { self }
    }

    /// A page that is told of new comments of a thread after `since`.
    pub fn told_of_comments(self, root: ItemId, since: Timestamp) -> Page<'a> {
        self.with_events(format!("/events?thread={root}&after={}", since.0))
    }

    fn with_events(self, events: String) -> Page<'a> {
        Page { events: Some(events), ..self }
    }

    /// Where the script listens for what is new; other pages tell members of their inbox.
    pub fn events(&self) -> Option<&str> {
        let events = self.events.as_deref().or_else(|| self.viewer.is_some().then_some("/events"));
        events.filter(|_| self.is_live)
    }

    /// A page that has a feed: its address without the ending; a query may follow.
    pub fn fed_by(mut self, feed: impl Into<String>) -> Page<'a> {
        self.feed = Some(feed.into());
        self
    }

    /// The formats and addresses of the page's feed, or of the front page's.
    pub fn feeds(&self) -> [(FeedFormat, String); 3] {
        let feed = self.feed.as_deref().unwrap_or("/feed/top");
        let (path, query) = feed.find('?').map_or((feed, ""), |at| feed.split_at(at));
        FeedFormat::ALL.map(|format| (format, format!("{path}.{}{query}", format.ending())))
    }

    pub fn feed_title(&self) -> &str {
        if self.feed.is_some() { &self.title } else { &self.settings.site_name }
    }

    pub fn described(mut self, description: String) -> Page<'a> {
        self.description = Some(description).filter(|text| !text.is_empty());
        self
    }

    /// Whether only members read, and this is for a visitor: nothing leads to what is closed.
    pub fn is_closed(&self) -> bool {
        self.settings.reading == Readers::Members && self.viewer.is_none() && !self.in_session
    }

    pub fn is_indexed(&self) -> bool {
        self.robots && self.settings.reading == Readers::Everyone
    }

    pub fn sections(&self) -> impl Iterator<Item = &(&'static str, &'static str)> {
        std::iter::once(&TOP).chain(&self.settings.sections.0)
    }

    /// Whether the viewer is led to the page of first steps.
    pub fn has_first_steps(&self) -> bool {
        self.face.has_first_steps && self.viewer.as_ref().is_some_and(|viewer| viewer.is_admin)
    }

    pub fn style(&self) -> String {
        self.face.style.as_ref().map_or_else(|| self.assets.style.clone(), Asset::path)
    }

    pub fn script(&self) -> &str {
        &self.assets.script
    }

    pub fn logo(&self) -> Option<String> {
        self.face.image(ImageKind::Logo)
    }

    pub fn icon(&self) -> Option<String> {
        self.face.image(ImageKind::Icon)
    }

    pub fn favicon(&self) -> &str {
        self.face.icons.address(Picture::Icon)
    }

    pub fn touch_icon(&self) -> &str {
        self.face.icons.address(Picture::Icon180)
    }

    /// What sites show of a link to this page.
    pub fn share_picture(&self) -> &str {
        self.face.icons.address(Picture::Share)
    }

    pub fn announcement(&self) -> Option<&Html> {
        self.announces.then(|| self.face.announcement())
    }

    /// The footer's links of the community; those to what is closed are left out.
    pub fn footer_links(&self) -> impl Iterator<Item = &FooterLink> {
        let closed = self.is_closed();
        self.face.links.iter().filter(move |link| !closed || !link.href.starts_with('/'))
    }

    /// Whether this is the page of a tab, or below that of the account.
    pub fn is_settings_tab(&self, href: &str) -> bool {
        let of_account = !SETTINGS_TABS.iter().any(|(_, tab)| *tab == self.path());
        self.path() == href || (of_account && href == "/settings/account")
    }

    pub fn settings_tabs(&self) -> [(&'static str, &'static str); 6] {
        SETTINGS_TABS
    }

    pub fn themes(&self) -> [(&'static str, &'static str); 3] {
        [("system", "like the system"), ("light", "light"), ("dark", "dark")]
    }

    pub fn description(&self) -> String {
        let general = || format!("{} on {}: {}", self.title, self.settings.site_name, self.settings.tagline);
        self.description.clone().unwrap_or_else(general)
    }

    pub fn has_passkeys(&self) -> bool {
        RelyingParty::new(self.base_url, &self.settings.site_name).is_ok()
    }

    /// Whether the viewer confirms with a passkey what asks for a password.
    pub fn confirms_by_passkey(&self) -> bool {
        self.passkeys_only
    }

    /// Items waiting on a moderators' page.
    pub fn waits(&self, href: &str) -> i64 {
        let (queued, requests, messages) =
            self.viewer.as_ref().and_then(|viewer| viewer.waiting).unwrap_or_default();
        match href {
            "/mod" => queued,
            "/mod/requests" => requests,
            "/mod/messages" => messages,
            _ => 0,
        }
    }

    /// Whether the header offers visitors an account.
    pub fn sign_up(&self) -> Option<String> {
        let mode = self.settings.signup_mode;
        let is_offered = matches!(mode, SignUpMode::Open | SignUpMode::Request);
        is_offered.then(|| address_with("/signup", &[("goto", &self.way_back())]))
    }

    /// This page, or what an account page leads to.
    fn way_back(&self) -> String {
        let (path, query) = self.here.split_once('?').unwrap_or((&self.here, ""));
        const PAGES: [&str; 7] =
            ["/login", "/signup", "/invitation", "/setup", "/reset", "/email", "/unsubscribe"];
        if !PAGES.iter().any(|page| path.starts_with(page)) {
            return self.here.clone();
        }
        let goto = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "goto");
        goto.map_or_else(|| "/".to_owned(), |(_, goto)| goto.into_owned())
    }

    pub fn log_in(&self) -> String {
        log_in_address(&self.here)
    }

    pub fn is(&self, section: &str) -> bool {
        self.section == section
    }

    pub fn has_theme(&self, name: &str) -> bool {
        self.theme.unwrap_or_default().as_str() == name
    }

    /// `here` without its query, the canonical address.
    pub fn path(&self) -> &str {
        self.here.split('?').next().unwrap_or("/")
    }
}

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
            // Plain text: another template might fail too.
            let plain = (CONTENT_TYPE, "text/plain; charset=utf-8");
            (StatusCode::INTERNAL_SERVER_ERROR, [plain], "Something broke. Please try again.").into_response()
        }
    }
}

pub fn text<T: Template>(template: &T) -> askama::Result<String> {
    let mut text = String::with_capacity(T::SIZE_HINT.saturating_mul(2).max(16_384));
    template.render_into(&mut text)?;
    Ok(text)
}

pub fn json<T: Serialize>(value: &T) -> Response {
    match serde_json::to_string(value) {
        Ok(body) => {
            let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "private, no-store")];
            (headers, body).into_response()
        }
        Err(error) => Error::internal(error).into_response(),
    }
}

/// Whether the script sent the request and expects JSON.
pub fn wants_json(headers: &http::HeaderMap) -> bool {
    headers.get(http::header::ACCEPT).is_some_and(|accept| accept == "application/json")
}
