//! Groups records into threads and orders them for writing.

use std::collections::{HashMap, HashSet};

use super::read::{MAX_DEPTH, ParsedFile};
use super::record::{BadRecord, Record};
use crate::domain::items::item::{ItemId, Kind};

#[derive(Debug, Default)]
pub struct Plan {
    /// Whole threads, parents before children; only the new items of a known thread.
    pub threads: Vec<Vec<Record>>,
    pub bad: Vec<BadRecord>,
    pub skipped: usize,
    /// Records already in the store or earlier in the files.
    pub known: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ImportThread {
    New(i64),
    /// By its root in the store, which differs from the source's if a moderator moved comments.
    Known(ItemId),
}

impl ImportThread {
    fn is_told(self) -> bool {
        !matches!(self, ImportThread::New(id) if id < 0)
    }
}

/// Ids to query the store for: those of all records and of parents outside the files.
pub fn source_ids(found: &ParsedFile) -> Vec<i64> {
    let records = found.records.iter().flat_map(|record| [Some(record.id), record.parent]);
    let bad = found.bad.iter().flat_map(|bad| [Some(bad.id), bad.parent]);
    let ids: HashSet<i64> = records.chain(bad).flatten().collect();
    let mut ids: Vec<i64> = ids.into_iter().collect();
    ids.sort_unstable();
    ids
}

/// Groups records into threads. `known` is the store's answer for [`source_ids`]. A thread with a bad record
/// is left out whole. The first record of an id wins.
pub fn plan(found: ParsedFile, known: &HashMap<i64, ItemId>) -> Plan {
    let ParsedFile { mut records, mut bad, .. } = found;
    let before = records.len();
    let mut seen = HashSet::with_capacity(before);
    records.retain(|record| seen.insert(record.id));
    let repeated = before - records.len();
    give_places(&mut records);

    let mut forest = ParentIndex::new(&records, &bad, known);
    let tops: Vec<RootPath> = records.iter().map(|record| forest.top(record.id)).collect();
    let mut left_out: HashSet<ImportThread> = bad.iter().map(|bad| forest.top(bad.id).thread).collect();
    for (record, top) in records.iter().zip(&tops) {
        if let Some(reason) = refusal(record, *top) {
            bad.push(BadRecord { spot: record.spot, id: record.id, parent: record.parent, reason });
            left_out.insert(top.thread);
        }
    }
    bad.sort_by_key(|bad| (bad.spot.file, bad.spot.line));

    let mut plan = Plan { known: repeated, ..Plan::default() };
    let mut numbers: HashMap<ImportThread, usize> = HashMap::new();
    let mut depths: Vec<Vec<(usize, Record)>> = Vec::new();
    for (record, top) in records.into_iter().zip(tops) {
        if left_out.contains(&top.thread) {
            continue;
        }
        if known.contains_key(&record.id) {
            plan.known += 1;
            continue;
        }
        let number = *numbers.entry(top.thread).or_insert_with(|| {
            depths.push(Vec::new());
            depths.len() - 1
        });
        if let Some(thread) = depths.get_mut(number) {
            thread.push((top.depth, record));
        }
    }
    plan.threads = depths
        .into_iter()
        .map(|mut thread| {
            thread.sort_by_key(|(depth, _)| *depth);
            thread.into_iter().map(|(_, record)| record).collect()
        })
        .collect();
    plan.skipped = left_out.iter().filter(|thread| thread.is_told()).count();
    plan.bad = bad;
    plan
}

/// Numbers siblings and assigns options to polls, by the child lists of their parents.
fn give_places(records: &mut [Record]) {
    let mut listed: HashMap<i64, (i64, i64)> = HashMap::new();
    let mut polls: HashMap<i64, (i64, i64)> = HashMap::new();
    for record in records.iter_mut() {
        for (list, of) in
            [(&mut listed, std::mem::take(&mut record.kids)), (&mut polls, std::mem::take(&mut record.parts))]
        {
            for (place, child) in (0..).zip(of) {
                list.entry(child).or_insert((record.id, place));
            }
        }
    }
    for record in records {
        let list = if record.kind == Kind::Pollopt { &polls } else { &listed };
        let Some((parent, place)) = list.get(&record.id) else { continue };
        if record.kind == Kind::Pollopt {
            record.parent = record.parent.or(Some(*parent));
        }
        if record.parent == Some(*parent) {
            record.place = record.place.or(Some(*place));
        }
    }
}

/// The end of a record's chain of parents.
#[derive(Debug, Clone, Copy)]
struct RootPath {
    thread: ImportThread,
    /// Steps to the end; sorts parents before children.
    depth: usize,
    end: PathEnd,
}

#[derive(Debug, Clone, Copy)]
enum PathEnd {
    Head,
    Known,
    Bad,
    /// A missing parent, by id.
    Missing(i64),
    Circle,
}

/// The chains of parents of all records, bad ones included, memoised.
struct ParentIndex<'a> {
    parents: HashMap<i64, (Option<i64>, bool)>,
    known: &'a HashMap<i64, ItemId>,
    tops: HashMap<i64, RootPath>,
}

