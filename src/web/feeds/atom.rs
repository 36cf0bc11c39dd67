//! Atom (RFC 4287).

use atom_syndication::{Content, Entry, FixedDateTime, Link, Person, Text};

use crate::clock::Timestamp;
use crate::domain::time::relative_time;
use crate::web::feeds::{Feed, FeedContent, FeedEntry, FeedFormat};

pub fn text(feed: &Feed) -> String {
    let whole = atom_syndication::Feed {
        title: Text::plain(feed.title.clone()),
        subtitle: Some(feed.subtitle.clone()).filter(|text| !text.is_empty()).map(Text::plain),
        id: feed.id.clone(),
        updated: moment(feed.updated),
        links: vec![
            link(&feed.page, "alternate", "text/html"),
            link(&feed.address, "self", FeedFormat::Atom.content_type()),
        ],
        entries: feed.entries.iter().map(entry).collect(),
        // Atom asks for an author of the feed where an entry has none.
        authors: vec![Person { name: feed.title.clone(), uri: Some(feed.page.clone()), ..Person::default() }],
        ..atom_syndication::Feed::default()
    };
    whole.to_string()
}

fn entry(entry: &FeedEntry) -> Entry {
    let author = entry.author.iter().map(|author| Person {
        name: author.name.clone(),
        uri: Some(author.page.clone()),
        ..Person::default()
    });
    let content = |kind: &str, value: &String| Content {
        value: Some(value.clone()),
        content_type: Some(kind.to_owned()),
        ..Content::default()
    };
    let content = match &entry.content {
        FeedContent::None => None,
        FeedContent::Text(text) => Some(content("text", text)),
        FeedContent::Html(html) => Some(content("html", html)),
    };
    Entry {
        title: Text::plain(entry.title.clone()),
        id: entry.id.clone(),
        updated: moment(entry.updated),
        published: Some(moment(entry.published)),
        authors: author.collect(),
        links: vec![link(&entry.link, "alternate", "text/html"), link(&entry.page, "replies", "text/html")],
        content,
        ..Entry::default()
    }
}

fn link(href: &str, rel: &str, mime: &str) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), mime_type: Some(mime.to_owned()), ..Link::default() }
}

fn moment(at: Timestamp) -> FixedDateTime {
    relative_time::exact(at).parse().unwrap_or_default()
}
