//! Feeds of lists, people, threads, sites and searches.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;

use crate::clock::Timestamp;
use crate::domain::accounts::user::Profile;
use crate::domain::items::item::{Item, ItemId, Visibility, may_see};
use crate::domain::items::title::Section;
use crate::domain::text;
use crate::domain::url::from_param;
use crate::search::IndexState;
use crate::store::{self, DeadFilter, ItemCursor};
use crate::web::actions::search::{SearchCursor, SearchOrder, SearchRequest, SearchResults, SearchViewer};
use crate::web::admission::WorkPermit;
use crate::web::cache::ranked_lists::{RankedList, TimeSpan};
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::{MaybeMember, address_with};
use crate::web::feeds::query::FeedQuery;
use crate::web::feeds::{Feed, FeedFormat, entries, tag};
use crate::web::handlers::accounts::profile::profile;
use crate::web::handlers::moderation::log;
use crate::web::member_pages::list_rows::in_order;
use crate::web::state::App;

/// Items that are read at once to find those that a reader asked for, and how often.
const ITEMS_AT_ONCE: usize = 100;
const READS: usize = 10;

/// What a feed is of.
struct FeedOf {
    /// Its address without base and ending.
    path: String,
    /// Added to the site's name.
    title: String,
    /// The page that shows the same, without the base.
    page: String,
}

impl FeedOf {
    fn new(path: impl Into<String>, title: impl Into<String>, page: impl Into<String>) -> FeedOf {
        FeedOf { path: path.into(), title: title.into(), page: page.into() }
    }

    async fn response(
        self,
        app: &App,
        viewer: &MaybeMember,
        items: &[Item],
        (format, asked): (FeedFormat, &FeedQuery),
    ) -> Result<Response, Error> {
        let entries = entries::of_items(app, viewer.from, items, asked).await?;
        let (base, settings) = (&app.config.base_url, app.settings());
        let feed = Feed {
            title: if self.title.is_empty() {
                settings.site_name.clone()
            } else {
                format!("{}: {}", settings.site_name, text::without_hidden(&self.title))
            },
            subtitle: settings.tagline.clone(),
            id: tag(app, &format!("{}{}", self.path.trim_start_matches('/'), asked.to_address())),
            page: format!("{base}{}", self.page),
            address: format!("{base}{}.{}{}", self.path, format.ending(), asked.to_address()),
            updated: entries.iter().map(|entry| entry.updated).max().unwrap_or(Timestamp(0)),
            entries,
        };
        Ok(feed.response(format, app.clock.now()))
    }
}

/// A permit, for feeds that read more than they show.
async fn slow_page_permit(
    app: &App,
    viewer: &MaybeMember,
    asked: &FeedQuery,
) -> Result<Option<WorkPermit>, Error> {
    if asked.narrows() { Ok(Some(app.admission.slow_pages.acquire(viewer.from).await?)) } else { Ok(None) }
}

fn parts(name: &str) -> Result<(&str, FeedFormat), Error> {
    FeedFormat::of_name(name).ok_or(Error::NotFound)
}

/// Items that are read at once.
fn at_once(asked: &FeedQuery) -> usize {
    if asked.narrows() { ITEMS_AT_ONCE } else { asked.count() }
}

/// Those of a newest-first list that were asked for.
async fn newest<F>(asked: &FeedQuery, read: impl Fn(ItemCursor) -> F) -> Result<Vec<Item>, Error>
where
    F: Future<Output = store::Result<Vec<Item>>>,
{
    let (rows, filter) = (at_once(asked), asked.filter());
    let mut cursor = ItemCursor::first(i64::try_from(rows).unwrap_or(i64::MAX));
    let mut found = Vec::new();
    for _ in 0..READS {
        let page = read(cursor).await?;
        let is_last = page.len() < rows;
        if let Some(last) = page.last() {
            cursor.before = (last.time, last.id);
        }
        found.extend(page.into_iter().filter(|item| filter.takes(item)));
        if is_last || found.len() >= asked.count() {
            break;
        }
    }
    found.truncate(asked.count());
    Ok(found)
}

