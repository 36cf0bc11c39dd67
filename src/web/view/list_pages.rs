//! Pages of lists without what the viewer hid or muted. The next page of a ranked list continues the same
//! snapshot, so that no row is repeated or skipped.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::accounts::mutes::MuteScope;
use crate::domain::items::item::{Item, ItemId};
use crate::store::ItemCursor;
use crate::web::cache::ranked_lists::{RankedList, Ranking};
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::member_pages::list_rows::in_order;
use crate::web::state::App;
use crate::web::view::pagination::{PAGE_SIZE, PageQuery};
use crate::web::view::shadowed;
use crate::web::view::unmuted::Unmuted;

/// Pages of a newest-first list that are read to fill one.
const PAGES_READ: usize = 8;
/// Hidden stories that are considered, newest first.
pub const HIDDEN: i64 = 1_000;

pub struct RankedPage<T> {
    pub items: Unmuted<T>,
    pub first_rank: usize,
    pub more: Option<String>,
}

/// The rows of a page and where the next one begins.
struct PageRows<T> {
    items: Unmuted<T>,
    next: Option<usize>,
}

impl App {
    /// A page of stories without those that the viewer hid or muted.
    pub async fn ranked_stories(
        &self,
        viewer: &MaybeMember,
        list: RankedList,
        base: &str,
        asked: PageQuery,
    ) -> Result<RankedPage<Arc<Item>>, Error> {
        let writer = self.row_writer(viewer);
        let read = |ids: Vec<ItemId>| async move {
            let stories = writer.stories(&ids).await?;
            Ok(Unmuted::of(stories, viewer, MuteScope::Lists))
        };
        self.ranked(viewer, list, base, asked, read).await
    }

    /// The same of comments.
    pub async fn ranked_comments(
        &self,
        viewer: &MaybeMember,
        list: RankedList,
        base: &str,
        asked: PageQuery,
    ) -> Result<RankedPage<Item>, Error> {
        let read = |ids: Vec<ItemId>| async move {
            let comments = in_order(self.store.items(&ids).await?, &ids);
            self.unmuted_comments(comments, viewer, MuteScope::Lists).await
        };
        self.ranked(viewer, list, base, asked, read).await
    }

    async fn ranked<T: Borrow<Item>, F>(
        &self,
        viewer: &MaybeMember,
        list: RankedList,
        base: &str,
        asked: PageQuery,
        read: impl Fn(Vec<ItemId>) -> F,
    ) -> Result<RankedPage<T>, Error>
    where
        F: Future<Output = Result<Unmuted<T>, Error>>,
    {
        let of = shadowed::author(viewer);
        let seen = asked.at.and_then(|at| self.lists.snapshot(list, of, at, viewer.now));
        let from = asked.from.filter(|_| seen.is_some());
        let order = match seen {
            Some(order) => order,
            None => shadowed::ranked(self, viewer, list).await?,
        };
        let hidden = match viewer.member() {
            Some(member) => self.own.hidden(member.id, HIDDEN, &self.store).await?,
            None => Arc::default(),
        };
        let shown = order.ids.iter().copied().enumerate().skip(from.unwrap_or(0));
        let shown = shown.filter(|(_, id)| hidden.binary_search(id).is_err());
        let skip = if from.is_some() { 0 } else { asked.skip() };
        let page = if viewer.mutes.is_empty() {
            page_of(shown.skip(skip), read).await?
        } else {
            unmuted_page_of(shown.collect(), skip, read).await?
        };
        let more = page.next.map(|place| next_page(&order, place, base, asked));
        Ok(RankedPage { items: page.items, first_rank: asked.skip().saturating_add(1), more })
    }
}

fn next_page(order: &Ranking, place: usize, base: &str, asked: PageQuery) -> String {
    let mut more = asked.next(base);
    if let Some(at) = order.at {
        more.push_str(&format!("&at={at}"));
        if place != asked.skip().saturating_add(PAGE_SIZE) {
            more.push_str(&format!("&from={place}"));
        }
    }
    more
}

