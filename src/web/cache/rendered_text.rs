//! Cache of rendered Markdown, the main cost of a long page. Misses are rendered in the pool, in chunks.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::domain::items::item::{Item, ItemId};
use crate::domain::text::{self, Html};
use crate::web::admission::Workers;
use crate::web::error::Error;

/// Longer comments are truncated on pages that show several, in characters.
const LONGEST_LISTED: usize = 8_000;
/// Source rendered per chunk, in bytes; a longer text is its own chunk.
const PIECE: usize = 16 * 1024;
/// A page with more source to render than this counts as render-heavy, in bytes.
const LARGE: usize = 256 * 1024;
/// A text larger than this fraction of the cache is not cached.
const MAX_CACHE_FRACTION: u64 = 64;

/// The item, a hash of the text (so edits are misses), and whether it is truncated.
type TextKey = (ItemId, u64, bool);

#[derive(Clone, Copy)]
pub struct TextSource<'s> {
    id: ItemId,
    text: &'s str,
    is_cut: bool,
}

impl<'s> TextSource<'s> {
    pub fn whole(id: ItemId, text: &'s str) -> TextSource<'s> {
        TextSource { id, text, is_cut: false }
    }

    /// A comment's text for pages with several items: truncated if long.
    pub fn listed(item: &'s Item) -> TextSource<'s> {
        TextSource { is_cut: is_long(&item.text), ..TextSource::whole(item.id, &item.text) }
    }
}

pub fn is_long(text: &str) -> bool {
    text.len() > LONGEST_LISTED && text.char_indices().nth(LONGEST_LISTED).is_some()
}

fn html(text: &str, is_cut: bool) -> Html {
    if is_cut {
        text::render(&text::cut(text, LONGEST_LISTED).unwrap_or_default())
    } else {
        text::render(text)
    }
}

pub struct RenderedTexts {
    kept: Cache<TextKey, Arc<Html>>,
    hasher: RandomState,
    largest: usize,
    /// Cache share of a single page, so that one page cannot evict all others.
    page: usize,
}

#[derive(Clone, Default)]
pub struct PageTexts {
    /// By item and truncation; a page may show both.
    html: HashMap<(ItemId, bool), Arc<Html>>,
}

impl PageTexts {
    /// A text as HTML; rendered here if it was not requested beforehand.
    pub fn get(&self, id: ItemId, text: &str, is_cut: bool) -> Arc<Html> {
        match self.html.get(&(id, is_cut)) {
            Some(html) => Arc::clone(html),
            None if text.is_empty() => Arc::default(),
            None => Arc::new(html(text, is_cut)),
        }
    }

    pub fn add(&mut self, more: PageTexts) {
        self.html.extend(more.html);
    }
}

fn weight(html: &Html) -> usize {
    html.as_str().len() + 128
}

impl RenderedTexts {
    pub fn new(bytes: u64) -> RenderedTexts {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, html: &Arc<Html>| u32::try_from(weight(html)).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let part = |of: u64| usize::try_from(bytes / of).unwrap_or(usize::MAX);
        RenderedTexts { kept, hasher: RandomState::new(), largest: part(MAX_CACHE_FRACTION), page: part(2) }
    }

    fn keeps(&self, html: &Html, of_page: usize) -> bool {
        weight(html) <= self.largest && of_page.saturating_add(weight(html)) <= self.page
    }

    pub fn bytes(&self) -> u64 {
        self.kept.run_pending_tasks();
        self.kept.weighted_size()
    }
}

#[derive(Clone, Copy)]
pub struct TextRenderer<'a> {
    pub texts: &'a RenderedTexts,
    pub workers: Workers<'a>,
}

impl TextRenderer<'_> {
    /// Renders the texts of a page that are not cached.
    pub async fn page(self, sources: Vec<TextSource<'_>>) -> Result<PageTexts, Error> {
        let mut rendered = PageTexts::default();
        let (mut missing, mut kept) = (Vec::new(), 0);
        for TextSource { id, text, is_cut } in sources.into_iter().filter(|source| !source.text.is_empty()) {
            let key = (id, self.texts.hasher.hash_one(text), is_cut);
            match self.texts.kept.get(&key) {
                Some(html) => {
                    kept += weight(&html);
                    rendered.html.insert((id, is_cut), html);
                }
                None => missing.push((key, text)),
            }
        }
        missing.sort_unstable_by_key(|(key, _)| *key);
        missing.dedup_by_key(|(key, _)| *key);
        let is_large = missing.iter().map(|(_, source)| source.len()).sum::<usize>() > LARGE;
        let _large = if is_large { Some(self.workers.large_page().await?) } else { None };
        let mut rest = missing.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(piece(rest));
            for (key, html) in self.render(piece).await? {
                if self.texts.keeps(&html, kept) {
                    kept += weight(&html);
                    self.texts.kept.insert(key, Arc::clone(&html));
                }
                rendered.html.insert((key.0, key.2), html);
            }
            rest = after;
        }
        Ok(rendered)
    }

    pub async fn items(self, items: impl IntoIterator<Item = &Item>) -> Result<PageTexts, Error> {
        let sources = items.into_iter().map(|item| TextSource::whole(item.id, &item.text)).collect();
        self.page(sources).await
    }

    async fn render(self, texts: &[(TextKey, &str)]) -> Result<Vec<(TextKey, Arc<Html>)>, Error> {
        let owned: Vec<(TextKey, String)> =
            texts.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
        let render = |(key, text): (TextKey, String)| (key, Arc::new(html(&text, key.2)));
        self.workers.run(move || owned.into_iter().map(render).collect()).await
    }

    /// Renders without caching, for previews.
    pub async fn once(self, source: &str) -> Result<Html, Error> {
        let source = source.to_owned();
        self.workers.run(move || text::render(&source)).await
    }
}

