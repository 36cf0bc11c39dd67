//! The inbox as a feed, under a secret address, as feed readers cannot log in.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;

use crate::clock::Timestamp;
use crate::domain::accounts::token::{self, Token};
use crate::domain::time::relative_time;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::feeds::{self, Feed, FeedFormat, tag};
use crate::web::handlers::inbox;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::PAGE_LIMIT;

#[derive(Template)]
#[template(path = "accounts/inbox_feed.html")]
struct InboxFeedPage<'a> {
    page: Page<'a>,
    /// The day on which the address was made, if there is one.
    since: Option<String>,
    /// The address in each format, shown only once.
    made: Vec<(FeedFormat, String)>,
}

fn page(
    app: &App,
    asking: &CurrentMember,
    since: Option<Timestamp>,
    made: Vec<(FeedFormat, String)>,
) -> Response {
    let mut page = Page::new(app, &asking.viewer, "inbox", "Inbox feed");
    page.robots = false;
    html(&InboxFeedPage { page, since: since.map(relative_time::day), made })
}

/// `GET /inbox/feed`
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    let since = app.store.inbox_feed_since(asking.member.id).await?;
    Ok(page(&app, &asking, since, Vec::new()))
}

/// `POST /inbox/feed`: the only response with the address.
pub async fn create(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    let (token, now) = (Token::random().map_err(Error::internal)?, asking.viewer.now);
    app.store.make_inbox_feed(asking.member.id, &token.hash(), now).await?;
    let made = FeedFormat::ALL.map(|format| (format, address(&app, token.as_str(), format)));
    Ok(([(CACHE_CONTROL, "no-store")], page(&app, &asking, Some(now), made.into())).into_response())
}

/// `POST /inbox/feed/end`
pub async fn end(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    app.store.end_inbox_feed(asking.member.id).await?;
    Ok(LocalRedirect::new("/inbox/feed").redirect())
}

fn address(app: &App, token: &str, format: FeedFormat) -> String {
    format!("{}/feed/inbox/{token}.{}", app.config.base_url, format.ending())
}

/// The member whose inbox is read with this token; `None` if there is none, or they are banned.
async fn reader(app: &App, token: &str, from: Option<IpAddr>) -> Result<Option<CurrentMember>, Error> {
    let (now, generation) = (app.clock.now(), app.store.generation());
    let known = app.store.inbox_feed_reader(&token::hash(token), now).await?.map(Arc::new);
    let viewer = MaybeMember::of(known, None, (now, generation), app.settings());
    let viewer = MaybeMember { from, ..viewer };
    Ok(viewer.member.clone().map(|member| CurrentMember { viewer, member }))
}

/// `/feed/inbox/{feed}`: what the inbox of whoever has this address tells. Nothing is marked as read.
pub async fn feed(
    State(app): State<App>,
    from: ClientIp,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (token, format) = FeedFormat::of_name(&name).ok_or(Error::NotFound)?;
    let reader = reader(&app, token, from.fair_key()).await?;
    let CurrentMember { viewer, member } = reader.ok_or(Error::NotFound)?;
    let newest = (Timestamp(i64::MAX), i64::MAX);
    let rows = app.store.inbox(member.id, false, newest, PAGE_LIMIT, viewer.now).await?;
    let entries = inbox::entries(&app, &viewer, &member, &rows).await?;
    let feed = Feed {
        title: format!("{}: inbox of {}", viewer.settings.site_name, member.name),
        subtitle: String::new(),
        id: tag(&app, &format!("inbox-of/{}", member.id.0)),
        page: format!("{}/inbox", app.config.base_url),
        address: address(&app, token, format),
        updated: rows.first().map_or(member.created_at, |row| row.created_at),
        entries: entries.iter().map(|entry| feeds::inbox::entry(&app, entry)).collect(),
    };
    Ok(feed.private_response(format, &headers))
}
