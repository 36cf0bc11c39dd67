//! Threads as the store has them, kept in memory until something is written: what members' pages are made from.

use std::sync::Arc;

use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::domain::item::{Item, ItemId};
use crate::store::{Error, Store};

pub struct Threads {
    whole: Cache<(ItemId, u64), Arc<[Item]>>,
    earlier: Cache<(ItemId, u64), Arc<[Item]>>,
}

impl Threads {
    /// Keeps up to so many bytes of threads; the least recently read go first.
    pub fn new(bytes: u64) -> Threads {
        let weigh = |_: &(ItemId, u64), items: &Arc<[Item]>| {
            let bytes: usize = items.iter().map(|item| size_of::<Item>() + item.text.len() + 64).sum();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let kept =
            |bytes| Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru()).build();
        Threads { whole: kept(bytes / 8 * 7), earlier: kept(bytes / 8) }
    }

    /// Everything of the thread that an item stands in.
    pub async fn with(&self, id: ItemId, store: &Store) -> Result<Arc<[Item]>, Arc<Error>> {
        // Most often it is the head that is asked for; then no look at the store is needed to know the thread.
        if let Some(thread) = self.whole.get(&(id, store.generation())).await {
            return Ok(thread);
        }
        let root = store.item(id).await?.root_id;
        self.get(root, store).await
    }

    /// Everything of a thread as of the store's last write; whoever asks at the same moment waits for the one who reads it.
    async fn get(&self, root: ItemId, store: &Store) -> Result<Arc<[Item]>, Arc<Error>> {
        let key = (root, store.generation());
        self.whole.try_get_with(key, async { store.thread(root).await.map(Arc::from) }).await
    }

    /// The earlier discussions of a story's address.
    pub async fn earlier(&self, root: ItemId, store: &Store) -> Result<Arc<[Item]>, Arc<Error>> {
        let key = (root, store.generation());
        self.earlier.try_get_with(key, async { store.same_url(root).await.map(Arc::from) }).await
    }
}