/// Those of a ranked list.
async fn ranked(app: &App, list: RankedList, asked: &FeedQuery) -> Result<Vec<Item>, Error> {
    let order = app.lists.get(list, &app.store, app.clock.now()).await?;
    let (mut found, filter) = (Vec::new(), asked.filter());
    for ids in order.ids.chunks(at_once(asked)).take(READS) {
        let items = in_order(app.store.items(ids).await?, ids);
        found.extend(items.into_iter().filter(|item| filter.takes(item)));
        if found.len() >= asked.count() {
            break;
        }
    }
    found.truncate(asked.count());
    Ok(found)
}

/// `/feed/{feed}`: a list of the site.
pub async fn list(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(asked): Query<FeedQuery>,
) -> Result<Response, Error> {
    let (stem, format) = parts(&name)?;
    if stem == "search" {
        return search_feed(&app, &viewer, format, &asked).await;
    }
    let _permit = slow_page_permit(&app, &viewer, &asked).await?;
    let store = &app.store;
    let (title, page, items) = match stem {
        "top" => ("", "/", ranked(&app, RankedList::Top, &asked).await?),
        "best" => ("best", "/best", ranked(&app, RankedList::Best(TimeSpan::Week), &asked).await?),
        "active" => ("active", "/active", ranked(&app, RankedList::Active, &asked).await?),
        "ask" => ("ask", "/ask", ranked(&app, RankedList::Section(Section::Ask), &asked).await?),
        "show" => ("show", "/show", ranked(&app, RankedList::Section(Section::Show), &asked).await?),
        "new" => ("new", "/new", newest(&asked, |page| store.newest(DeadFilter::No, None, page)).await?),
        "comments" => {
            let read = |page| store.newest_comments(DeadFilter::No, page);
            ("comments", "/comments", newest(&asked, read).await?)
        }
        "best-comments" => {
            ("best comments", "/comments/best", ranked(&app, RankedList::BestComments, &asked).await?)
        }
        "log" => return log::feed(&app, &viewer, format).await,
        _ => return Err(Error::NotFound),
    };
    FeedOf::new(format!("/feed/{stem}"), title, page).response(&app, &viewer, &items, (format, &asked)).await
}

/// What a search finds, the newest first.
async fn search_feed(
    app: &App,
    viewer: &MaybeMember,
    format: FeedFormat,
    asked: &FeedQuery,
) -> Result<Response, Error> {
    let (order, from) = (SearchOrder::Date, SearchCursor::FIRST);
    let (typed, rows) = (asked.words(), asked.count());
    let request = SearchRequest { typed, order, from, rows, is_counted: false };
    let everybody = Arc::default();
    let visitor =
        SearchViewer { member: None, mutes: &everybody, address: viewer.from, now: app.clock.now() };
    let SearchResults { items, state, .. } = app.search(request, visitor).await?;
    if state == IndexState::Absent {
        return Err(Error::Busy);
    }
    let page = address_with("/search", &[("q", asked.words())]);
    FeedOf::new("/feed/search", asked.words(), page).response(app, viewer, &items, (format, asked)).await
}

/// The person of a feed. A name in another spelling, or an earlier one, is not found: a feed reader keeps
/// what it subscribed to.
async fn profile_of(app: &App, name: &str) -> Result<Profile, Error> {
    profile(app, name, "").await.map_err(|error| match error {
        Error::Moved(_) | Error::Renamed(_) => Error::NotFound,
        error => error,
    })
}

/// `/feed/user/{feed}`: what a person posted.
pub async fn user(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(asked): Query<FeedQuery>,
) -> Result<Response, Error> {
    let (name, format) = parts(&name)?;
    let _permit = slow_page_permit(&app, &viewer, &asked).await?;
    let Profile { id, name, .. } = profile_of(&app, name).await?;
    let store = &app.store;
    let mut items = newest(&asked, |page| store.submissions(id, DeadFilter::No, page)).await?;
    items.extend(newest(&asked, |page| store.comments_of(id, DeadFilter::No, page)).await?);
    items.sort_by_key(|item| Reverse((item.time, item.id)));
    items.truncate(asked.count());
    let of = FeedOf::new(format!("/feed/user/{name}"), &name, format!("/user/{name}"));
    of.response(&app, &viewer, &items, (format, &asked)).await
}

