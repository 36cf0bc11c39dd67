//! JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

use serde::Serialize;

use crate::clock::Timestamp;
use crate::web::feeds::{Feed, FeedContent, FeedEntry};

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    items: Vec<JsonItem<'a>>,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    title: &'a str,
    date_published: Timestamp,
    date_modified: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<JsonAuthor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonAuthor<'a> {
    name: &'a str,
    url: &'a str,
}

pub fn text(feed: &Feed) -> String {
    let whole = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        home_page_url: &feed.page,
        feed_url: &feed.address,
        description: &feed.subtitle,
        items: feed.entries.iter().map(item).collect(),
    };
    // Texts and times alone, which JSON always holds.
    serde_json::to_string(&whole).unwrap_or_default()
}

fn item(entry: &FeedEntry) -> JsonItem<'_> {
    let (content_html, content_text) = match &entry.content {
        FeedContent::Html(html) => (Some(html.as_str()), None),
        FeedContent::Text(text) => (None, Some(text.as_str())),
        // An item needs content.
        FeedContent::None => (None, Some(entry.title.as_str())),
    };
    JsonItem {
        id: &entry.id,
        url: &entry.page,
        external_url: Some(entry.link.as_str()).filter(|link| *link != entry.page),
        title: &entry.title,
        date_published: entry.published,
        date_modified: entry.updated,
        authors: entry
            .author
            .iter()
            .map(|author| JsonAuthor { name: &author.name, url: &author.page })
            .collect(),
        content_html,
        content_text,
    }
}
