//! Search, and its description for browsers.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::items::item::ItemId;
use crate::domain::search::ParsedSearch;
use crate::domain::text::plural::{Grouped, counted};
use crate::search::IndexState;
use crate::web::actions::follow::followed_query;
use crate::web::actions::search::{
    MAX_LOOKED_UP, ResultCount, SearchCursor, SearchOrder, SearchRequest, SearchResults, SearchViewer,
};
use crate::web::error::Error;
use crate::web::extract::session::{MaybeMember, address_with};
use crate::web::member_pages::list_rows::StoryListHtml;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{PAGE_SIZE, Tab};
use crate::web::view::unmuted::Unmuted;

/// Characters of a site's name that browsers show of a search engine.
const LONGEST_NAME: usize = 16;

#[derive(Template)]
#[template(path = "items/search.html")]
struct SearchPage<'a> {
    page: Page<'a>,
    q: &'a str,
    by_date: bool,
    found: Option<FoundView>,
}

struct FoundView {
    rows: StoryListHtml,
    count: String,
    notes: Vec<String>,
    state: Option<&'static str>,
    tabs: Vec<Tab>,
    empty: String,
    hint: &'static str,
    more: Option<String>,
    /// For members.
    follow: Option<FollowedView>,
}

struct FollowedView {
    query: String,
    on: bool,
}

#[derive(Template)]
#[template(path = "items/opensearch.xml", escape = "html")]
struct OpenSearchDescription<'a> {
    name: String,
    base_url: &'a str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchQuery {
    q: String,
    /// `date`: the newest first.
    sort: Option<String>,
    /// By relevance, how many results were before.
    from: Option<i64>,
    /// By date, the last result before: its time and id.
    at: Option<i64>,
    before: Option<i64>,
}

impl SearchQuery {
    fn order(&self) -> SearchOrder {
        if self.sort.as_deref() == Some("date") { SearchOrder::Date } else { SearchOrder::Relevance }
    }

    fn cursor(&self) -> SearchCursor {
        let first = SearchCursor::FIRST;
        let before = self.at.zip(self.before).map(|(at, id)| (Timestamp(at), ItemId(id)));
        SearchCursor {
            skip: self.from.and_then(|from| usize::try_from(from).ok()).unwrap_or(0),
            before: before.unwrap_or(first.before),
        }
    }
}

impl MaybeMember {
    pub fn searches(&self) -> SearchViewer<'_> {
        SearchViewer { member: self.member(), mutes: &self.mutes, address: self.from, now: self.now }
    }
}

/// `/search`
pub async fn show(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(asked): Query<SearchQuery>,
) -> Result<Response, Error> {
    let q = asked.q.trim();
    let order = asked.order();
    let mut found = None;
    let mut is_absent = false;
    if !q.is_empty() {
        let (from, rows) = (asked.cursor(), PAGE_SIZE);
        let request = SearchRequest { typed: q, order, from, rows, is_counted: true };
        let mut results = app.search(request, viewer.searches()).await?;
        is_absent = results.state == IndexState::Absent;
        // The action has left out what is muted.
        let items = Unmuted::all(std::mem::take(&mut results.items));
        let rows = app.row_writer(&viewer).write_found(&items, &results.search).await?;
        let follow = followed(&app, &viewer, q).await?;
        let mut view = view_of(q, results, rows, follow);
        if asked.cursor() != SearchCursor::FIRST && !view.empty.is_empty() {
            (view.empty, view.hint) = ("There are no more results.".to_owned(), "");
        }
        found = Some(view);
    }
    let title = if q.is_empty() { "Search".to_owned() } else { format!("{q}: search") };
    let mut page = Page::new(&app, &viewer, "search", title);
    if !q.is_empty() {
        page = page.fed_by(address_with("/feed/search", &[("q", q)]));
    }
    page.robots = q.is_empty();
    let mut response = html(&SearchPage { page, q, by_date: order == SearchOrder::Date, found });
    if is_absent {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

/// Whether the member follows what they search for; `None` for visitors, and if there is nothing to follow.
async fn followed(app: &App, viewer: &MaybeMember, q: &str) -> Result<Option<FollowedView>, Error> {
    let Some(member) = viewer.member().filter(|_| !ParsedSearch::parse(q).is_empty()) else {
        return Ok(None);
    };
    let query = followed_query(q);
    Ok(Some(FollowedView { on: app.store.follows_search(member.id, &query).await?, query }))
}

fn view_of(q: &str, results: SearchResults, rows: StoryListHtml, follow: Option<FollowedView>) -> FoundView {
    let order = results.order;
    let has_words = results.search.phrases().next().is_some();
    let tab = |name: &str, href, current| Tab { name: name.to_owned(), href, current };
    let by_date = address_with("/search", &[("q", q), ("sort", "date")]);
    let tabs = vec![
        tab("by relevance", address_with("/search", &[("q", q)]), order == SearchOrder::Relevance),
        tab("by date", by_date, order == SearchOrder::Date),
    ];
    let is_absent = results.state == IndexState::Absent;
    FoundView {
        count: match results.count {
            ResultCount::Exactly(count) => counted(count, "result").to_string(),
            ResultCount::MoreThan(count) if results.search.counts() => {
                format!("{} among the first {} posts", Grouped(count), Grouped(MAX_LOOKED_UP))
            }
            ResultCount::MoreThan(count) => format!("More than {} results", Grouped(count)),
        },
        state: match results.state {
            IndexState::Absent => Some("Search is not available at the moment. Try again in a minute."),
            IndexState::Building => Some("The search index is being built, so some posts are not found yet."),
            IndexState::Ready => None,
        },
        tabs: if has_words && !is_absent { tabs } else { Vec::new() },
        empty: if results.search.is_empty() || is_absent {
            String::new()
        } else {
            format!("Nothing matches “{q}”.")
        },
        hint: if has_words && !is_absent { "Try fewer words, or another spelling." } else { "" },
        more: results.more.map(|more| next(q, order, more)),
        notes: results.search.notes,
        follow,
        rows,
    }
}

fn next(q: &str, order: SearchOrder, more: SearchCursor) -> String {
    let (skip, at, id) = (more.skip.to_string(), more.before.0.0.to_string(), more.before.1.to_string());
    match order {
        SearchOrder::Relevance => address_with("/search", &[("q", q), ("from", &skip)]),
        SearchOrder::Date => {
            address_with("/search", &[("q", q), ("sort", "date"), ("at", &at), ("before", &id)])
        }
    }
}

/// `/opensearch.xml`, by which browsers add the search.
pub async fn description(State(app): State<App>) -> Result<Response, Error> {
    let settings = app.settings();
    let name = settings.site_name.chars().take(LONGEST_NAME).collect();
    let description = OpenSearchDescription { name, base_url: &app.config.base_url };
    let description = description.render().map_err(Error::internal)?;
    Ok(([(CONTENT_TYPE, "application/opensearchdescription+xml")], description).into_response())
}
