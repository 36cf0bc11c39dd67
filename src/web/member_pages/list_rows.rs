//! Cached story rows, shared by members with the same [`ViewerTraits`] unless a row differs for its viewer.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use askama::Template;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::clock::MINUTE;
use crate::domain::items::item::{Item, ItemId, Visibility};
use crate::store::{Marks, Store};
use crate::web::cache::member_cache::MemberCache;
use crate::web::cache::threads::weight;
use crate::web::error::Error;
use crate::web::member_pages::viewer_traits::ViewerTraits;
use crate::web::view::items::{StoryView, ViewContext};
use crate::web::view::unmuted::Unmuted;
use crate::web::viewer::MaybeMember;

/// Memory of a cached list without its address and rows, in bytes.
const LIST: usize = 512;
/// Cached rows per list; more than a page, because members who hid stories see further down.
const MAX_CACHED_ROWS: usize = 60;

#[derive(Template)]
#[template(path = "items/_story.html")]
pub(super) struct StoryHtml<'a> {
    pub story: &'a StoryView,
    pub here: &'a str,
    pub member: bool,
    /// The viewer's own note below the row.
    pub note: Option<&'a str>,
}

#[derive(Debug, Default)]
pub struct StoryListHtml {
    pub(super) html: String,
    pub(super) count: usize,
}

impl StoryListHtml {
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for StoryListHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.html)
    }
}

/// The contents come from a template.
impl askama::filters::HtmlSafe for StoryListHtml {}

/// A story and its rendered row, filled on first use. `None` if these viewers may not see it.
struct CachedRow {
    item: Arc<Item>,
    html: OnceLock<Option<Arc<str>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ListKey {
    here: String,
    traits: ViewerTraits,
    generation: u64,
    minute: i64,
}

#[derive(Default)]
struct CachedList {
    rows: Mutex<HashMap<ItemId, Arc<CachedRow>>>,
    /// Serialises reads from the store, so that the next reader finds the rows cached.
    reading: tokio::sync::Mutex<()>,
}

impl CachedList {
    fn lock(&self) -> MutexGuard<'_, HashMap<ItemId, Arc<CachedRow>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> usize {
        self.lock().values().map(|row| row.bytes()).sum()
    }

    /// The cached stories of `ids`, and whether more can be cached.
    fn at_hand(&self, ids: &[ItemId]) -> (HashMap<ItemId, Arc<Item>>, bool) {
        let rows = self.lock();
        let found = ids.iter().filter_map(|id| Some((*id, Arc::clone(&rows.get(id)?.item)))).collect();
        (found, rows.len() < MAX_CACHED_ROWS)
    }

    /// The row of a story, rendered later if it is new.
    fn row(&self, item: &Item) -> Arc<CachedRow> {
        let mut rows = self.lock();
        if let Some(row) = rows.get(&item.id) {
            return Arc::clone(row);
        }
        // Rows show no text.
        let item = Arc::new(Item { text: String::new(), ..item.clone() });
        let row = Arc::new(CachedRow { item, html: OnceLock::new() });
        if rows.len() < MAX_CACHED_ROWS {
            rows.insert(row.item.id, Arc::clone(&row));
        }
        row
    }
}

impl CachedRow {
    fn bytes(&self) -> usize {
        let html = self.html.get().and_then(Option::as_ref);
        weight(&self.item) + html.map_or(0, |html| html.len()) + 64
    }
}

fn weight_of(key: &ListKey, list: &Arc<CachedList>) -> u32 {
    u32::try_from(LIST + key.here.len() + list.bytes()).unwrap_or(u32::MAX)
}

/// `None` disables caching; each row is rendered for its viewer.
pub struct ListRowCache {
    kept: Option<Cache<ListKey, Arc<CachedList>>>,
    read: AtomicUsize,
}

impl ListRowCache {
    pub fn new(bytes: u64) -> ListRowCache {
        let kept =
            Cache::builder().max_capacity(bytes).weigher(weight_of).eviction_policy(EvictionPolicy::lru());
        ListRowCache { kept: (bytes > 0).then(|| kept.build()), read: AtomicUsize::new(0) }
    }

    pub fn bytes(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| {
            kept.run_pending_tasks();
            kept.weighted_size()
        })
    }

    pub fn reads(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }
}

pub fn in_order(items: Vec<Item>, ids: &[ItemId]) -> Vec<Item> {
    let mut found: HashMap<ItemId, Item> = items.into_iter().map(|item| (item.id, item)).collect();
    ids.iter().filter_map(|id| found.remove(id)).collect()
}

#[derive(Clone, Copy)]
pub struct RowWriter<'a> {
    pub rows: &'a ListRowCache,
    pub store: &'a Store,
    pub own: &'a MemberCache,
    pub viewer: &'a MaybeMember,
}

