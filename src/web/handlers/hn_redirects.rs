//! Permanent redirects from Hacker News's addresses to ours.

use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::domain::items::item::ItemId;
use crate::web::error::Error;
use crate::web::view::pagination::PageQuery;

fn to(path: &str, query: &[(&str, Option<&str>)]) -> Response {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    let query = pairs.finish();
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    Redirect::permanent(&target).into_response()
}

/// `/news?p=`
pub async fn front_page(Query(asked): Query<PageQuery>) -> Response {
    to("/", &[("p", asked.p.map(|p| p.to_string()).as_deref())])
}

/// `/newest?next=`
pub async fn newest(Query(asked): Query<NextQuery>) -> Response {
    to("/new", &[("before", asked.next.as_deref())])
}

/// `/newcomments`
pub async fn newcomments() -> Response {
    to("/comments", &[])
}

#[derive(Deserialize)]
pub struct NextQuery {
    next: Option<String>,
}

#[derive(Deserialize)]
pub struct HnFrontQuery {
    day: Option<String>,
}

/// `/front?day=`
pub async fn front(Query(asked): Query<HnFrontQuery>) -> Response {
    to("/past", &[("day", asked.day.as_deref())])
}

#[derive(Deserialize)]
pub struct HnIdQuery {
    id: Option<ItemId>,
}

/// `/item?id=`
pub async fn item(Query(asked): Query<HnIdQuery>) -> Result<Response, Error> {
    asked.id.map(|id| to(&format!("/item/{id}"), &[])).ok_or(Error::NotFound)
}

#[derive(Deserialize)]
pub struct HnNameQuery {
    id: Option<String>,
}

impl HnNameQuery {
    fn under(self, rest: &str) -> Result<Response, Error> {
        let known = |name: &String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        self.id.filter(known).map(|name| to(&format!("/user/{name}{rest}"), &[])).ok_or(Error::NotFound)
    }
}

/// `/user?id=`
pub async fn user(Query(asked): Query<HnNameQuery>) -> Result<Response, Error> {
    asked.under("")
}

/// `/submitted?id=`
pub async fn submitted(Query(asked): Query<HnNameQuery>) -> Result<Response, Error> {
    asked.under("/submissions")
}

/// `/threads?id=`
pub async fn threads(Query(asked): Query<HnNameQuery>) -> Result<Response, Error> {
    asked.under("/comments")
}

#[derive(Deserialize)]
pub struct HnSiteQuery {
    site: Option<String>,
}

/// `/from?site=`
pub async fn from(Query(asked): Query<HnSiteQuery>) -> Result<Response, Error> {
    let site = asked.site.as_deref().and_then(crate::domain::url::from_param).ok_or(Error::NotFound)?;
    Ok(to(&format!("/from/{site}"), &[]))
}

#[derive(Deserialize)]
pub struct HnSubmitQuery {
    u: Option<String>,
    t: Option<String>,
}

/// `/submitlink?u=&t=`
pub async fn submitlink(Query(asked): Query<HnSubmitQuery>) -> Response {
    to("/submit", &[("u", asked.u.as_deref()), ("t", asked.t.as_deref())])
}

/// `/rss`
pub async fn rss() -> Response {
    to("/feed/top.rss", &[])
}
