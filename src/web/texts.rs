//! Rendered texts, kept in memory: Markdown and its sanitiser cost more than all else of a long thread's page.

use std::hash::{BuildHasher, RandomState};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::domain::item::{Item, ItemId};
use crate::domain::text::{self, Html};

/// Texts by item and the hash of their source, so that an edit is another text.
pub struct Texts {
    kept: Cache<(ItemId, u64), Html>,
    hasher: RandomState,
}

impl Texts {
    /// Keeps up to so many bytes of rendered texts.
    pub fn new(bytes: u64) -> Texts {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, html: &Html| u32::try_from(html.as_str().len() + 128).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Texts { kept, hasher: RandomState::new() }
    }

    /// An item's text as HTML.
    pub fn render(&self, item: &Item) -> Html {
        let key = (item.id, self.hasher.hash_one(&item.text));
        self.kept.get_with(key, || text::render(&item.text))
    }
}
