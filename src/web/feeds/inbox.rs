//! What an inbox tells as entries of a feed.

use crate::domain::text;
use crate::web::feeds::{FeedAuthor, FeedContent, FeedEntry, entries, tag};
use crate::web::state::App;
use crate::web::view::inbox::{InboxBody, InboxEntry, NoticeView};
use crate::web::view::items::AuthorView;

/// An entry leads to the post, or to what a notice is about.
pub fn entry(app: &App, entry: &InboxEntry) -> FeedEntry {
    let base = &app.config.base_url;
    let (title, page, author, content) = match &entry.body {
        InboxBody::Comment(comment, _) => {
            let page = format!("{base}/item/{}", comment.id);
            let author = comment.author.as_ref();
            let html = entries::whole_html(&comment.html, comment.is_cut, &page, base);
            let title = format!("{} {} on “{}”", name_of(author), entry.why, comment.story_title);
            (title, page, author, FeedContent::Html(html))
        }
        InboxBody::Story(story, beginning) => {
            let author = story.author.as_ref();
            let title = format!("{} {}: {}", name_of(author), entry.why, story.title);
            (title, format!("{base}/item/{}", story.id), author, FeedContent::Text(beginning.clone()))
        }
        InboxBody::Notice(notice) => {
            let page = format!("{base}{}", path_of(notice));
            (format!("Inbox: {}", notice.head()), page, None, FeedContent::Text(notice.text.clone()))
        }
    };
    FeedEntry {
        id: tag(app, &format!("inbox/{}", entry.id)),
        title: text::without_hidden(&title),
        link: page.clone(),
        page,
        author: author.map(|author| FeedAuthor {
            page: format!("{base}/user/{}", author.name),
            name: text::without_hidden(&author.name),
        }),
        published: entry.at,
        updated: entry.at,
        content,
    }
}

fn name_of(author: Option<&AuthorView>) -> &str {
    author.map_or("Somebody", |author| &author.name)
}

fn path_of(notice: &NoticeView) -> String {
    match (notice.conversation, &notice.about) {
        (Some(conversation), _) => format!("/messages/{conversation}"),
        (None, Some((id, _))) => format!("/item/{id}"),
        (None, None) => "/inbox".to_owned(),
    }
}
