//! Parses files of nested Algolia items or of Firebase items.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::documents::{Documents, MAX_DOCUMENT_BYTES, Problem};
use super::record::{self, BadRecord, LenientValue, RawRecord, Record, SourceLocation};

/// Maximum nesting of a thread, far deeper than real ones.
pub const MAX_DEPTH: usize = 10_000;

/// Maximum bytes parsed as a slice. Slices are faster, but serde_json recomputes an error's line from the
/// start at each level that it passes.
const SHORT: usize = 1 << 16;

#[derive(Debug, Default, PartialEq)]
pub struct ParsedFile {
    pub records: Vec<Record>,
    pub bad: Vec<BadRecord>,
    /// Negative numbers for records without a readable id.
    unnamed: i64,
}

impl ParsedFile {
    fn unnamed(&mut self) -> i64 {
        self.unnamed -= 1;
        self.unnamed
    }
}

/// Parses one file into `found`; `file` is its index. Records over a day after `now` are bad. Calls
/// `progress` with each document's size; false stops. Fails only if the file cannot be read; bad content goes
/// to `found.bad`.
pub fn read(
    from: impl BufRead,
    file: usize,
    now: i64,
    found: &mut ParsedFile,
    mut progress: impl FnMut(u64, &ParsedFile) -> bool,
) -> io::Result<()> {
    let mut documents = Documents::new(from)?;
    while let Some(document) = documents.next()? {
        let spot = SourceLocation { file, line: document.line };
        match document.problem {
            Some(Problem::TooLarge) => {
                lost(found, spot, format!("it is larger than {} MB", MAX_DOCUMENT_BYTES >> 20))
            }
            Some(Problem::OpenList) => {
                lost(found, spot, "the list is not closed by “]”: the file may be cut short".to_owned())
            }
            Some(Problem::Rest) => lost(
                found,
                spot,
                "what follows in this file is not read: it cannot be told where an item begins".to_owned(),
            ),
            None => read_document(document.json, spot, now, found),
        }
        if !progress(document.json.len() as u64, found) {
            break;
        }
    }
    Ok(())
}

fn lost(found: &mut ParsedFile, spot: SourceLocation, reason: String) {
    let id = found.unnamed();
    found.bad.push(BadRecord { spot, id, parent: None, reason });
}

fn read_document(bytes: &[u8], spot: SourceLocation, now: i64, found: &mut ParsedFile) {
    // The API returns null for an item that it does not show.
    if bytes == b"null" {
        return;
    }
    let line = Cell::new(spot.line);
    let mut flat = FlatItems::default();
    let read = if bytes.len() > SHORT || bytes.contains(&b'\n') {
        parse(serde_json::Deserializer::from_reader(Lines { bytes, line: &line }), &line, &mut flat)
    } else {
        parse(serde_json::Deserializer::from_slice(bytes), &line, &mut flat)
    };
    if let Err(error) = read {
        return broken(&error, flat, spot, found);
    }
    let ids: Vec<i64> =
        flat.drafts.iter().map(|draft| draft.id().unwrap_or_else(|| found.unnamed())).collect();
    for (draft, id) in flat.drafts.into_iter().zip(&ids) {
        let spot = SourceLocation { line: draft.line, ..spot };
        let above = draft.above.and_then(|at| ids.get(at).copied());
        let parent = above.or_else(|| draft.parent());
        match record::check(draft, *id, parent, spot, now) {
            Ok(record) => found.records.push(record),
            Err(reason) => found.bad.push(BadRecord { spot, id: *id, parent, reason }),
        }
    }
}

fn broken(error: &serde_json::Error, flat: FlatItems, spot: SourceLocation, found: &mut ParsedFile) {
    let top = flat.drafts.first();
    let (id, parent) = top.map_or((None, None), |draft| (draft.id(), draft.parent()));
    let line = spot.line.saturating_add(error.line().saturating_sub(1) as u64);
    let reason = match error.classify() {
        serde_json::error::Category::Eof => "the record is cut short".to_owned(),
        serde_json::error::Category::Data if flat.is_too_deep => {
            format!("its comments are nested deeper than {MAX_DEPTH}")
        }
        serde_json::error::Category::Data if flat.drafts.is_empty() => "this is not a JSON object".to_owned(),
        serde_json::error::Category::Data => "its children are not a list".to_owned(),
        _ => format!("this is not JSON (at column {})", error.column()),
    };
    let id = id.unwrap_or_else(|| found.unnamed());
    found.bad.push(BadRecord { spot: SourceLocation { line, ..spot }, id, parent, reason });
}

/// A reader that counts lines.
struct Lines<'a> {
    bytes: &'a [u8],
    line: &'a Cell<u64>,
}

