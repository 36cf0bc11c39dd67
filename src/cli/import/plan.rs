//! Records put together to threads, and whole threads put in order to be written.

use std::collections::{HashMap, HashSet};

use super::read::{DEEPEST, ParsedFile};
use super::record::{BadRecord, Record};
use crate::domain::items::item::{ItemId, Kind};

/// What is to be written.
#[derive(Debug, Default)]
pub struct Plan {
    /// Whole threads, parents before children; of a thread that the store knows, what is new in it.
    pub threads: Vec<Vec<Record>>,
    /// Every bad record, in the order of the files.
    pub bad: Vec<BadRecord>,
    /// Threads left out for a bad record.
    pub skipped: usize,
    /// Records that the store has already, or that the files held before.
    pub known: usize,
}

/// A thread, named by what heads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ImportThread {
    /// New here: by its head's id at the source.
    New(i64),
    /// Known here: by its head, which is another than the source's where a moderator moved comments.
    Known(ItemId),
}

impl ImportThread {
    /// Whether it can be told which thread this is: a record without an id that can be read is no thread.
    fn is_told(self) -> bool {
        !matches!(self, ImportThread::New(id) if id < 0)
    }
}

/// Ids that a plan asks the store for: every record's, and every parent's that is not among the records.
pub fn polls(found: &ParsedFile) -> Vec<i64> {
    let records = found.records.iter().flat_map(|record| [Some(record.id), record.parent]);
    let bad = found.bad.iter().flat_map(|bad| [Some(bad.id), bad.parent]);
    let ids: HashSet<i64> = records.chain(bad).flatten().collect();
    let mut ids: Vec<i64> = ids.into_iter().collect();
    ids.sort_unstable();
    ids
}

/// Puts records together to threads. `known` is what the store answered for the ids of [`asked`].
///
/// A thread with a bad record in it is left out whole. The first record of an id wins.
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

/// Gives each record its number among its siblings, and each option its poll, by the lists that their parents carry.
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

/// Where the way up from a record ends.
#[derive(Debug, Clone, Copy)]
struct RootPath {
    thread: ImportThread,
    /// Steps to the end of the way, which orders parents before children.
    depth: usize,
    end: PathEnd,
}

#[derive(Debug, Clone, Copy)]
enum PathEnd {
    /// At a record without a parent.
    Head,
    /// At an item that the store has.
    Known,
    /// At a bad record: it is named, and that is enough.
    Bad,
    /// At a parent, of this id, that is nowhere.
    Missing(i64),
    /// It goes round in a circle.
    Circle,
}

/// The ways up from every record, the bad ones too, each found once.
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
        // Where a record is both, its good line tells the parent with more certainty.
        parents.extend(good);
        ParentIndex { tops: HashMap::with_capacity(parents.len()), parents, known }
    }

    /// The top of a record's thread; iterative, since the way up may be long.
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

/// Why a record has no place in a tree.
fn refusal(record: &Record, top: RootPath) -> Option<String> {
    let id = record.id;
    // A head has depth 1. What hangs on the first that is too deep is left out with it, and needs no name.
    if top.depth == DEEPEST + 2 {
        return Some(format!("item {id}: it is nested deeper than {DEEPEST}"));
    }
    match top.end {
        // Those above name themselves; of a branch only the lowest record that is there says that its parent is not.
        PathEnd::Missing(parent) if top.depth == 1 => {
            Some(format!("item {id}: its parent {parent} is neither in the files nor in the database"))
        }
        PathEnd::Circle if top.depth == 1 => {
            Some(format!("item {id}: it is an answer to itself, by way of those below it"))
        }
        PathEnd::Head if top.depth == 1 && record.parent.is_none() && !record.kind.is_root() => {
            Some(format!("item {id}: it belongs to no poll"))
        }
        _ => None,
    }
}
