use std::fmt;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::clock::DAY;
use crate::domain::items::item::Kind;
use crate::domain::text::{has_visible, is_shown, shortened};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLocation {
    pub file: usize,
    /// From 1.
    pub line: u64,
}

impl SourceLocation {
    pub fn of(self, files: &[PathBuf]) -> String {
        let file = files.get(self.file).map(|path| path.display().to_string()).unwrap_or_default();
        format!("{file}:{}", self.line)
    }
}

/// A validated item, whose texts are still Hacker News' HTML.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub spot: SourceLocation,
    pub id: i64,
    pub kind: Kind,
    pub by: Option<String>,
    pub time: i64,
    pub parent: Option<i64>,
    /// Index among its siblings, if it was nested in its parent.
    pub place: Option<i64>,
    pub title: Option<String>,
    pub url: Option<String>,
    pub text: String,
    pub points: Option<i64>,
    pub kids: Vec<i64>,
    pub parts: Vec<i64>,
    pub dead: bool,
    pub deleted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct BadRecord {
    pub spot: SourceLocation,
    /// Negative if unknown.
    pub id: i64,
    pub parent: Option<i64>,
    /// Completes “FILE:LINE: …”.
    pub reason: String,
}

/// A value of any type, so that a wrong type invalidates one record and not the document.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum LenientValue {
    #[default]
    Absent,
    Bool(bool),
    Int(i64),
    Text(String),
    Other,
}

#[derive(Debug, Default)]
pub struct RawRecord {
    pub line: u64,
    /// Index of its parent in the document.
    pub above: Option<usize>,
    pub place: Option<i64>,
    /// It was listed among a poll's options.
    pub is_option: bool,
    pub id: LenientValue,
    pub kind: LenientValue,
    pub by: LenientValue,
    pub time: LenientValue,
    pub title: LenientValue,
    pub url: LenientValue,
    pub text: LenientValue,
    pub points: LenientValue,
    pub parent: LenientValue,
    pub poll: LenientValue,
    pub dead: LenientValue,
    pub deleted: LenientValue,
    pub kids: Vec<i64>,
    pub parts: Vec<i64>,
}

/// An id close to the largest integer would leave none for new posts.
const LARGEST_ID: i64 = 1_000_000_000_000;
const MOST_POINTS: i64 = 1_000_000_000;
const LONGEST_NAME: usize = 32;
/// In characters.
const LONGEST_QUOTE: usize = 300;

impl RawRecord {
    pub fn id(&self) -> Option<i64> {
        self.id.int().filter(|id| (1..=LARGEST_ID).contains(id))
    }

    /// The parent that the record names; for an option, its poll.
    pub fn parent(&self) -> Option<i64> {
        self.parent.int().or(self.poll.int())
    }
}

/// Validates a record; `parent` is the item it was nested in or the one that it names. The error is to follow
/// “FILE:LINE: ”.
pub fn check(
    draft: RawRecord,
    id: i64,
    parent: Option<i64>,
    spot: SourceLocation,
    now: i64,
) -> Result<Record, String> {
    if draft.id().is_none() {
        return Err("id must be a positive number".to_owned());
    }
    let wrong = |what: &str| format!("item {id}: {what}");
    let kind = match &draft.kind {
        LenientValue::Absent if draft.is_option => Kind::Pollopt,
        LenientValue::Absent => return Err(wrong("it has no type")),
        LenientValue::Text(kind) => {
            self::kind(kind).ok_or_else(|| wrong(&format!("unknown type {}", quoted(kind))))?
        }
        _ => return Err(wrong("type must be a string")),
    };
    let time =
        draft.time.int().filter(|time| *time > 0).ok_or_else(|| wrong("time must be a positive number"))?;
    if time > now.saturating_add(DAY) {
        return Err(wrong("time is in the future"));
    }
    let text = |value: LenientValue, name: &str| {
        value.text().map_err(|()| wrong(&format!("{name} must be a string")))
    };
    let by = text(draft.by, "author")?;
    let title = text(draft.title, "title")?.map(|title| plain(&title)).filter(|title| has_visible(title));
    let url = text(draft.url, "url")?.filter(|url| !url.is_empty());
    let body = text(draft.text, "text")?;
    // Algolia has no flag for deleted items: they have neither author nor content.
    let deleted = draft.deleted == LenientValue::Bool(true)
        || by.is_none() && body.is_none() && title.is_none() && url.is_none();
    match &by {
        Some(name) if !is_name(name) => {
            return Err(wrong(&format!("author {} is not a valid user name", quoted(name))));
        }
        None if !deleted => return Err(wrong("it has no author")),
        _ => {}
    }
    if kind.is_root() && title.is_none() && !deleted {
        return Err(wrong(&format!("this {} has no title", kind.as_str())));
    }
    if kind == Kind::Comment && parent.is_none() {
        return Err(wrong("this comment has no parent"));
    }
    let points = match draft.points {
        LenientValue::Absent => None,
        LenientValue::Int(points) if points.abs_diff(0) <= MOST_POINTS.unsigned_abs() => Some(points),
        _ => return Err(wrong("points must be a whole number within ±1,000,000,000")),
    };
    Ok(Record {
        spot,
        id,
        kind,
        by,
        time,
        parent: parent.filter(|_| !kind.is_root()),
        place: draft.place,
        title: title.filter(|_| !deleted),
        url: url.filter(|_| !deleted),
        text: body.filter(|_| !deleted).unwrap_or_default(),
        points,
        kids: draft.kids,
        parts: draft.parts,
        dead: draft.dead == LenientValue::Bool(true),
        deleted,
    })
}

