//! Rows of lists, kept as members of one audience see them; those that are otherwise to a member are written for them.

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
use crate::web::viewer::MaybeMember;

/// What a list takes in memory beside its address and its rows, in bytes.
const LIST: usize = 512;
/// The most rows that are kept of one list, for members who have hidden some see what stands further down.
const KEPT: usize = 60;

#[derive(Template)]
#[template(path = "items/_story.html")]
struct StoryHtml<'a> {
    story: &'a StoryView,
    here: &'a str,
    member: bool,
    /// What stands under it of its reader's own doing.
    note: Option<&'a str>,
}

/// Rows of stories, ready to be printed within a list.
#[derive(Debug, Default)]
pub struct StoryListHtml {
    html: String,
    count: usize,
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

/// A template made it.
impl askama::filters::HtmlSafe for StoryListHtml {}

/// A story and its row as anybody of the audience sees it, once somebody has asked for it; none where they do not.
struct CachedRow {
    item: Arc<Item>,
    html: OnceLock<Option<Arc<str>>>,
}

/// All that a list's rows depend on beside the stories.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ListKey {
    here: String,
    traits: ViewerTraits,
    generation: u64,
    minute: i64,
}

/// The rows of a list.
#[derive(Default)]
struct CachedList {
    rows: Mutex<HashMap<ItemId, Arc<CachedRow>>>,
    /// Held by whoever reads rows from the store, so that the next finds them here.
    reading: tokio::sync::Mutex<()>,
}

impl CachedList {
    fn lock(&self) -> MutexGuard<'_, HashMap<ItemId, Arc<CachedRow>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> usize {
        self.lock().values().map(|row| row.bytes()).sum()
    }

    /// Of these stories, those at hand, and whether there is room for more.
    fn at_hand(&self, ids: &[ItemId]) -> (HashMap<ItemId, Arc<Item>>, bool) {
        let rows = self.lock();
        let found = ids.iter().filter_map(|id| Some((*id, Arc::clone(&rows.get(id)?.item)))).collect();
        (found, rows.len() < KEPT)
    }

    /// The row of a story, which has no words yet where it was not here.
    fn row(&self, item: &Item) -> Arc<CachedRow> {
        let mut rows = self.lock();
        if let Some(row) = rows.get(&item.id) {
            return Arc::clone(row);
        }
        // A list shows no text.
        let item = Arc::new(Item { text: String::new(), ..item.clone() });
        let row = Arc::new(CachedRow { item, html: OnceLock::new() });
        if rows.len() < KEPT {
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

fn weigh(key: &ListKey, list: &Arc<CachedList>) -> u32 {
    u32::try_from(LIST + key.here.len() + list.bytes()).unwrap_or(u32::MAX)
}

/// The kept rows; none where nothing may be kept, and each row is written for its viewer.
pub struct ListRowCache {
    kept: Option<Cache<ListKey, Arc<CachedList>>>,
    read: AtomicUsize,
}

impl ListRowCache {
    /// Keeps up to about so many bytes; the least recently read lists go first.
    pub fn new(bytes: u64) -> ListRowCache {
        let kept = Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru());
        ListRowCache { kept: (bytes > 0).then(|| kept.build()), read: AtomicUsize::new(0) }
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| {
            kept.run_pending_tasks();
            kept.weighted_size()
        })
    }

    /// How often rows have been read from the store.
    pub fn reads(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }
}

/// Items in the order of their ids in `ids`; those not found are left out.
pub fn in_order(items: Vec<Item>, ids: &[ItemId]) -> Vec<Item> {
    let mut found: HashMap<ItemId, Item> = items.into_iter().map(|item| (item.id, item)).collect();
    ids.iter().filter_map(|id| found.remove(id)).collect()
}

/// What writes the rows of a page for its viewer.
#[derive(Clone, Copy)]
pub struct RowWriter<'a> {
    pub rows: &'a ListRowCache,
    pub store: &'a Store,
    pub own: &'a MemberCache,
    pub viewer: &'a MaybeMember,
}

impl RowWriter<'_> {
    /// The key of a member's list.
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

    /// Weighs a list again, to which rows were added.
    fn weigh_again(&self, list: Arc<CachedList>) {
        if let (Some(kept), Some(key)) = (&self.rows.kept, self.key()) {
            kept.insert(key, list);
        }
    }

    /// The stories of these ids, in their order; those at hand from memory, the rest from the store. Whoever asks at the same moment waits
    /// for the one who reads them.
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

    /// Stories as rows, as the viewer sees them and with what they have done; what they may not see is left out.
    pub async fn write<T: Borrow<Item>>(&self, items: &[T]) -> Result<StoryListHtml, Error> {
        self.write_with(items, &HashMap::new()).await
    }

    /// The same, some with a note under them that is for the viewer alone.
    pub async fn write_with<T: Borrow<Item>>(
        &self,
        items: &[T],
        notes: &HashMap<ItemId, String>,
    ) -> Result<StoryListHtml, Error> {
        let list = self.list();
        let before = list.as_ref().map_or(0, |list| list.bytes());
        let viewer = self.viewer;
        let marks = self.own.marks(viewer, items, self.store).await?;
        let policy = &viewer.settings.policy;
        let eye =
            ViewContext { policy, texts: Arc::default(), member: viewer.member(), marks, now: viewer.now };
        let mut stories = StoryListHtml::default();
        for item in items.iter().map(Borrow::borrow) {
            if !matches!(eye.sees(item), Visibility::Whole | Visibility::Dead(_)) {
                continue;
            }
            stories.count += 1;
            let note = notes.get(&item.id).map(String::as_str);
            let general = list.as_ref().filter(|_| note.is_none() && !is_theirs(item, &eye));
            let general = general.map(|list| kept(list, item, &eye, viewer));
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

/// Whether a row looks otherwise to its viewer than to others of their audience.
fn is_theirs(item: &Item, eye: &ViewContext<'_>) -> bool {
    let Marks { votes, saved, hidden, unseen, unheard } = &*eye.marks;
    let id = &item.id;
    item.is_own(eye.member)
        || votes.contains_key(id)
        || saved.contains(id)
        || hidden.contains(id)
        || unseen.contains_key(id)
        || unheard.contains_key(id)
}

/// The row as it is kept, or now is.
fn kept(
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
