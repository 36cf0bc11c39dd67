//! Pages of ranked lists. The next page continues the same snapshot, so that no row is repeated or skipped.

use std::sync::Arc;

use crate::domain::items::item::ItemId;
use crate::web::cache::ranked_lists::RankedList;
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::pagination::{PAGE_SIZE, PageQuery};
use crate::web::view::shadowed;

/// Hidden stories that are considered, newest first.
pub const HIDDEN: i64 = 1_000;

pub struct RankedPage {
    pub ids: Vec<ItemId>,
    pub first_rank: usize,
    pub more: Option<String>,
}

impl App {
    /// A page of a list without the viewer's hidden stories.
    pub async fn ranked(
        &self,
        viewer: &MaybeMember,
        list: RankedList,
        base: &str,
        asked: PageQuery,
    ) -> Result<RankedPage, Error> {
        let of = shadowed::author(viewer);
        let seen = asked.at.and_then(|at| self.lists.snapshot(list, of, at, viewer.now));
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
        let mut rows: Vec<(usize, ItemId)> = shown.skip(skip).take(PAGE_SIZE.saturating_add(1)).collect();
        let more = rows.get(PAGE_SIZE).map(|(place, _)| {
            let mut more = asked.next(base);
            if let Some(at) = order.at {
                more.push_str(&format!("&at={at}"));
                if *place != asked.skip().saturating_add(PAGE_SIZE) {
                    more.push_str(&format!("&from={place}"));
                }
            }
            more
        });
        rows.truncate(PAGE_SIZE);
        let ids = rows.into_iter().map(|(_, id)| id).collect();
        Ok(RankedPage { ids, first_rank: asked.skip().saturating_add(1), more })
    }
}