fn quoted(value: &str) -> String {
    format!("{:?}", shortened(value.to_owned(), LONGEST_QUOTE))
}

fn kind(name: &str) -> Option<Kind> {
    [Kind::Story, Kind::Comment, Kind::Job, Kind::Poll, Kind::Pollopt]
        .into_iter()
        .find(|kind| kind.as_str() == name)
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Decodes Firebase's five character references, removes invisible characters and folds white space.
fn plain(title: &str) -> String {
    let kept: String = title.chars().filter(|c| c.is_control() || is_shown(*c)).collect();
    let mut out = kept
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if out.contains('&') {
        // The ampersand comes last, so that its result is not decoded again.
        for (reference, is) in
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2F;", "/"), ("&amp;", "&")]
        {
            out = out.replace(reference, is);
        }
    }
    out
}

impl LenientValue {
    /// A null never overwrites a value given under the other API's field name.
    pub fn set(&mut self, value: LenientValue) {
        if value != LenientValue::Absent {
            *self = value;
        }
    }

    /// A whole number, also as a string of digits.
    fn int(&self) -> Option<i64> {
        match self {
            LenientValue::Int(n) => Some(*n),
            LenientValue::Text(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    fn text(self) -> Result<Option<String>, ()> {
        match self {
            LenientValue::Absent => Ok(None),
            LenientValue::Text(text) => Ok(Some(text)),
            _ => Err(()),
        }
    }
}

impl<'de> Deserialize<'de> for LenientValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<LenientValue, D::Error> {
        from.deserialize_any(LenientVisitor)
    }
}

struct LenientVisitor;

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = LenientValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<LenientValue, E> {
        Ok(LenientValue::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<LenientValue, E> {
        Ok(LenientValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<LenientValue, E> {
        Ok(LenientValue::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<LenientValue, E> {
        Ok(i64::try_from(value).map_or(LenientValue::Other, LenientValue::Int))
    }

    fn visit_f64<E>(self, _: f64) -> Result<LenientValue, E> {
        Ok(LenientValue::Other)
    }

    fn visit_str<E>(self, value: &str) -> Result<LenientValue, E> {
        Ok(LenientValue::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<LenientValue, E> {
        Ok(LenientValue::Text(value))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<LenientValue, S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(LenientValue::Other)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<LenientValue, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(LenientValue::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_loses_its_references_once() {
        for (title, expected) in [
            ("A story about &lt;input&gt;", "A story about <input>"),
            ("AT&amp;T &amp;lt; it&#x27;s 1&#x2F;2", "AT&T &lt; it's 1/2"),
            (" two \n lines\u{0}", "two lines"),
            ("R&D", "R&D"),
            ("Safe \u{202E} \u{202E}gpj.exe", "Safe gpj.exe"),
        ] {
            assert_eq!(plain(title), expected, "{title:?}");
        }
    }
}
