//! The pages of ranked lists. "More" goes on in the order that the page before was of, so that what comes in meanwhile neither repeats a
//! row nor leaves one out.

use std::sync::Arc;

use serde::Deserialize;

use crate::domain::item::ItemId;
use crate::web::canonical::LAST_PAGE;
use crate::web::error::Error;
use crate::web::lists::{At, Ranked};
use crate::web::news::{HIDDEN, ROWS};
use crate::web::page::Page;
use crate::web::session::MaybeMember;
use crate::web::shadowed;
use crate::web::state::App;

/// Which page of a list somebody asks for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Numbered {
    pub p: Option<usize>,
    /// The order that the page before was of.
    pub at: Option<At>,
    /// Where in that order this page begins, for whom it is shorter by what they hid.
    pub from: Option<usize>,
}

/// One page of a ranked list.
pub struct Slice {
    pub ids: Vec<ItemId>,
    pub first_rank: usize,
    /// The address of the page after it.
    pub more: Option<String>,
}

impl Numbered {
    fn number(self) -> usize {
        self.p.unwrap_or(1).clamp(1, LAST_PAGE)
    }

    /// How many rows stand before this page.
    pub fn skip(self) -> usize {
        self.number().saturating_sub(1).saturating_mul(ROWS)
    }

    /// The address of the page after this one.
    pub fn next(self, base: &str) -> String {
        let joint = if base.contains('?') { '&' } else { '?' };
        format!("{base}{joint}p={}", self.number().saturating_add(1))
    }

    /// A page of an order that is soon forgotten is not for search engines.
    pub fn on(self, mut page: Page<'_>) -> Page<'_> {
        page.robots = page.robots && self.at.is_none();
        page
    }
}

impl App {
    /// The page of a list that was asked for, without what the viewer hid.
    pub async fn ranked(
        &self,
        viewer: &MaybeMember,
        list: Ranked,
        base: &str,
        asked: Numbered,
    ) -> Result<Slice, Error> {
        let of = shadowed::author(viewer);
        let seen = asked.at.and_then(|at| self.lists.seen(list, of, at, viewer.now));
        let from = asked.from.filter(|_| seen.is_some());
        let order = match seen {
            Some(order) => order,
            None => shadowed::ranked(self, viewer, list).await?,
        };
        let hidden = match viewer.member() {
            Some(member) => self.own.hidden(member.id, HIDDEN, &self.store).await?,
            None => Arc::default(),
        };
        let shown = order.ids.iter().copied().enumerate().skip(from.unwrap_or(0));
        let shown = shown.filter(|(_, id)| hidden.binary_search(id).is_err());
        let skip = if from.is_some() { 0 } else { asked.skip() };
        let mut rows: Vec<(usize, ItemId)> = shown.skip(skip).take(ROWS.saturating_add(1)).collect();
        let more = rows.get(ROWS).map(|(place, _)| {
            let mut more = asked.next(base);
            if let Some(at) = order.at {
                more.push_str(&format!("&at={at}"));
                if *place != asked.skip().saturating_add(ROWS) {
                    more.push_str(&format!("&from={place}"));
                }
            }
            more
        });
        rows.truncate(ROWS);
        let ids = rows.into_iter().map(|(_, id)| id).collect();
        Ok(Slice { ids, first_rank: asked.skip().saturating_add(1), more })
    }
}