async fn page_of<T: Borrow<Item>, F>(
    shown: impl Iterator<Item = (usize, ItemId)>,
    read: impl Fn(Vec<ItemId>) -> F,
) -> Result<PageRows<T>, Error>
where
    F: Future<Output = Result<Unmuted<T>, Error>>,
{
    let mut rows: Vec<(usize, ItemId)> = shown.take(PAGE_SIZE.saturating_add(1)).collect();
    let next = rows.get(PAGE_SIZE).map(|(place, _)| *place);
    rows.truncate(PAGE_SIZE);
    Ok(PageRows { items: read(rows.into_iter().map(|(_, id)| id).collect()).await?, next })
}

/// Reads on, twice as many each time, until the page is full.
async fn unmuted_page_of<T: Borrow<Item>, F>(
    shown: Vec<(usize, ItemId)>,
    skip: usize,
    read: impl Fn(Vec<ItemId>) -> F,
) -> Result<PageRows<T>, Error>
where
    F: Future<Output = Result<Unmuted<T>, Error>>,
{
    let (mut items, mut skip, mut rest) = (Unmuted::all(Vec::new()), skip, shown.as_slice());
    let mut size = PAGE_SIZE.saturating_add(1);
    while items.len() <= PAGE_SIZE && !rest.is_empty() {
        let (here, after) = rest.split_at(size.min(rest.len()));
        let mut found = read(here.iter().map(|(_, id)| *id).collect()).await?;
        skip = found.skip(skip);
        items.append(found);
        (rest, size) = (after, size.saturating_mul(2));
    }
    let next = items.get(PAGE_SIZE).map(|item: &T| item.borrow().id);
    let next = next.and_then(|id| shown.iter().find(|(_, other)| *other == id)).map(|(place, _)| *place);
    items.truncate(PAGE_SIZE);
    Ok(PageRows { items, next })
}

pub struct UnmutedPage {
    pub items: Unmuted<Item>,
    pub more: Option<String>,
}

impl App {
    /// Comments in a list, which shows the titles of their stories; with the stories, one query more.
    pub async fn unmuted_comments(
        &self,
        rows: Vec<Item>,
        viewer: &MaybeMember,
        scope: MuteScope<'_>,
    ) -> Result<Unmuted<Item>, Error> {
        if viewer.mutes.is_empty() {
            return Ok(Unmuted::all(rows));
        }
        let mut roots: Vec<ItemId> = rows.iter().map(|item| item.root_id).collect();
        roots.sort_unstable();
        roots.dedup();
        let roots: HashMap<ItemId, Item> =
            self.store.items(&roots).await?.into_iter().map(|root| (root.id, root)).collect();
        let root = |item: &Item| roots.get(&item.root_id);
        Ok(Unmuted::with(rows, |item| viewer.mutes.matching_with_root(item, root(item), scope).is_none()))
    }

    /// Stories by themselves, comments with their stories.
    async fn unmuted(
        &self,
        rows: Vec<Item>,
        viewer: &MaybeMember,
        scope: MuteScope<'_>,
    ) -> Result<Unmuted<Item>, Error> {
        if rows.first().is_some_and(|item| !item.kind.is_root()) {
            return self.unmuted_comments(rows, viewer, scope).await;
        }
        Ok(Unmuted::of(rows, viewer, scope))
    }

    /// A page of a newest-first list, of stories or of comments. Reads on until it is full.
    pub async fn unmuted_page<F>(
        &self,
        (viewer, scope): (&MaybeMember, MuteScope<'_>),
        from: ItemCursor,
        base: &str,
        read: impl Fn(ItemCursor) -> F,
    ) -> Result<UnmutedPage, Error>
    where
        F: Future<Output = Result<Vec<Item>, Error>>,
    {
        let (mut page, mut cursor, mut goes_on) = (Unmuted::all(Vec::new()), from, true);
        for _ in 0..PAGES_READ {
            let rows = read(cursor).await?;
            let last = rows.last().map(|item| (item.time, item.id));
            goes_on = rows.len() > PAGE_SIZE;
            page.append(self.unmuted(rows, viewer, scope).await?);
            cursor.before = last.unwrap_or(cursor.before);
            if page.len() > PAGE_SIZE || !goes_on {
                break;
            }
        }
        if page.len() > PAGE_SIZE {
            page.truncate(PAGE_SIZE);
            cursor.before = page.last().map_or(cursor.before, |item| (item.time, item.id));
            goes_on = true;
        }
        let more = goes_on.then(|| format!("{base}?before={}", cursor.before.1));
        Ok(UnmutedPage { items: page, more })
    }
}
