//! Searches of the index: by relevance, by date, and how many. They block, for milliseconds.

use std::cmp::Reverse;
use std::ops::Range;

use tantivy::collector::TopDocs;
use tantivy::query::{EnableScoring, Query};
use tantivy::{DocAddress, DocId, DocSet, IndexReader, Score, Searcher, TERMINATED};

use crate::clock::Timestamp;
use crate::domain::items::item::ItemId;
use crate::search::criteria::SearchCriteria;
use crate::search::error::SearchError;
use crate::search::schema::{self, IndexFields};

/// Matches that are told apart in a count, and phrases of each part of the index that are scored, the newest:
/// whether the words follow one another is read for each text that has them.
pub const MAX_COUNTED: usize = 1_000;
/// The same for words, where the best are not found without reading all.
const MAX_SCORED: usize = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub id: ItemId,
    pub time: Timestamp,
}

/// The latest committed state of the index, for searches.
#[derive(Clone)]
pub struct SearchReader {
    pub(super) reader: IndexReader,
    pub(super) fields: IndexFields,
}

impl SearchReader {
    /// The best matches by BM25, from the `skip`th on; words in titles count more. With how many there are,
    /// unless that takes another search.
    pub fn by_relevance(
        &self,
        criteria: SearchCriteria<'_>,
        skip: usize,
        most: usize,
    ) -> Result<(Vec<Hit>, Option<usize>), SearchError> {
        let searcher = self.reader.searcher();
        let query = criteria.query(&self.fields, &searcher, true)?;
        let (best, count) = if criteria.is_of_one_word() {
            let best = TopDocs::with_limit(most.max(1)).and_offset(skip).order_by_score();
            let found = searcher.search(&query, &best)?;
            (found.into_iter().map(|(_, address)| address).collect(), None)
        } else {
            let has_phrase = criteria.search.phrases().any(|phrase| phrase.words.len() > 1);
            let scored = if has_phrase { MAX_COUNTED + 1 } else { MAX_SCORED };
            let (best, count) = best_of_newest(&searcher, query.as_ref(), scored, skip..skip + most)?;
            (best, Some(count))
        };
        let mut hits = Vec::with_capacity(most);
        for address in best {
            let segment = searcher.segment_reader(address.segment_ord);
            let (id, time) = (schema::id_column(segment)?, schema::time_column(segment)?);
            hits.extend(hit(&id, &time, address.doc_id));
        }
        Ok((hits, count))
    }

    /// The newest matches that are older than a moment, or of it with a lower id. Reads only these, as the
    /// index is sorted by time.
    pub fn by_date(
        &self,
        criteria: SearchCriteria<'_>,
        before: (Timestamp, ItemId),
        most: usize,
    ) -> Result<Vec<Hit>, SearchError> {
        let searcher = self.reader.searcher();
        let query = criteria.query(&self.fields, &searcher, false)?;
        let weight = query.weight(EnableScoring::disabled_from_searcher(&searcher))?;
        let since = criteria.search.since.unwrap_or(Timestamp(i64::MIN));
        let until = criteria.search.before.map_or(before, |moment| before.min((moment, ItemId(i64::MIN))));
        let mut hits: Vec<Hit> = Vec::new();
        for segment in searcher.segment_readers() {
            let (id, time) = (schema::id_column(segment)?, schema::time_column(segment)?);
            let begin = first_from(segment.max_doc(), |doc| time.first(doc).is_none_or(|at| at <= until.0.0));
            let mut matches = weight.scorer(segment, 1.0)?;
            let mut doc = if matches.doc() < begin { matches.seek(begin) } else { matches.doc() };
            let mut found: Vec<Hit> = Vec::new();
            while doc != TERMINATED {
                let next = hit(&id, &time, doc).filter(|_| !segment.is_deleted(doc));
                if let Some(next) = next.filter(|hit| (hit.time, hit.id) < until) {
                    // Those of one moment are in no order.
                    let is_full =
                        found.len() >= most && found.last().is_some_and(|last| last.time > next.time);
                    if is_full || next.time < since {
                        break;
                    }
                    found.push(next);
                }
                doc = matches.advance();
            }
            hits.extend(found);
        }
        hits.sort_unstable_by_key(|hit| Reverse((hit.time, hit.id)));
        hits.truncate(most);
        Ok(hits)
    }

    /// How many matches there are, counted up to `most`.
    pub fn count(&self, criteria: SearchCriteria<'_>, most: usize) -> Result<usize, SearchError> {
        let searcher = self.reader.searcher();
        let query = criteria.query(&self.fields, &searcher, true)?;
        Ok(count(&searcher, query.as_ref(), most)?)
    }

    pub(super) fn generation(&self) -> u64 {
        self.reader.searcher().generation().generation_id()
    }
}

/// The best of the newest matches of each segment, by their places in that order; and how many were scored.
fn best_of_newest(
    searcher: &Searcher,
    query: &dyn Query,
    newest: usize,
    places: Range<usize>,
) -> tantivy::Result<(Vec<DocAddress>, usize)> {
    let weight = query.weight(EnableScoring::enabled_from_searcher(searcher))?;
    let mut scored: Vec<(Score, DocAddress)> = Vec::new();
    for (segment, nth) in searcher.segment_readers().iter().zip(0..) {
        let mut matches = weight.scorer(segment, 1.0)?;
        let (mut doc, enough) = (matches.doc(), scored.len() + newest);
        while doc != TERMINATED && scored.len() < enough {
            if !segment.is_deleted(doc) {
                scored.push((matches.score(), DocAddress::new(nth, doc)));
            }
            doc = matches.advance();
        }
    }
    let count = scored.len();
    let by_score = |one: &(Score, DocAddress), other: &(Score, DocAddress)| {
        other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1))
    };
    if places.end < count {
        scored.select_nth_unstable_by(places.end, by_score);
        scored.truncate(places.end);
    }
    scored.sort_unstable_by(by_score);
    Ok((scored.into_iter().skip(places.start).map(|(_, address)| address).collect(), count))
}

fn count(searcher: &Searcher, query: &dyn Query, most: usize) -> tantivy::Result<usize> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut found = 0;
    for segment in searcher.segment_readers() {
        let mut matches = weight.scorer(segment, 1.0)?;
        let mut doc = matches.doc();
        while doc != TERMINATED && found < most {
            found += usize::from(!segment.is_deleted(doc));
            doc = matches.advance();
        }
    }
    Ok(found)
}

fn hit(
    id: &tantivy::columnar::Column<i64>,
    time: &tantivy::columnar::Column<i64>,
    doc: DocId,
) -> Option<Hit> {
    Some(Hit { id: ItemId(id.first(doc)?), time: Timestamp(time.first(doc)?) })
}

/// The first of `0..end` of which `holds` is true, as it is of all after it.
fn first_from(end: DocId, holds: impl Fn(DocId) -> bool) -> DocId {
    let (mut from, mut to) = (0, end);
    while from < to {
        let middle = from + (to - from) / 2;
        if holds(middle) { to = middle } else { from = middle + 1 }
    }
    from
}