impl Read for Lines<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        let ends = into.iter().take(read).filter(|byte| **byte == b'\n').count();
        self.line.set(self.line.get().saturating_add(ends as u64));
        Ok(read)
    }
}

fn parse<'de, R: serde_json::de::Read<'de>>(
    mut json: serde_json::Deserializer<R>,
    line: &Cell<u64>,
    flat: &mut FlatItems,
) -> serde_json::Result<()> {
    // The parser's limit of 128 is too low for long exchanges; we apply `DEEPEST` and grow the stack.
    json.disable_recursion_limit();
    let item = NestedItem { flat, line, above: None, place: 0, level: 0, is_option: false };
    item.deserialize(serde_stacker::Deserializer::new(&mut json))?;
    json.end()
}

/// The items of one document in document order, parents before children, so that no deeply nested value ever
/// exists.
#[derive(Default)]
struct FlatItems {
    drafts: Vec<RawRecord>,
    is_too_deep: bool,
}

/// Parses one item and its descendants into `flat`.
struct NestedItem<'a> {
    flat: &'a mut FlatItems,
    line: &'a Cell<u64>,
    /// Index of its parent in `flat`.
    above: Option<usize>,
    place: i64,
    level: usize,
    is_option: bool,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum FieldName {
    Id,
    Type,
    By,
    Author,
    Time,
    CreatedAtI,
    Title,
    Url,
    Text,
    Score,
    Points,
    Parent,
    ParentId,
    Poll,
    Kids,
    Parts,
    Children,
    Options,
    Dead,
    Deleted,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for NestedItem<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NestedItem<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<(), E> {
        let above =
            self.above.and_then(|at| self.flat.drafts.get_mut(at)).ok_or_else(|| E::custom("a number"))?;
        let list = if self.is_option { &mut above.parts } else { &mut above.kids };
        list.push(i64::try_from(id).map_err(E::custom)?);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        if self.level > MAX_DEPTH {
            self.flat.is_too_deep = true;
            return Err(M::Error::custom("nested too deep"));
        }
        let at = self.flat.drafts.len();
        let place = self.above.is_some().then_some(self.place);
        let line = self.line.get();
        self.flat.drafts.push(RawRecord {
            line,
            above: self.above,
            place,
            is_option: self.is_option,
            ..RawRecord::default()
        });
        let mut last = None;
        loop {
            let key = map.next_key::<FieldName>();
            let Some(draft) = self.flat.drafts.get_mut(at) else { return Ok(()) };
            // A number is complete only if something follows it, so the last value before an error is
            // discarded.
            let key = key.inspect_err(|_| draft.forget(last))?;
            let Some(key) = key else { return Ok(()) };
            match key {
                FieldName::Children | FieldName::Kids | FieldName::Options | FieldName::Parts => map
                    .next_value_seed(Items {
                        flat: self.flat,
                        line: self.line,
                        above: at,
                        level: self.level + 1,
                        are_options: matches!(key, FieldName::Options | FieldName::Parts),
                    })?,
                FieldName::Other => drop(map.next_value::<IgnoredAny>()?),
                key => match draft.field(key) {
                    Some(field) => field.set(map.next_value()?),
                    None => drop(map.next_value::<IgnoredAny>()?),
                },
            }
            last = Some(key);
        }
    }
}

impl RawRecord {
    fn field(&mut self, key: FieldName) -> Option<&mut LenientValue> {
        Some(match key {
            FieldName::Id => &mut self.id,
            FieldName::Type => &mut self.kind,
            FieldName::By | FieldName::Author => &mut self.by,
            FieldName::Time | FieldName::CreatedAtI => &mut self.time,
            FieldName::Title => &mut self.title,
            FieldName::Url => &mut self.url,
            FieldName::Text => &mut self.text,
            FieldName::Score | FieldName::Points => &mut self.points,
            FieldName::Parent | FieldName::ParentId => &mut self.parent,
            FieldName::Poll => &mut self.poll,
            FieldName::Dead => &mut self.dead,
            FieldName::Deleted => &mut self.deleted,
            FieldName::Kids
            | FieldName::Parts
            | FieldName::Children
            | FieldName::Options
            | FieldName::Other => {
                return None;
            }
        })
    }

    fn forget(&mut self, last: Option<FieldName>) {
        if let Some(field) = last.and_then(|key| self.field(key)) {
            *field = LenientValue::Absent;
        }
    }
}

struct Items<'a> {
    flat: &'a mut FlatItems,
    line: &'a Cell<u64>,
    above: usize,
    level: usize,
    are_options: bool,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        let mut place = 0;
        loop {
            let item = NestedItem {
                flat: self.flat,
                line: self.line,
                above: Some(self.above),
                place,
                level: self.level,
                is_option: self.are_options,
            };
            if list.next_element_seed(item)?.is_none() {
                return Ok(());
            }
            place += 1;
        }
    }
}
