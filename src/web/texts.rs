//! Rendered texts, kept in memory: Markdown and its sanitiser cost more than all else of a long thread's page.

use std::hash::{BuildHasher, RandomState};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::domain::item::{Item, ItemId};
use crate::domain::text::{self, Html};

/// The longest comment that a thread's page shows whole, in characters.
const LONGEST_IN_THREAD: usize = 8_000;

/// Texts by item and the hash of their source, so that an edit is another text, and whether they are cut.
pub struct Texts {
    kept: Cache<(ItemId, u64, bool), Html>,
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
        self.kept.get_with(self.key(item, false), || text::render(&item.text))
    }

    /// A comment's text as its thread's page shows it: where it is long, only its beginning, and true.
    pub fn in_thread(&self, item: &Item) -> (Html, bool) {
        if item.text.len() <= LONGEST_IN_THREAD || item.text.char_indices().nth(LONGEST_IN_THREAD).is_none() {
            return (self.render(item), false);
        }
        let cut = || text::cut(&item.text, LONGEST_IN_THREAD).unwrap_or_default();
        (self.kept.get_with(self.key(item, true), || text::render(&cut())), true)
    }

    fn key(&self, item: &Item, is_cut: bool) -> (ItemId, u64, bool) {
        (item.id, self.hasher.hash_one(&item.text), is_cut)
    }
}
