//! JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

use serde_json::{Value, json};

use crate::web::feeds::{Feed, FeedContent, FeedEntry};

pub fn text(feed: &Feed) -> String {
    let mut whole = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "items": feed.entries.iter().map(item).collect::<Vec<_>>(),
    });
    if !feed.subtitle.is_empty() {
        whole["description"] = json!(feed.subtitle);
    }
    whole.to_string()
}

fn item(entry: &FeedEntry) -> Value {
    let mut item = json!({
        "id": entry.id,
        "url": entry.page,
        "title": entry.title,
        "date_published": entry.published,
        "date_modified": entry.updated,
    });
    if entry.link != entry.page {
        item["external_url"] = json!(entry.link);
    }
    if let Some(author) = &entry.author {
        item["authors"] = json!([{ "name": author.name, "url": author.page }]);
    }
    match &entry.content {
        FeedContent::Html(html) => item["content_html"] = json!(html),
        FeedContent::Text(text) => item["content_text"] = json!(text),
        // An item needs content.
        FeedContent::None => item["content_text"] = json!(entry.title),
    }
    item
}
