//! Atom feeds of stories.

use atom_syndication::{Entry, Feed, FixedDateTime, Link, Person, Text};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::clock::Timestamp;
use crate::domain::items::item::{Item, ItemId, Visibility, may_see};
use crate::domain::text;
use crate::domain::text::plural::counted;
use crate::domain::time::relative_time;
use crate::web::cache::ranked_lists::RankedList;
use crate::web::error::Error;
use crate::web::member_pages::list_rows::in_order;
use crate::web::state::App;
use crate::web::view::pagination::PAGE_SIZE;

/// `/feed/top.atom`: the front page as a visitor sees it.
pub async fn top(State(app): State<App>) -> Result<Response, Error> {
    let now = app.clock.now();
    let ids: Vec<ItemId> =
        app.lists.get(RankedList::Top, &app.store, now).await?.ids.iter().take(PAGE_SIZE).copied().collect();
    let items = in_order(app.store.items(&ids).await?, &ids);
    let base = &app.config.base_url;
    let shown = items.iter().filter(|item| may_see(item, None, now) == Visibility::Whole);
    let entries = shown.map(|item| entry(item, base, id(&app, &format!("item/{}", item.id))));
    let feed = Feed {
        title: Text::plain(app.settings().site_name.clone()),
        subtitle: Some(Text::plain(app.settings().tagline.clone())),
        id: id(&app, "feed/top"),
        updated: moment(items.iter().map(|item| item.edited_at.unwrap_or(item.time)).max().unwrap_or(now)),
        links: vec![
            link(base.clone(), "alternate", "text/html"),
            link(format!("{base}/feed/top.atom"), "self", "application/atom+xml"),
        ],
        entries: entries.collect(),
        ..Feed::default()
    };
    // Clients revalidate each time; the feed is never older than the last write.
    let headers =
        [(CONTENT_TYPE, "application/atom+xml; charset=utf-8"), (CACHE_CONTROL, "public, no-cache")];
    Ok((headers, feed.to_string()).into_response())
}

/// A tag URI (RFC 4151), stable when the site's address changes.
pub fn id(app: &App, of: &str) -> String {
    format!("tag:stoa,2026:{}/{of}", app.store.site_id())
}

fn entry(item: &Item, base: &str, id: String) -> Entry {
    let page = format!("{base}/item/{}", item.id);
    let author = item.author.clone();
    let (points, comments) = (counted(item.score, "point"), counted(item.descendants, "comment"));
    let summary = format!("{points}, {comments}. {}", text::excerpt(&item.text, 300));
    Entry {
        title: Text::plain(text::without_hidden(item.title.as_deref().unwrap_or_default())),
        id,
        updated: moment(item.edited_at.unwrap_or(item.time)),
        published: Some(moment(item.time)),
        authors: author
            .map(|name| Person { uri: Some(format!("{base}/user/{name}")), name, ..Person::default() })
            .into_iter()
            .collect(),
        links: vec![
            link(item.url.clone().unwrap_or_else(|| page.clone()), "alternate", "text/html"),
            link(page, "replies", "text/html"),
        ],
        summary: Some(Text::plain(text::without_hidden(summary.trim_end()))),
        ..Entry::default()
    }
}

pub fn link(href: String, rel: &str, mime: &str) -> Link {
    Link { href, rel: rel.to_owned(), mime_type: Some(mime.to_owned()), ..Link::default() }
}

pub fn moment(at: Timestamp) -> FixedDateTime {
    relative_time::exact(at).parse().unwrap_or_default()
}