impl<'a> ParentIndex<'a> {
    fn new(records: &[Record], bad: &[BadRecord], known: &'a HashMap<i64, ItemId>) -> ParentIndex<'a> {
        let good = records.iter().map(|record| (record.id, (record.parent, true)));
        let mut parents: HashMap<i64, (Option<i64>, bool)> =
            bad.iter().map(|bad| (bad.id, (bad.parent, false))).collect();
        // If an id has a good and a bad record, the good one's parent wins.
        parents.extend(good);
        ParentIndex { tops: HashMap::with_capacity(parents.len()), parents, known }
    }

    /// Finds the root of a record's thread. Iterative, since chains may be long.
    fn top(&mut self, id: i64) -> RootPath {
        let mut way = Vec::new();
        let mut on_way = HashSet::new();
        let mut at = id;
        let mut top = loop {
            if let Some(top) = self.tops.get(&at) {
                break *top;
            }
            if !on_way.insert(at) {
                break RootPath { thread: ImportThread::New(at), depth: 0, end: PathEnd::Circle };
            }
            match self.parents.get(&at) {
                Some((parent, is_good)) => {
                    way.push(at);
                    match parent {
                        Some(parent) => at = *parent,
                        None => {
                            let end = if *is_good { PathEnd::Head } else { PathEnd::Bad };
                            break RootPath { thread: self.thread(at), depth: 0, end };
                        }
                    }
                }
                None => {
                    let end =
                        if self.known.contains_key(&at) { PathEnd::Known } else { PathEnd::Missing(at) };
                    break RootPath { thread: self.thread(at), depth: 0, end };
                }
            }
        };
        for step in way.into_iter().rev() {
            top.depth += 1;
            self.tops.insert(step, top);
        }
        self.tops.get(&id).copied().unwrap_or(top)
    }

    fn thread(&self, id: i64) -> ImportThread {
        self.known.get(&id).map_or(ImportThread::New(id), |head| ImportThread::Known(*head))
    }
}

fn refusal(record: &Record, top: RootPath) -> Option<String> {
    let id = record.id;
    // A root has depth 1. Descendants of the first record that is too deep are left out silently.
    if top.depth == MAX_DEPTH + 2 {
        return Some(format!("item {id}: it is nested deeper than {MAX_DEPTH}"));
    }
    match top.end {
        // Report only the lowest existing record of a branch whose parent is missing.
        PathEnd::Missing(parent) if top.depth == 1 => {
            Some(format!("item {id}: its parent {parent} is neither in the files nor in the database"))
        }
        PathEnd::Circle if top.depth == 1 => Some(format!("item {id}: its chain of parents is circular")),
        PathEnd::Head if top.depth == 1 && record.parent.is_none() && !record.kind.is_root() => {
            Some(format!("item {id}: it belongs to no poll"))
        }
        _ => None,
    }
}
