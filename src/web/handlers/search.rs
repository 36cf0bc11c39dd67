//! Search over story titles.

use std::net::IpAddr;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::domain::accounts::mutes::MuteScope;
use crate::domain::items::item::Item;
use crate::web::error::Error;
use crate::web::extract::session::{MaybeMember, address_with};
use crate::web::member_pages::list_rows::StoryListHtml;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{PAGE_SIZE, PAGE_SIZE_I64};
use crate::web::view::shadowed;
use crate::web::view::unmuted::Unmuted;

/// Words of a query that are used.
const WORDS: usize = 8;
/// Longest word, in characters.
const LONGEST_WORD: usize = 80;
/// Stories that are found for a member who does not see them all.
const ROWS_BESIDE_MUTED: i64 = 4 * PAGE_SIZE_I64;

#[derive(Template)]
#[template(path = "items/search.html")]
struct SearchPage<'a> {
    page: Page<'a>,
    q: &'a str,
    stories: StoryListHtml,
}

#[derive(Debug, Deserialize)]
pub struct SearchQuery {
    #[serde(default)]
    q: String,
}

pub fn words_of(q: &str) -> Vec<String> {
    q.split_whitespace().take(WORDS).map(|word| word.chars().take(LONGEST_WORD).collect()).collect()
}

/// Stories whose titles have all the words, the newest first; none without words.
pub async fn titles(
    app: &App,
    from: Option<IpAddr>,
    words: &[String],
    rows: i64,
) -> Result<Vec<Item>, Error> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let _permit = app.admission.slow_pages.acquire(from).await?;
    Ok(app.store.titles_with(words, rows).await?)
}

/// `/search`
pub async fn show(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(asked): Query<SearchQuery>,
) -> Result<Response, Error> {
    let q = asked.q.trim();
    let rows = if viewer.mutes.is_empty() { PAGE_SIZE_I64 } else { ROWS_BESIDE_MUTED };
    let words = words_of(q);
    let found = titles(&app, viewer.from, &words, rows).await?;
    let found = shadowed::titled(&app, &viewer, found, &words).await?;
    let mut found = Unmuted::of(found, &viewer, MuteScope::Lists);
    found.truncate(PAGE_SIZE);
    let stories = app.row_writer(&viewer).write(&found).await?;
    let title = if q.is_empty() { "Search".to_owned() } else { format!("{q}: search") };
    let mut page = Page::new(&app, &viewer, "search", title);
    if !q.is_empty() {
        page = page.fed_by(address_with("/feed/search", &[("q", q)]));
    }
    page.robots = q.is_empty();
    Ok(html(&SearchPage { page, q, stories }))
}
