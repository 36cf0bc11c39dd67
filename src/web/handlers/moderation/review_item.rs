//! An item with the context for judging it, for `moderation/_review_item.html`.

use std::collections::HashMap;

use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::text;
use crate::domain::text::plural::Grouped;
use crate::domain::votes::flag::{self, Reason};
use crate::store::{FlagWithAuthor, Queued};
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::items::{AuthorView, TimeView, ViewContext};

/// Length of an excerpt, in characters; also of the parent's.
const EXCERPT: usize = 400;
const ANSWERED: usize = 160;

pub struct ReviewItem {
    pub id: ItemId,
    pub title: String,
    pub story: ItemId,
    pub is_comment: bool,
    pub site: Option<String>,
    pub href: Option<String>,
    pub excerpt: String,
    pub author: Option<AuthorView>,
    pub answers: Option<(ItemId, Option<AuthorView>, String)>,
    pub karma: Grouped<i64>,
    pub dead_posts: i64,
    pub when: TimeView,
    pub waits: Option<TimeView>,
    pub why: Option<String>,
    pub flags: Vec<FlagWithAuthor>,
    pub dead: bool,
    /// It is not published yet.
    pub waits_for_approval: bool,
    pub locked: bool,
    pub version: i64,
}

impl ReviewItem {
    /// Loads the context of `queued`, in order, with three queries.
    pub async fn all(app: &App, viewer: &MaybeMember, queued: Vec<Queued>) -> Result<Vec<ReviewItem>, Error> {
        let ids: Vec<ItemId> = queued.iter().map(|queued| queued.id).collect();
        let items = by_id(app.store.items(&ids).await?);
        let mut around: Vec<ItemId> =
            items.values().flat_map(|item| [Some(item.root_id), item.parent_id]).flatten().collect();
        around.sort_unstable();
        around.dedup();
        let around = by_id(app.store.items(&around).await?);
        let mut flags: HashMap<ItemId, Vec<FlagWithAuthor>> = HashMap::new();
        for flag in app.store.flags_on(&ids).await? {
            flags.entry(flag.item_id).or_default().push(flag);
        }
        let eye = ViewContext::new(viewer, std::sync::Arc::default());
        let judged = queued.into_iter().filter_map(|queued| {
            let item = items.get(&queued.id)?;
            let flags = flags.remove(&queued.id).unwrap_or_default();
            Some(ReviewItem { flags, ..ReviewItem::new(item, &around, queued, &eye)? })
        });
        Ok(judged.collect())
    }

    fn new(
        item: &Item,
        around: &HashMap<ItemId, Item>,
        queued: Queued,
        eye: &ViewContext<'_>,
    ) -> Option<ReviewItem> {
        let head = around.get(&item.root_id)?;
        let parent =
            item.parent_id.filter(|parent| *parent != head.id).and_then(|parent| around.get(&parent));
        Some(ReviewItem {
            id: item.id,
            title: head.title.clone().unwrap_or_else(|| "[deleted]".to_owned()),
            story: head.id,
            is_comment: item.kind == Kind::Comment,
            site: item.site.clone(),
            href: item.url.clone(),
            excerpt: text::excerpt(&item.text, EXCERPT),
            author: eye.author(item),
            answers: parent
                .map(|parent| (parent.id, eye.author(parent), text::excerpt(&parent.text, ANSWERED))),
            karma: Grouped(queued.karma.unwrap_or(0)),
            dead_posts: queued.dead,
            when: TimeView::new(item.time, eye.now),
            waits: queued.queued_at.map(|at| TimeView::new(at, eye.now)),
            why: queued.queue_reason,
            flags: Vec::new(),
            dead: item.dead.is_some() && !item.waits(),
            waits_for_approval: item.waits(),
            locked: item.locked,
            version: item.version,
        })
    }

    /// The accessible name of a button's target.
    pub fn what(&self) -> String {
        let name = self.author.as_ref().map_or("nobody", |author| author.name.as_str());
        if self.is_comment { format!("the comment by {name}") } else { self.title.clone() }
    }

    /// The preselected kill reason: the most frequent undecided flag reason.
    pub fn mostly(&self) -> &'static str {
        let open = self.flags.iter().filter(|flag| flag.outcome.is_none());
        let flags: Vec<(Reason, i64)> = open.map(|flag| (flag.reason, flag.weight)).collect();
        flag::mostly(&flags).filter(|reason| *reason != Reason::Other).map_or("", Reason::as_str)
    }
}

fn by_id(items: Vec<Item>) -> HashMap<ItemId, Item> {
    items.into_iter().map(|item| (item.id, item)).collect()
}
