//! Rows without what the viewer has muted. Lists are made from these alone, so that none can forget to ask.

use std::borrow::Borrow;
use std::ops::Deref;

use crate::domain::accounts::mutes::MuteScope;
use crate::domain::items::item::Item;
use crate::web::view::pagination::EmptyState;
use crate::web::viewer::MaybeMember;

pub struct Unmuted<T> {
    rows: Vec<T>,
    /// Whether anything was left out.
    is_partial: bool,
}

impl<T> Deref for Unmuted<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<T: Borrow<Item>> Unmuted<T> {
    /// Items as they are, each by itself: stories, and replies to the viewer.
    pub fn of(rows: Vec<T>, viewer: &MaybeMember, scope: MuteScope<'_>) -> Unmuted<T> {
        Unmuted::with(rows, |item| viewer.mutes.matching(item, scope).is_none())
    }

    /// Muted or not: what members keep in lists of their own, and what nobody can have muted.
    pub fn all(rows: Vec<T>) -> Unmuted<T> {
        Unmuted { rows, is_partial: false }
    }

    pub(super) fn with(mut rows: Vec<T>, is_shown: impl Fn(&Item) -> bool) -> Unmuted<T> {
        let before = rows.len();
        rows.retain(|row| is_shown(row.borrow()));
        Unmuted { is_partial: rows.len() < before, rows }
    }

    pub fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
    }

    /// Drops the first rows; returns how many are still to be skipped after these.
    pub(super) fn skip(&mut self, skip: usize) -> usize {
        let here = skip.min(self.rows.len());
        self.rows.drain(..here);
        skip.saturating_sub(here)
    }

    pub(super) fn append(&mut self, more: Unmuted<T>) {
        self.rows.extend(more.rows);
        self.is_partial |= more.is_partial;
    }

    /// What a page without rows says to a viewer who has muted them all.
    pub fn all_muted(&self) -> Option<EmptyState> {
        let said = "You have muted everything here.";
        let is_all = self.is_partial && self.rows.is_empty();
        is_all.then(|| EmptyState::new(said, "/settings/muted", "See what you have muted"))
    }
}