/// `/feed/user/{name}/{feed}`: a person's submissions, comments, or the replies to them.
pub async fn user_list(
    State(app): State<App>,
    viewer: MaybeMember,
    Path((name, list)): Path<(String, String)>,
    Query(asked): Query<FeedQuery>,
) -> Result<Response, Error> {
    let (list, format) = parts(&list)?;
    let _permit = slow_page_permit(&app, &viewer, &asked).await?;
    let Profile { id, name, .. } = profile_of(&app, &name).await?;
    let store = &app.store;
    let (title, items) = match list {
        "submissions" => {
            let read = |page| store.submissions(id, DeadFilter::No, page);
            (format!("submissions by {name}"), newest(&asked, read).await?)
        }
        "comments" => {
            let read = |page| store.comments_of(id, DeadFilter::No, page);
            (format!("comments by {name}"), newest(&asked, read).await?)
        }
        "replies" => {
            let (rows, filter) = (i64::try_from(at_once(&asked)).unwrap_or(i64::MAX), asked.filter());
            let replies = store.replies_to(id, rows).await?.into_iter().filter(|item| filter.takes(item));
            (format!("replies to {name}"), replies.take(asked.count()).collect())
        }
        _ => return Err(Error::NotFound),
    };
    let page = if list == "replies" { format!("/user/{name}") } else { format!("/user/{name}/{list}") };
    let of = FeedOf::new(format!("/feed/user/{name}/{list}"), title, page);
    of.response(&app, &viewer, &items, (format, &asked)).await
}

/// `/feed/item/{feed}`: the newest comments below a story or comment.
pub async fn item(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(asked): Query<FeedQuery>,
) -> Result<Response, Error> {
    let (id, format) = parts(&name)?;
    let _permit = slow_page_permit(&app, &viewer, &asked).await?;
    let id = ItemId(id.parse().map_err(|_| Error::NotFound)?);
    let top = app.store.item(id).await?;
    if may_see(&top, None, app.clock.now()) != Visibility::Whole {
        return Err(Error::NotFound);
    }
    let (thread, filter) = (app.threads.with(id, &app.store).await?, asked.filter());
    let mut below: Vec<&Item> =
        within(&thread.all, id).into_iter().filter(|item| filter.takes(item)).collect();
    below.sort_by_key(|item| Reverse((item.time, item.id)));
    let items: Vec<Item> = below.into_iter().take(asked.count()).cloned().collect();
    let title = top.title.clone().unwrap_or_else(|| format!("replies to comment {id}"));
    let of = FeedOf::new(format!("/feed/item/{id}"), title, format!("/item/{id}"));
    of.response(&app, &viewer, &items, (format, &asked)).await
}

/// The comments below an item of a thread.
fn within(thread: &[Item], top: ItemId) -> Vec<&Item> {
    let mut known = HashSet::from([top]);
    let mut sorted: Vec<&Item> = thread.iter().collect();
    sorted.sort_by_key(|item| item.depth);
    sorted
        .into_iter()
        .filter(|item| {
            let is_below = item.parent_id.is_some_and(|parent| known.contains(&parent));
            is_below && known.insert(item.id)
        })
        .collect()
}

/// `/feed/from/{feed}`: stories from a site.
pub async fn site(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(asked): Query<FeedQuery>,
) -> Result<Response, Error> {
    let (site, format) = parts(&name)?;
    let _permit = slow_page_permit(&app, &viewer, &asked).await?;
    let site = from_param(site).ok_or(Error::NotFound)?;
    let store = &app.store;
    let items = newest(&asked, |page| store.from_site(&site, None, page)).await?;
    let of = FeedOf::new(format!("/feed/from/{site}"), &site, format!("/from/{site}"));
    of.response(&app, &viewer, &items, (format, &asked)).await
}
