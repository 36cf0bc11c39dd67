//! A story for search engines: schema.org's DiscussionForumPosting as JSON-LD.

use std::fmt;

use serde_json::{Value, json};

use crate::domain::items::item::Item;
use crate::domain::text;
use crate::domain::time::relative_time;

/// Characters of a story's text.
const TEXT: usize = 1_000;

/// A block of data (https://json-ld.org) that nothing runs; its text ends no element.
pub struct JsonLd(String);

impl JsonLd {
    fn new(data: &Value) -> JsonLd {
        JsonLd(data.to_string().replace('<', "\\u003c"))
    }
}

impl fmt::Display for JsonLd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for JsonLd {}

/// Of a story that visitors see whole.
pub fn of_story(base_url: &str, item: &Item) -> JsonLd {
    let page = format!("{base_url}/item/{}", item.id);
    let counter = |kind: &str, count: i64| {
        json!({
            "@type": "InteractionCounter",
            "interactionType": format!("https://schema.org/{kind}"),
            "userInteractionCount": count.max(0),
        })
    };
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "@id": page,
        "url": page,
        "headline": item.title,
        "datePublished": relative_time::exact(item.time),
        "commentCount": item.descendants,
        "interactionStatistic": [
            counter("LikeAction", item.score),
            counter("CommentAction", item.descendants),
        ],
    });
    let mut add = |name: &str, value: Option<Value>| {
        if let (Some(value), Some(data)) = (value, data.as_object_mut()) {
            data.insert(name.to_owned(), value);
        }
    };
    let author =
        |name: &String| json!({ "@type": "Person", "name": name, "url": format!("{base_url}/user/{name}") });
    add("author", item.author.as_ref().map(author));
    add("dateModified", item.edited_at.map(|at| relative_time::exact(at).into()));
    add("sharedContent", item.url.as_ref().map(|url| json!({ "@type": "WebPage", "url": url })));
    add("text", Some(text::excerpt(&item.text, TEXT)).filter(|text| !text.is_empty()).map(Value::from));
    JsonLd::new(&data)
}
