//! Canonical addresses: normalises paths and queries, so that each page has one cache key.

use std::borrow::Cow;
use std::num::IntErrorKind;

use url::form_urlencoded::{self, Serializer};

use crate::clock::Timestamp;
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::time::day::Day;
use crate::domain::url::unescaped;
use crate::web::cache::ranked_lists::TimeSpan;
use crate::web::routes;
use crate::web::view::pagination::{LAST_PAGE, SnapshotId};

/// The type of a query parameter, for its normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryValue {
    Text,
    /// What is no number is dropped: the list begins at its start.
    Number,
    /// A page number; what is none is the first page.
    Page,
    /// What is no day is left for the page, which says so.
    Day,
    Order,
    Over,
    /// Tells members how they came to the page; dropped for visitors.
    Arrival,
    /// A list snapshot; expired ones are all the same.
    Seen,
}

impl QueryValue {
    /// The value's normal form; `None` for a default value.
    fn canonical<'v>(self, value: &'v str, now: Timestamp) -> Option<Cow<'v, str>> {
        match self {
            QueryValue::Text | QueryValue::Arrival => Some(Cow::Borrowed(value)),
            QueryValue::Number => value.parse::<i64>().ok().map(|number| number.to_string().into()),
            QueryValue::Page => match value.parse::<usize>() {
                Ok(0 | 1) => None,
                Ok(number) => Some(number.min(LAST_PAGE).to_string().into()),
                Err(huge) if *huge.kind() == IntErrorKind::PosOverflow => Some(LAST_PAGE.to_string().into()),
                Err(_) => None,
            },
            QueryValue::Day => {
                Some(Day::parse(value).map_or(Cow::Borrowed(value), |day| day.to_string().into()))
            }
            QueryValue::Order => CommentOrder::parse(value).map(|order| order.as_str().into()),
            QueryValue::Over => TimeSpan::parse(value).map(|over| over.as_str().into()),
            QueryValue::Seen => {
                let at = SnapshotId::parse(value).filter(|at| at.is_recent(now)).unwrap_or(SnapshotId::GONE);
                Some(at.to_string().into())
            }
        }
    }
}

/// The query with known parameters only, once each and in order; `None` if it is already canonical.
pub fn query(path: &str, query: &str, is_member: bool, now: Timestamp) -> Option<String> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(query.as_bytes()).collect();
    let mut written = Serializer::new(String::with_capacity(query.len()));
    for (name, kind) in
        routes::query(path).iter().filter(|(_, kind)| is_member || *kind != QueryValue::Arrival)
    {
        let given = pairs.iter().find(|(given, value)| given == name && !value.is_empty());
        if let Some(value) = given.and_then(|(_, value)| kind.canonical(value, now)) {
            written.append_pair(name, &value);
        }
    }
    let written = written.finish();
    (written != query).then_some(written)
}

/// The canonical path; `None` if it is already canonical.
pub fn path(path: &str) -> Option<String> {
    let is_plain = !path.contains('%') && !path.ends_with('/') && !path.starts_with("/item/");
    if is_plain || path == "/" {
        return None;
    }
    let plain = unescaped(path);
    let trimmed = if plain.len() > 1 { plain.trim_end_matches('/') } else { &plain };
    let trimmed = if trimmed.is_empty() { "/" } else { trimmed };
    let known = with_plain_id(trimmed).unwrap_or_else(|| trimmed.to_owned());
    (known != path).then_some(known)
}

/// The path with the item id in normal form.
fn with_plain_id(path: &str) -> Option<String> {
    let rest = path.strip_prefix("/item/")?;
    let (id, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let digits = id.strip_prefix('+').or_else(|| id.strip_prefix("%2B")).unwrap_or(id);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.trim_start_matches('0');
    let number = if number.is_empty() { "0" } else { number };
    Some(format!("/item/{number}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_written_otherwise_leads_to_the_one_that_is_known() {
        for (written, known) in [
            ("/item/1/", "/item/1"),
            ("/item/1///", "/item/1"),
            ("/item/01", "/item/1"),
            ("/item/+1", "/item/1"),
            ("/item/%2b1", "/item/1"),
            ("/item/%31", "/item/1"),
            ("/item/%30%31/reply/", "/item/1/reply"),
            ("/item/0001/edit", "/item/1/edit"),
            ("/item/000", "/item/0"),
            ("/item/0099999999999999999999", "/item/99999999999999999999"),
            ("/user/alic%65", "/user/alice"),
            ("/%6eew", "/new"),
            ("/from/b%c3%bccher.example", "/from/b%C3%BCcher.example"),
            ("//", "/"),
            ("/new/", "/new"),
        ] {
            assert_eq!(path(written).as_deref(), Some(known), "{written}");
            assert_eq!(path(known), None, "{known}");
        }
        for same in [
            "/",
            "/new",
            "/item/1",
            "/item/0",
            "/item/10/reply",
            "/item/abc",
            "/item/-1",
            "/item/1a",
            "/a%2Fb",
            "/item",
            "*",
        ] {
            assert_eq!(path(same), None, "{same}");
        }
    }

    #[test]
    fn a_query_has_the_names_that_its_page_takes_each_once_and_in_one_order() {
        for (path, given, known) in [
            ("/item/1", "x=17", ""),
            ("/item/1", "order=newest&x=17", "order=newest"),
            ("/item/1", "order=&order=newest&order=oldest", "order=newest"),
            ("/item/1", "%6Frder=%6eewest", "order=newest"),
            ("/item/1", "order=sideways", ""),
            ("/item/1", "again=Title&order=newest&vote=up&voted=before", "order=newest"),
            ("/item/1", "ORDER=newest", ""),
            ("/item/1", "&&=&=x&x", ""),
            ("/", "p=1", ""),
            ("/", "p=0002", "p=2"),
            ("/", "p=99999", "p=1000"),
            ("/", "p=99999999999999999999", "p=1000"),
            ("/", "p=-1", ""),
            ("/", "p=two&q", ""),
            ("/past", "day=2016-1-1", "day=2016-01-01"),
            ("/past", "day=2016-13-1", "day=2016-13-1"),
            ("/best", "p=2&over=all", "over=all&p=2"),
            ("/best", "over=ever&utm_source=x", ""),
            ("/new", "before=007", "before=7"),
            ("/new", "before=junk", ""),
            ("/inbox", "at=1e9&before=5", "before=5"),
            ("/search", "q=a%20b&fbclid=1", "q=a+b"),
            ("/log", "item=&person=&act=kill&moderator=", "act=kill"),
            ("/nothing/here", "a=b", ""),
            ("/leaders", "p=2", ""),
            ("/", "at=100&p=2", "p=2&at=100"),
            ("/", "at=0100.000", "at=100"),
            ("/", "at=90.3", "at=90.3"),
            ("/", "at=89", "at=0"),
            ("/", "at=101", "at=0"),
            ("/", "at=soon", "at=0"),
        ] {
            let now = Timestamp(6_000);
            assert_eq!(query(path, given, false, now).as_deref().unwrap_or(given), known, "{path}?{given}");
            assert_eq!(query(path, known, false, now), None, "{path}?{known}");
        }
    }
}
