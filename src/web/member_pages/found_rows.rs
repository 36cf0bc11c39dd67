//! Rows of search results: stories as in lists, and comments, each with what was found marked.

use std::collections::HashMap;

use askama::Template;

use crate::domain::items::item::{Item, ItemId, Visibility};
use crate::domain::items::rank;
use crate::domain::search::{MarkedText, ParsedSearch, marked, passage};
use crate::domain::text;
use crate::domain::text::plural::Grouped;
use crate::web::error::Error;
use crate::web::member_pages::list_rows::{RowWriter, StoryHtml, StoryListHtml};
use crate::web::view::items::{AuthorView, StoryView, TimeView, ViewContext};
use crate::web::view::unmuted::Unmuted;

#[derive(Template)]
#[template(path = "items/_found_comment.html")]
struct FoundCommentHtml {
    id: ItemId,
    author: Option<AuthorView>,
    when: TimeView,
    points: Option<Grouped<i64>>,
    story_id: ItemId,
    story_title: String,
    passage: Vec<MarkedText>,
}

impl RowWriter<'_> {
    /// Renders the results of a search that the viewer may see.
    pub async fn write_found(
        &self,
        items: &Unmuted<Item>,
        search: &ParsedSearch,
    ) -> Result<StoryListHtml, Error> {
        let marks = self.own.marks(self.viewer, items, self.store).await?;
        let eye = ViewContext::new(self.viewer, marks);
        let mut roots: Vec<ItemId> = items.iter().map(|item| item.root_id).collect();
        roots.sort_unstable();
        roots.dedup();
        let roots = self.store.items(&roots).await?;
        let roots: HashMap<ItemId, Item> = roots.into_iter().map(|root| (root.id, root)).collect();
        let mut rows = StoryListHtml::default();
        for item in items.iter().filter(|item| eye.sees(item) == Visibility::Whole) {
            rows.count += 1;
            let passage =
                if item.text.is_empty() { Vec::new() } else { passage(search, &text::plain(&item.text)) };
            if item.kind.is_root() {
                let mut story = StoryView::row(item, &eye);
                story.found_title = marked(search, &story.title);
                story.found_text = passage;
                let row = StoryHtml {
                    story: &story,
                    here: &self.viewer.here,
                    member: eye.member.is_some(),
                    note: None,
                };
                row.render_into(&mut rows.html).map_err(Error::internal)?;
            } else {
                let row = comment(item, roots.get(&item.root_id), &eye, passage);
                row.render_into(&mut rows.html).map_err(Error::internal)?;
            }
        }
        Ok(rows)
    }
}

fn comment(
    item: &Item,
    root: Option<&Item>,
    eye: &ViewContext<'_>,
    passage: Vec<MarkedText>,
) -> FoundCommentHtml {
    let shows_points = item.is_own(eye.member) || eye.policy.show_comment_points;
    let title = root.map(|root| StoryView::row(root, eye).title);
    FoundCommentHtml {
        id: item.id,
        author: eye.author(item),
        when: TimeView::new(item.time, eye.now),
        points: shows_points.then(|| Grouped(rank::displayed_score(eye.score(item)))),
        story_id: item.root_id,
        story_title: title.unwrap_or_else(|| "[deleted]".to_owned()),
        passage,
    }
}
