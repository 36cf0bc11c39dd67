//! Cached thread contents, valid until a write that the thread shows.

use std::hash::Hash;
use std::sync::Arc;

use moka::future::Cache;
use moka::policy::EvictionPolicy;
use moka::sync;

use crate::domain::items::item::{Item, ItemId};
use crate::store::{Error, Store, ThreadGeneration};

const ROOTS: u64 = 16_384;

pub struct ThreadCache {
    whole: Cache<(ItemId, ThreadGeneration), Arc<[Item]>>,
    earlier: Cache<(ItemId, u64), Arc<[Item]>>,
    /// Thread roots by item, with the generation of moves.
    roots: sync::Cache<ItemId, (ItemId, u64)>,
}

pub struct CachedThread {
    pub all: Arc<[Item]>,
    pub generation: ThreadGeneration,
}

impl ThreadCache {
    pub fn new(bytes: u64) -> ThreadCache {
        ThreadCache {
            whole: cache_of(bytes / 8 * 7),
            earlier: cache_of(bytes / 8),
            roots: sync::Cache::builder()
                .max_capacity(ROOTS.min(bytes / 64))
                .eviction_policy(EvictionPolicy::lru())
                .build(),
        }
    }

    pub fn known_root(&self, id: ItemId, store: &Store) -> Option<ItemId> {
        self.roots.get(&id).filter(|(_, of)| *of == store.moved()).map(|(root, _)| root)
    }

    async fn root(&self, id: ItemId, store: &Store) -> Result<ItemId, Error> {
        if let Some(root) = self.known_root(id, store) {
            return Ok(root);
        }
        let moved = store.moved();
        let root = store.root_of(id).await?;
        self.roots.insert(id, (root, moved));
        Ok(root)
    }

    /// All items of an item's thread at the current generation; concurrent requests share one read.
    pub async fn with(&self, id: ItemId, store: &Store) -> Result<CachedThread, Arc<Error>> {
        let root = self.root(id, store).await?;
        let generation = store.thread_generation(root);
        let read = async { store.thread(root).await.map(Arc::from) };
        let all = self.whole.try_get_with((root, generation), read).await?;
        Ok(CachedThread { all, generation })
    }

    pub async fn earlier(&self, root: ItemId, store: &Store) -> Result<Arc<[Item]>, Arc<Error>> {
        let key = (root, store.content_generation());
        self.earlier.try_get_with(key, async { store.same_url(root).await.map(Arc::from) }).await
    }
}

/// Approximate memory of an item including allocator overhead, in bytes.
pub fn weight(item: &Item) -> usize {
    let words = [&item.author, &item.title, &item.url, &item.site, &item.pinned];
    let words: usize = words.into_iter().flatten().map(String::len).sum();
    size_of::<Item>() + item.text.len() + words + 64
}

fn cache_of<K: Hash + Eq + Send + Sync + 'static>(bytes: u64) -> Cache<K, Arc<[Item]>> {
    let weigh = |_: &K, items: &Arc<[Item]>| {
        let bytes: usize = items.iter().map(weight).sum();
        u32::try_from(bytes + size_of::<K>() + 128).unwrap_or(u32::MAX)
    };
    Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru()).build()
}
