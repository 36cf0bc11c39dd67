//! Pagination: page sizes, cursors and snapshots of ranked lists.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer};
use url::form_urlencoded::Serializer;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::store::{Error, ItemCursor, Result, Store};

pub const PAGE_SIZE: usize = 30;
pub const PAGE_SIZE_I64: i64 = 30;
/// One row more tells whether there is a next page.
pub const PAGE_LIMIT: i64 = PAGE_SIZE_I64 + 1;

/// The highest page number.
pub const LAST_PAGE: usize = 1_000;

/// Lifetime of a list snapshot, in minutes.
const SNAPSHOT_MINUTES: i64 = 10;
/// Snapshots per list and minute.
pub const SNAPSHOTS_PER_MINUTE: u32 = 64;

pub struct Tab {
    pub name: String,
    pub href: String,
    pub current: bool,
}

/// What a list without rows says, and where it leads, if anywhere.
#[derive(Default)]
pub struct EmptyState {
    pub what: String,
    pub href: Cow<'static, str>,
    pub next: Cow<'static, str>,
}

impl EmptyState {
    pub fn new(
        what: impl Into<String>,
        href: impl Into<Cow<'static, str>>,
        next: impl Into<Cow<'static, str>>,
    ) -> EmptyState {
        EmptyState { what: what.into(), href: href.into(), next: next.into() }
    }

    /// Without a way on.
    pub fn plain(what: &str) -> EmptyState {
        EmptyState::new(what, "", "")
    }

    /// The same for any page of a list; those after the first lead back to it.
    pub fn on(self, is_first: bool, first: impl Into<Cow<'static, str>>) -> EmptyState {
        if is_first {
            self
        } else {
            EmptyState::new("There is nothing on this page.", first, "Go to the first page")
        }
    }
}

/// A snapshot of a ranked list: its minute and its number within the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SnapshotId {
    pub minute: i64,
    pub nth: u32,
}

impl SnapshotId {
    /// An expired or invalid snapshot.
    pub const GONE: SnapshotId = SnapshotId { minute: 0, nth: 0 };

    pub fn parse(s: &str) -> Option<SnapshotId> {
        let (minute, nth) = s.split_once('.').unwrap_or((s, "0"));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let id = SnapshotId { minute: minute.parse().ok()?, nth: nth.parse().ok()? };
        (is_number(minute) && is_number(nth) && id.nth < SNAPSHOTS_PER_MINUTE).then_some(id)
    }

    /// Whether a snapshot may still be cached.
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

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct PageQuery {
    pub p: Option<usize>,
    /// The snapshot of the previous page.
    pub at: Option<SnapshotId>,
    /// The offset in the snapshot, for members who hid stories above.
    pub from: Option<usize>,
}

impl PageQuery {
    pub fn is_first(self) -> bool {
        self.skip() == 0
    }

    fn number(self) -> usize {
        self.p.unwrap_or(1).clamp(1, LAST_PAGE)
    }

    pub fn skip(self) -> usize {
        self.number().saturating_sub(1).saturating_mul(PAGE_SIZE)
    }

    pub fn next(self, base: &str) -> String {
        let joint = if base.contains('?') { '&' } else { '?' };
        format!("{base}{joint}p={}", self.number().saturating_add(1))
    }
}

/// A keyset cursor: the time and id of the last row, which may have left the list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct PageCursor {
    at: Option<i64>,
    before: Option<i64>,
    after: Option<i64>,
    voter: Option<i64>,
}

impl PageCursor {
    pub fn is_first(self) -> bool {
        self.at.is_none() && self.before.is_none() && self.after.is_none()
    }

    pub fn before(self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }

    /// The cursor of a newest-first list.
    pub fn newest_first(self) -> (Timestamp, i64) {
        (Timestamp(self.at.unwrap_or(i64::MAX)), self.before())
    }

    /// The cursor of an oldest-first list.
    pub fn oldest_first(self) -> (Timestamp, i64) {
        (Timestamp(self.at.unwrap_or(i64::MIN)), self.after.unwrap_or(i64::MIN))
    }

    /// The cursor of a vote list.
    pub fn votes(self) -> (Timestamp, UserId, ItemId) {
        let (at, before) = self.newest_first();
        (at, UserId(self.voter.unwrap_or(i64::MAX)), ItemId(before))
    }

    /// The cursor after the named item; the start of the list if there is none.
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

/// Truncates the rows to `size` and returns the next page's address: `base` with the last row's `key`.
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
