//! Paged lists: where a page begins, how long it is, where the next one begins, and what stands around it.

use std::fmt;

use serde::{Deserialize, Deserializer};
use url::form_urlencoded::Serializer;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::store::{Error, ItemCursor, Result, Store};

/// Rows of a page.
pub const PAGE_SIZE: usize = 30;
/// The same for the store.
pub const PAGE_SIZE_I64: i64 = 30;
/// What the store reads for a page: one row more, which says whether there is another page.
pub const PAGE_LIMIT: i64 = PAGE_SIZE_I64 + 1;

/// The last page of a numbered list that is looked for.
pub const LAST_PAGE: usize = 1_000;

/// How long a snapshot of a list is kept, in minutes.
const SNAPSHOT_MINUTES: i64 = 10;
/// How many snapshots of one list are kept of one minute.
pub const SNAPSHOTS_PER_MINUTE: u32 = 64;

/// A link above a list that narrows it.
pub struct Tab {
    pub name: String,
    pub href: String,
    pub current: bool,
}

/// What an empty list says, and where to go from there.
pub struct EmptyState {
    pub what: String,
    pub href: &'static str,
    pub next: &'static str,
}

impl EmptyState {
    pub fn new(what: impl Into<String>, href: &'static str, next: &'static str) -> EmptyState {
        EmptyState { what: what.into(), href, next }
    }

    /// The same list on page `at`, which may lie past its end.
    pub fn on(self, at: PageQuery) -> EmptyState {
        if at.skip() == 0 {
            self
        } else {
            EmptyState::new("There is nothing on this page.", "/", "Go to the front page")
        }
    }
}

/// The order of a ranked list as somebody saw it: its minute, and which of that minute's it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SnapshotId {
    pub minute: i64,
    pub nth: u32,
}

impl SnapshotId {
    /// One that is no longer kept, or never was.
    pub const GONE: SnapshotId = SnapshotId { minute: 0, nth: 0 };

    pub fn parse(s: &str) -> Option<SnapshotId> {
        let (minute, nth) = s.split_once('.').unwrap_or((s, "0"));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let id = SnapshotId { minute: minute.parse().ok()?, nth: nth.parse().ok()? };
        (is_number(minute) && is_number(nth) && id.nth < SNAPSHOTS_PER_MINUTE).then_some(id)
    }

    /// Whether a snapshot of this name may be kept still.
    pub fn is_recent(self, now: Timestamp) -> bool {
        (0..=SNAPSHOT_MINUTES).contains(&now.0.div_euclid(MINUTE).saturating_sub(self.minute))
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotId { minute, nth: 0 } => write!(f, "{minute}"),
            SnapshotId { minute, nth } => write!(f, "{minute}.{nth}"),
        }
    }
}

impl<'de> Deserialize<'de> for SnapshotId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<SnapshotId, D::Error> {
        String::deserialize(deserializer).map(|typed| SnapshotId::parse(&typed).unwrap_or(SnapshotId::GONE))
    }
}

/// Which page of a numbered list somebody asks for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct PageQuery {
    pub p: Option<usize>,
    /// The order that the page before was of.
    pub at: Option<SnapshotId>,
    /// Where in that order this page begins, for whom it is shorter by what they hid.
    pub from: Option<usize>,
}

impl PageQuery {
    fn number(self) -> usize {
        self.p.unwrap_or(1).clamp(1, LAST_PAGE)
    }

    /// How many rows stand before this page.
    pub fn skip(self) -> usize {
        self.number().saturating_sub(1).saturating_mul(PAGE_SIZE)
    }

    /// The address of the page after this one.
    pub fn next(self, base: &str) -> String {
        let joint = if base.contains('?') { '&' } else { '?' };
        format!("{base}{joint}p={}", self.number().saturating_add(1))
    }
}

/// Where a list goes on by its order: after the last row of the page before, which its address names by its
/// moment and its id, for it may have left the list meanwhile.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct PageCursor {
    at: Option<i64>,
    before: Option<i64>,
    after: Option<i64>,
    voter: Option<i64>,
    reply: Option<i64>,
    notice: Option<i64>,
}

impl PageCursor {
    /// Whether the list begins here.
    pub fn is_first(self) -> bool {
        self.at.is_none()
    }

    /// The id of the last row in a list that is newest first.
    pub fn before(self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }

    /// The moment and the id of the last row in a list that is newest first.
    pub fn newest_first(self) -> (Timestamp, i64) {
        (Timestamp(self.at.unwrap_or(i64::MAX)), self.before())
    }

    /// The moment and the id of the last row in a list that is oldest first.
    pub fn oldest_first(self) -> (Timestamp, i64) {
        (Timestamp(self.at.unwrap_or(i64::MIN)), self.after.unwrap_or(i64::MIN))
    }

    /// The moment, the voter and the item of the last row in a list of votes.
    pub fn votes(self) -> (Timestamp, UserId, ItemId) {
        let (at, before) = self.newest_first();
        (at, UserId(self.voter.unwrap_or(i64::MAX)), ItemId(before))
    }

    /// Where the replies go on in a list of them and of notices. At one moment, replies stand before notices.
    pub fn replies(self) -> ItemCursor {
        let first = ItemCursor::first(PAGE_LIMIT);
        let before = self.at.map(|at| (Timestamp(at), ItemId(self.reply.unwrap_or(0))));
        ItemCursor { before: before.unwrap_or(first.before), ..first }
    }

    /// The moment and the id of the last notice in such a list.
    pub fn notices(self) -> (Timestamp, i64) {
        (self.newest_first().0, self.notice.unwrap_or(i64::MAX))
    }

    /// Where a list of items goes on: after the item named, by its time; from the top where it is not there.
    pub async fn items(self, store: &Store) -> Result<ItemCursor> {
        let first = ItemCursor::first(PAGE_LIMIT);
        let Some(id) = self.before.map(ItemId) else { return Ok(first) };
        match store.item(id).await {
            Ok(item) => Ok(ItemCursor { before: (item.time, id), ..first }),
            Err(Error::NotFound) => Ok(first),
            Err(error) => Err(error),
        }
    }
}

/// Cuts off what is more than a page of `size`, and gives the address of the page after it: `base`, with what
/// `key` says of the last row.
pub fn next_page<T, V: ToString, const N: usize>(
    rows: &mut Vec<T>,
    size: usize,
    base: &str,
    key: impl Fn(&T) -> [(&'static str, V); N],
) -> Option<String> {
    let is_full = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| is_full)?;
    let key = key(last).map(|(name, value)| (name, value.to_string()));
    let joint = if base.contains('?') { '&' } else { '?' };
    Some(format!("{base}{joint}{}", Serializer::new(String::new()).extend_pairs(key).finish()))
}

/// The same for items, of which each list goes on before the last.
pub fn next_items(items: &mut Vec<Item>, base: &str) -> Option<String> {
    next_page(items, PAGE_SIZE, base, |last| [("before", last.id)])
}
