//! Items as entries of a feed.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::domain::items::item::{Item, ItemId, Kind, Visibility, may_see};
use crate::domain::text::plural::counted;
use crate::domain::text::{self, Html};
use crate::web::cache::rendered_text::{PageTexts, TextSource, is_long};
use crate::web::error::Error;
use crate::web::feeds::query::FeedQuery;
use crate::web::feeds::{FeedAuthor, FeedContent, FeedEntry, tag};
use crate::web::state::App;

/// Makes entries of the items that a visitor sees whole; titles of the comments' stories take one more query.
pub async fn of_items(
    app: &App,
    from: Option<IpAddr>,
    items: &[Item],
    asked: &FeedQuery,
) -> Result<Vec<FeedEntry>, Error> {
    let now = app.clock.now();
    let shown = items.iter().filter(|item| may_see(item, None, now) == Visibility::Whole);
    let shown: Vec<&Item> = shown.collect();
    let texts = if asked.has_texts() {
        app.renderer(from).page(shown.iter().map(|item| TextSource::listed(item)).collect()).await?
    } else {
        PageTexts::default()
    };
    let mut roots: Vec<ItemId> =
        shown.iter().filter(|item| item.kind == Kind::Comment).map(|item| item.root_id).collect();
    roots.sort_unstable();
    roots.dedup();
    let roots = app.store.items(&roots).await?;
    let titles: HashMap<ItemId, &Item> = roots
        .iter()
        .filter(|root| may_see(root, None, now) == Visibility::Whole)
        .map(|root| (root.id, root))
        .collect();
    Ok(shown
        .into_iter()
        .map(|item| {
            let story = titles.get(&item.root_id).and_then(|root| root.title.as_deref());
            entry(app, item, story, asked, &texts)
        })
        .collect())
}

fn entry(app: &App, item: &Item, story: Option<&str>, asked: &FeedQuery, texts: &PageTexts) -> FeedEntry {
    let base = &app.config.base_url;
    let page = format!("{base}/item/{}", item.id);
    let author = item
        .author
        .clone()
        .map(|name| FeedAuthor { page: format!("{base}/user/{name}"), name: text::without_hidden(&name) });
    let title = match (item.kind, &author) {
        (Kind::Comment, Some(FeedAuthor { name, .. })) => match story {
            Some(story) => format!("{name} on “{story}”"),
            None => format!("{name} in a thread"),
        },
        (Kind::Comment, None) => {
            story.map_or_else(|| "A comment".to_owned(), |story| format!("On “{story}”"))
        }
        _ => item.title.clone().unwrap_or_default(),
    };
    let outside = item.url.clone().filter(|_| !asked.leads_to_thread());
    FeedEntry {
        id: tag(app, &format!("item/{}", item.id)),
        title: text::without_hidden(&title),
        link: outside.unwrap_or_else(|| page.clone()),
        author,
        published: item.time,
        updated: item.edited_at.unwrap_or(item.time),
        content: if asked.has_texts() {
            FeedContent::Html(html(item, &page, base, texts))
        } else {
            FeedContent::None
        },
        page,
    }
}

/// A text whose links within the site are whole; one that is cut leads to its page.
pub fn whole_html(text: &Html, is_cut: bool, page: &str, base: &str) -> String {
    let mut html = text.as_str().replace("href=\"/", &format!("href=\"{base}/"));
    html.retain(is_of_xml);
    if is_cut {
        html.push_str(&format!("<p><a href=\"{page}\">The whole text</a></p>"));
    }
    html
}

/// The text, and of a story how many points and comments it has.
fn html(item: &Item, page: &str, base: &str, texts: &PageTexts) -> String {
    let is_cut = is_long(&item.text);
    let mut html = whole_html(&texts.get(item.id, &item.text, is_cut), is_cut, page, base);
    if item.kind != Kind::Comment {
        let (points, comments) = (counted(item.score, "point"), counted(item.descendants, "comment"));
        html.push_str(&format!("<p>{points}, <a href=\"{page}\">{comments}</a></p>"));
    }
    html
}

/// Whether XML 1.0 can hold it.
fn is_of_xml(character: char) -> bool {
    matches!(character, '\t' | '\n')
        || !(character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}'))
}