impl RowWriter<'_> {
    fn key(&self) -> Option<ListKey> {
        Some(ListKey {
            here: self.viewer.here.clone(),
            traits: ViewerTraits::of(self.viewer.member()?, &self.viewer.settings.policy),
            generation: self.viewer.generation,
            minute: self.viewer.now.0.div_euclid(MINUTE),
        })
    }

    fn list(&self) -> Option<Arc<CachedList>> {
        Some(self.rows.kept.as_ref()?.get_with(self.key()?, Arc::default))
    }

    fn weigh_again(&self, list: Arc<CachedList>) {
        if let (Some(kept), Some(key)) = (&self.rows.kept, self.key()) {
            kept.insert(key, list);
        }
    }

    /// The stories of `ids` in order, from the cache or the store; concurrent requests share one read.
    pub async fn stories(&self, ids: &[ItemId]) -> Result<Vec<Arc<Item>>, Error> {
        let Some(list) = self.list() else {
            return Ok(in_order(self.read(ids).await?, ids).into_iter().map(Arc::new).collect());
        };
        let (mut found, has_room) = list.at_hand(ids);
        if found.len() < ids.len() {
            let _turn = if has_room { Some(list.reading.lock().await) } else { None };
            found = list.at_hand(ids).0;
            let missing: Vec<ItemId> = ids.iter().filter(|id| !found.contains_key(id)).copied().collect();
            for item in self.read(&missing).await? {
                found.insert(item.id, Arc::clone(&list.row(&item).item));
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    async fn read(&self, ids: &[ItemId]) -> Result<Vec<Item>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.rows.read.fetch_add(1, Ordering::Relaxed);
        Ok(self.store.items(ids).await?)
    }

    /// Renders the rows that the viewer may see, with their marks.
    pub async fn write<T: Borrow<Item>>(&self, items: &Unmuted<T>) -> Result<StoryListHtml, Error> {
        self.write_with(items, &HashMap::new()).await
    }

    /// The same, with private notes.
    pub async fn write_with<T: Borrow<Item>>(
        &self,
        items: &Unmuted<T>,
        notes: &HashMap<ItemId, String>,
    ) -> Result<StoryListHtml, Error> {
        let list = self.list();
        let before = list.as_ref().map_or(0, |list| list.bytes());
        let viewer = self.viewer;
        let marks = self.own.marks(viewer, items, self.store).await?;
        let eye = ViewContext::new(viewer, marks);
        let mut stories = StoryListHtml::default();
        for item in items.iter().map(Borrow::borrow) {
            if !matches!(eye.sees(item), Visibility::Whole | Visibility::Dead(_)) {
                continue;
            }
            stories.count += 1;
            let note = notes.get(&item.id).map(String::as_str);
            let general = list.as_ref().filter(|_| note.is_none() && !is_theirs(item, &eye));
            let general = general.map(|list| cached_list(list, item, &eye, viewer));
            match general.transpose()?.flatten() {
                Some(html) => stories.html.push_str(&html),
                None => write(&mut stories.html, item, note, &eye, viewer)?,
            }
        }
        if let Some(list) = list.filter(|list| list.bytes() > before) {
            self.weigh_again(list);
        }
        Ok(stories)
    }
}

/// Whether the row differs from the one shared by viewers with the same traits.
fn is_theirs(item: &Item, eye: &ViewContext<'_>) -> bool {
    let Marks { votes, saved, hidden, followed: _, unseen, own_shadowed_comments } = &*eye.marks;
    let id = &item.id;
    item.is_own(eye.member)
        || votes.contains_key(id)
        || saved.contains(id)
        || hidden.contains(id)
        || unseen.contains_key(id)
        || own_shadowed_comments.contains_key(id)
}

fn cached_list(
    list: &CachedList,
    item: &Item,
    eye: &ViewContext<'_>,
    viewer: &MaybeMember,
) -> Result<Option<Arc<str>>, Error> {
    let row = list.row(item);
    if let Some(html) = row.html.get() {
        return Ok(html.clone());
    }
    let html = match eye.member.map(|member| ViewerTraits::of(member, eye.policy).anybody(eye.policy)) {
        Some(anybody) => {
            let eye = eye.of(&anybody);
            let mut html = String::new();
            if matches!(eye.sees(item), Visibility::Whole | Visibility::Dead(_)) {
                write(&mut html, item, None, &eye, viewer)?;
            }
            Some(html).filter(|html| !html.is_empty()).map(Arc::from)
        }
        None => None,
    };
    Ok(row.html.get_or_init(|| html).clone())
}

fn write(
    html: &mut String,
    item: &Item,
    note: Option<&str>,
    eye: &ViewContext<'_>,
    viewer: &MaybeMember,
) -> Result<(), Error> {
    let story = StoryView::row(item, eye);
    let row = StoryHtml { story: &story, here: &viewer.here, member: eye.member.is_some(), note };
    row.render_into(html).map_err(Error::internal)
}
