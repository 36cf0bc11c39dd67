//! What the search index reads: all items, and those that changed.

use crate::domain::items::item::{Item, ItemId};
use crate::store::db::Change;
use crate::store::items::rows::select_item;
use crate::store::{Result, Store};

/// Items of which something public changed, and the change up to which they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedItems {
    pub ids: Vec<ItemId>,
    pub read_to: (i64, String),
    /// Whether there were no more changes.
    pub is_last: bool,
}

impl Store {
    /// All items in order of their ids, of every kind and state.
    pub async fn items_after(&self, id: ItemId, rows: i64) -> Result<Vec<Item>> {
        self.read
            .sql(select_item!("where i.id > $1 order by i.id limit $2"))
            .bind(id)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// How many items there are, of every kind and state.
    pub async fn count_items(&self) -> Result<i64> {
        self.read.sql("select count(*) from items").fetch_scalar().await
    }

    /// The items that changed after a change, some at a time. `None` if changes after it may have been
    /// deleted.
    pub async fn changed_items(&self, read_to: &(i64, String)) -> Result<Option<ChangedItems>> {
        let Some(rows) = self.changes_after(read_to).await? else { return Ok(None) };
        let mut found = ChangedItems { ids: Vec::new(), read_to: read_to.clone(), is_last: rows.is_last };
        for (id, node, changes) in rows.rows {
            found.ids.extend(changes.into_iter().filter_map(|change| match change {
                Change::Item(id) => Some(id),
                _ => None,
            }));
            found.read_to = (id, node);
        }
        found.ids.sort_unstable();
        found.ids.dedup();
        Ok(Some(found))
    }
}
