//! RSS 2.0, with the author as Dublin Core and the feed's own address as Atom.

use std::collections::BTreeMap;

use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::{Channel, Guid, Item};

use crate::domain::time::relative_time;
use crate::web::feeds::{Feed, FeedContent, FeedEntry, FeedFormat};

pub fn text(feed: &Feed) -> String {
    let own = Link {
        href: feed.address.clone(),
        rel: "self".to_owned(),
        mime_type: Some(FeedFormat::Rss.content_type().to_owned()),
        ..Link::default()
    };
    let namespaces =
        [("atom", rss::extension::atom::NAMESPACE), ("dc", rss::extension::dublincore::NAMESPACE)];
    let namespaces = namespaces.map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned()));
    let channel = Channel {
        title: feed.title.clone(),
        link: feed.page.clone(),
        // RSS asks for one.
        description: if feed.subtitle.is_empty() { feed.title.clone() } else { feed.subtitle.clone() },
        last_build_date: Some(relative_time::http_date(feed.updated)),
        atom_ext: Some(AtomExtension { links: vec![own] }),
        items: feed.entries.iter().map(item).collect(),
        namespaces: BTreeMap::from(namespaces),
        ..Channel::default()
    };
    channel.to_string()
}

fn item(entry: &FeedEntry) -> Item {
    let author = entry.author.as_ref().map(|author| DublinCoreExtension {
        creators: vec![author.name.clone()],
        ..DublinCoreExtension::default()
    });
    // A description is HTML.
    let description = match &entry.content {
        FeedContent::None => None,
        FeedContent::Text(text) => Some(
            askama::filters::escape(text, askama::filters::Html)
                .map_or_else(|_| String::new(), |text| text.to_string()),
        ),
        FeedContent::Html(html) => Some(html.clone()),
    };
    Item {
        title: Some(entry.title.clone()),
        link: Some(entry.link.clone()),
        comments: Some(entry.page.clone()),
        description,
        guid: Some(Guid { value: entry.id.clone(), permalink: false }),
        pub_date: Some(relative_time::http_date(entry.published)),
        dublin_core_ext: author,
        ..Item::default()
    }
}
