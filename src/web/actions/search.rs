//! Searching: one entry for pages, feeds and mail.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::domain::accounts::mutes::{MuteScope, Mutes};
use crate::domain::items::item::{Item, ItemId, Reader, Visibility, may_see};
use crate::domain::search::{ParsedSearch, SearchCondition};
use crate::search::{Hit, IndexState, MAX_COUNTED, SearchCriteria, SearchReader};
use crate::web::admission::run_blocking;
use crate::web::error::Error;
use crate::web::state::App;

/// Results of which points and comments are looked up.
pub const MAX_LOOKED_UP: usize = 2_000;
const LOOKED_UP_AT_ONCE: usize = 500;
/// How often more results are read for those that the viewer may not see or has muted.
const READS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchOrder {
    Relevance,
    Date,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor {
    /// By relevance: after so many results.
    pub skip: usize,
    /// By date: after this one.
    pub before: (Timestamp, ItemId),
}

impl SearchCursor {
    pub const FIRST: SearchCursor = SearchCursor { skip: 0, before: (Timestamp(i64::MAX), ItemId(i64::MAX)) };

    fn after(self, hit: Hit) -> SearchCursor {
        SearchCursor { skip: self.skip.saturating_add(1), before: (hit.time, hit.id) }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct SearchRequest<'a> {
    pub typed: &'a str,
    pub order: SearchOrder,
    pub from: SearchCursor,
    pub rows: usize,
    /// Whether it is said how many results there are.
    pub is_counted: bool,
}

/// Who searches: a member or, without one, everybody.
#[derive(Clone, Copy)]
pub struct SearchViewer<'a> {
    pub member: Reader<'a>,
    pub mutes: &'a Arc<Mutes>,
    /// `None` outside of requests.
    pub address: Option<IpAddr>,
    pub now: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultCount {
    Exactly(usize),
    MoreThan(usize),
}

impl ResultCount {
    fn of(count: usize) -> ResultCount {
        if count <= MAX_COUNTED { ResultCount::Exactly(count) } else { ResultCount::MoreThan(MAX_COUNTED) }
    }
}

#[derive(Debug)]
pub struct SearchResults {
    /// What was understood, for marks and notes.
    pub search: ParsedSearch,
    /// Stories and comments that the viewer may see, in order.
    pub items: Vec<Item>,
    pub count: ResultCount,
    /// By date if no words are looked for.
    pub order: SearchOrder,
    pub more: Option<SearchCursor>,
    pub state: IndexState,
}

struct Finder<'a> {
    app: &'a App,
    reader: SearchReader,
    search: Arc<ParsedSearch>,
    asked: SearchRequest<'a>,
    viewer: SearchViewer<'a>,
    /// All results in order, if they had to be looked up.
    looked_up: Option<Vec<Hit>>,
    /// How many there are, once that is known.
    count: Option<ResultCount>,
}

impl App {
    /// A page of what the viewer may see. Fails if too many search at once.
    pub async fn search(
        &self,
        asked: SearchRequest<'_>,
        viewer: SearchViewer<'_>,
    ) -> Result<SearchResults, Error> {
        let mut search = ParsedSearch::parse(asked.typed);
        let has_words = search.phrases().next().is_some();
        // Without words, none is better than another.
        let order = if has_words { asked.order } else { SearchOrder::Date };
        let asked = SearchRequest { order, ..asked };
        let state = self.search_index.state();
        let count = ResultCount::Exactly(0);
        let Some(reader) = self.search_index.reader().filter(|_| !search.is_empty()) else {
            return Ok(SearchResults { search, items: Vec::new(), count, order, more: None, state });
        };
        let _permit = self.admission.slow_pages.acquire(viewer.address).await?;
        look_up_names(self, &mut search, viewer).await?;
        let search = Arc::new(search);
        let (looked_up, known) = (None, None);
        let mut finder =
            Finder { app: self, reader, search: Arc::clone(&search), asked, viewer, looked_up, count: known };
        if search.counts() {
            finder.look_all_up().await?;
        }
        let (items, more) = finder.page().await?;
        // The index may not have read the last second's writes, and knows not all that is muted.
        let is_whole = asked.from == SearchCursor::FIRST && more.is_none();
        let count = match asked.is_counted {
            true if is_whole => ResultCount::Exactly(items.len()),
            true => finder.count().await?,
            false => count,
        };
        drop(finder);
        let search = Arc::unwrap_or_clone(search);
        let results = SearchResults { search, items, count, order, more, state };
        with_shadowed(self, results, asked, viewer).await
    }
}

/// Finds people and threads by what names them.
async fn look_up_names(app: &App, search: &mut ParsedSearch, viewer: SearchViewer<'_>) -> Result<(), Error> {
    let mut notes = Vec::new();
    for clause in &mut search.clauses {
        match &mut clause.condition {
            SearchCondition::Author { name, id } => {
                *id = app.store.user_named(name).await?;
                if id.is_none() {
                    notes.push(format!("Nobody here has the name “{name}”."));
                }
            }
            SearchCondition::In { item, root } => {
                let found = app.store.items(&[*item]).await?.pop();
                let is_known = |item: &Item| {
                    !matches!(
                        may_see(item, viewer.member, viewer.now),
                        Visibility::Hidden | Visibility::NotFound
                    )
                };
                *root = found.filter(is_known).map(|item| item.root_id);
                if root.is_none() {
                    notes.push(format!("There is no item {item}."));
                }
            }
            _ => {}
        }
    }
    search.notes.extend(notes);
    Ok(())
}

impl Finder<'_> {
    async fn blocking<T: Send + 'static>(
        &self,
        find: impl FnOnce(&SearchReader, SearchCriteria<'_>) -> Result<T, crate::search::SearchError>
        + Send
        + 'static,
    ) -> Result<T, Error> {
        let (reader, search) = (self.reader.clone(), Arc::clone(&self.search));
        let (mutes, now) = (Arc::clone(self.viewer.mutes), self.viewer.now);
        let work = move || find(&reader, SearchCriteria { search: &search, mutes: &mutes, now });
        match run_blocking((), work).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                self.app.search_index.failed();
                Err(Error::internal(error))
            }
            Err(error) => {
                self.app.search_index.failed();
                Err(error)
            }
        }
    }

    async fn look_all_up(&mut self) -> Result<(), Error> {
        let hits = self.find(SearchCursor::FIRST, MAX_LOOKED_UP).await?;
        let is_all = hits.len() < MAX_LOOKED_UP;
        let found = self.look_up(hits).await?;
        let count = found.len();
        self.looked_up = Some(found);
        self.count = Some(if is_all { ResultCount::Exactly(count) } else { ResultCount::MoreThan(count) });
        Ok(())
    }

    async fn count(&self) -> Result<ResultCount, Error> {
        if let Some(count) = self.count {
            return Ok(count);
        }
        let most = MAX_COUNTED.saturating_add(1);
        let count = self.blocking(move |reader, criteria| reader.count(criteria, most)).await?;
        Ok(ResultCount::of(count))
    }

    /// Those with the points and comments that are asked for.
    async fn look_up(&self, hits: Vec<Hit>) -> Result<Vec<Hit>, Error> {
        let mut found = Vec::new();
        for hits in hits.chunks(LOOKED_UP_AT_ONCE) {
            let ids: Vec<ItemId> = hits.iter().map(|hit| hit.id).collect();
            let items = by_id(self.app.store.items(&ids).await?);
            let fits = |hit: &&Hit| items.get(&hit.id).is_some_and(|item| self.search.finds_numbers(item));
            found.extend(hits.iter().filter(fits));
        }
        Ok(found)
    }

    async fn find(&mut self, from: SearchCursor, most: usize) -> Result<Vec<Hit>, Error> {
        if let Some(all) = &self.looked_up {
            let is_after = |(nth, hit): &(usize, &Hit)| match self.asked.order {
                SearchOrder::Relevance => *nth >= from.skip,
                SearchOrder::Date => (hit.time, hit.id) < from.before,
            };
            return Ok(all.iter().enumerate().filter(is_after).map(|(_, hit)| *hit).take(most).collect());
        }
        match self.asked.order {
            SearchOrder::Relevance => {
                let most = most.min(MAX_COUNTED.saturating_sub(from.skip));
                if most == 0 {
                    return Ok(Vec::new());
                }
                let find = move |reader: &SearchReader, criteria: SearchCriteria<'_>| {
                    reader.by_relevance(criteria, from.skip, most)
                };
                let (hits, count) = self.blocking(find).await?;
                self.count = self.count.or(count.map(ResultCount::of));
                Ok(hits)
            }
            SearchOrder::Date => {
                self.blocking(move |reader, criteria| reader.by_date(criteria, from.before, most)).await
            }
        }
    }

    async fn page(&mut self) -> Result<(Vec<Item>, Option<SearchCursor>), Error> {
        let (mut cursor, mut rows) = (self.asked.from, Vec::new());
        let most = self.asked.rows.saturating_add(1);
        for _ in 0..READS {
            let hits = self.find(cursor, most).await?;
            let is_last = hits.len() < most;
            let mut visible = self.visible(&hits).await?;
            for hit in hits {
                if rows.len() >= self.asked.rows {
                    return Ok((rows, Some(cursor)));
                }
                cursor = cursor.after(hit);
                rows.extend(visible.remove(&hit.id));
            }
            if is_last {
                return Ok((rows, None));
            }
        }
        Ok((rows, Some(cursor)))
    }

    /// What the viewer may see now and has not muted.
    async fn visible(&self, hits: &[Hit]) -> Result<HashMap<ItemId, Item>, Error> {
        let ids: Vec<ItemId> = hits.iter().map(|hit| hit.id).collect();
        let mut items = by_id(self.app.store.items(&ids).await?);
        let SearchViewer { member, mutes, now, .. } = self.viewer;
        items.retain(|_, item| may_see(item, member, now) == Visibility::Whole);
        if !mutes.is_empty() {
            let mut roots: Vec<ItemId> = items.values().map(|item| item.root_id).collect();
            roots.sort_unstable();
            roots.dedup();
            let roots = by_id(self.app.store.items(&roots).await?);
            let root = |item: &Item| roots.get(&item.root_id);
            items.retain(|_, item| mutes.matching_with_root(item, root(item), MuteScope::Lists).is_none());
        }
        Ok(items)
    }
}