/// The number of leading texts to render in one chunk, at least one.
fn piece(texts: &[(TextKey, &str)]) -> usize {
    let mut bytes = 0_usize;
    let fit = texts.iter().take_while(|(_, source)| {
        bytes = bytes.saturating_add(source.len());
        bytes <= PIECE
    });
    fit.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::admission::WorkerPool;

    fn sources(first: i64, texts: &[String]) -> Vec<TextSource<'_>> {
        (first..).zip(texts).map(|(id, text)| TextSource::whole(ItemId(id), text)).collect()
    }

    #[tokio::test]
    async fn a_page_of_many_texts_leaves_half_of_what_is_kept_to_others() {
        let (texts, pool) = (RenderedTexts::new(64 * 1024), WorkerPool::new(true));
        let renderer = TextRenderer { texts: &texts, workers: pool.of(None) };
        let others: Vec<String> = (0..20).map(|n| format!("Other {n}. {}", "words ".repeat(100))).collect();
        renderer.page(sources(1_000, &others)).await.expect("rendered");
        let long: Vec<String> = (0..500).map(|n| format!("Text {n}. {}", "words ".repeat(100))).collect();
        for _ in 0..3 {
            let page = renderer.page(sources(1, &long)).await.expect("rendered");
            let is_there =
                |source: &TextSource<'_>| page.get(source.id, source.text, false).as_str().contains("Text ");
            assert!(sources(1, &long).iter().all(is_there));
        }
        texts.kept.run_pending_tasks();
        let key = |source: &TextSource<'_>| (source.id, texts.hasher.hash_one(source.text), false);
        let kept = |first, of: &[String]| {
            sources(first, of).iter().filter(|source| texts.kept.contains_key(&key(source))).count()
        };
        assert_eq!(kept(1_000, &others), others.len(), "those of other pages are there still");
        let kept = kept(1, &long);
        assert!((20..60).contains(&kept), "and half of the room has those of the long page: {kept}");
    }

    #[tokio::test]
    async fn a_text_that_takes_much_of_the_room_is_not_kept() {
        let (texts, pool) = (RenderedTexts::new(64 * 1024), WorkerPool::new(true));
        let renderer = TextRenderer { texts: &texts, workers: pool.of(None) };
        let long = "Words, and words. ".repeat(100);
        let page = renderer.page(vec![TextSource::whole(ItemId(1), &long)]).await.expect("rendered");
        assert!(page.get(ItemId(1), &long, false).as_str().len() > 1_024 && texts.bytes() == 0);
    }

    #[tokio::test]
    async fn a_text_is_shown_whole_and_cut() {
        let (texts, pool) = (RenderedTexts::new(0), WorkerPool::new(true));
        let renderer = TextRenderer { texts: &texts, workers: pool.of(None) };
        let long = format!("{} The end.", "words ".repeat(2_000));
        let both = [true, false].map(|is_cut| TextSource { is_cut, ..TextSource::whole(ItemId(1), &long) });
        let page = renderer.page(both.into()).await.expect("rendered");
        assert!(!page.get(ItemId(1), &long, true).as_str().contains("The end."));
        assert!(page.get(ItemId(1), &long, false).as_str().contains("The end."));
    }

    #[test]
    fn texts_are_rendered_in_pieces_of_a_few_milliseconds() {
        for (lengths, expected) in [
            (vec![0], 1),
            (vec![PIECE], 1),
            (vec![PIECE + 1, 1], 1),
            (vec![PIECE / 2; 5], 2),
            (vec![100; 1_000], PIECE / 100),
        ] {
            let texts: Vec<String> = lengths.iter().map(|length| "a".repeat(*length)).collect();
            let texts: Vec<(TextKey, &str)> =
                texts.iter().map(|text| ((ItemId(1), 0, false), text.as_str())).collect();
            assert_eq!(piece(&texts), expected, "{lengths:?}");
        }
    }
}