fn by_id(items: Vec<Item>) -> HashMap<ItemId, Item> {
    items.into_iter().map(|item| (item.id, item)).collect()
}

/// Adds a shadow-banned author's own posts, which no index has.
async fn with_shadowed(
    app: &App,
    mut results: SearchResults,
    asked: SearchRequest<'_>,
    viewer: SearchViewer<'_>,
) -> Result<SearchResults, Error> {
    let Some(author) = viewer.member.filter(|member| member.shadow_banned_at.is_some()) else {
        return Ok(results);
    };
    let (theirs, search) = (app.store.shadowed_posts(author.id, None).await?, results.search.clone());
    let found = move || theirs.into_iter().filter(|item| search.finds(item)).collect();
    let mut theirs: Vec<Item> = run_blocking((), found).await?;
    results.count = match results.count {
        ResultCount::Exactly(count) => ResultCount::Exactly(count.saturating_add(theirs.len())),
        more => more,
    };
    let end = results.more.map_or((Timestamp(i64::MIN), ItemId(i64::MIN)), |more| more.before);
    match asked.order {
        // Before the others, whose scores theirs have none to compare with.
        SearchOrder::Relevance => theirs.retain(|_| asked.from == SearchCursor::FIRST),
        SearchOrder::Date => theirs.retain(|item| {
            let place = (item.time, item.id);
            place < asked.from.before && place >= end
        }),
    }
    theirs.sort_by_key(|item| Reverse((item.time, item.id)));
    theirs.append(&mut results.items);
    if asked.order == SearchOrder::Date {
        theirs.sort_by_key(|item| Reverse((item.time, item.id)));
    }
    results.items = theirs;
    Ok(results)
}
