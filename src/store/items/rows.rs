//! Items as rows: reading one, and adjusting counts.

use crate::domain::items::item::{Item, ItemId};
use crate::store::{Result, Tx};

/// `select` of an [`Item`] from `items i` with its author's name; takes the rest of the statement.
macro_rules! select_item {
    ($tail:literal) => {
        concat!(
            "select i.id, i.kind, i.author_id, \
             case when u.deleted_at is null then u.name end as author, \
             u.created_at as author_created, i.time, i.rank_time, ",
            "i.visible_at, i.edited_at, i.parent_id, i.root_id, i.depth, i.import_rank, i.title, i.url, \
             i.site, \
             i.section, ",
            "i.text, i.version, i.score, i.ups, i.downs, i.descendants, i.deleted_at, i.dead, i.locked, ",
            "i.flags, i.vouches, i.cleared, i.merged_into, i.pinned, ",
            "i.source is not null as imported ",
            "from items i left join users u on u.id = i.author_id ",
            $tail
        )
    };
}
pub(crate) use select_item;

pub(crate) async fn item_in(tx: &mut Tx, id: ItemId) -> Result<Item> {
    tx.sql(select_item!("where i.id = $1")).bind(id).fetch_one().await
}

/// Nobody else changes it before the end of the transaction.
pub(crate) async fn locked_item(tx: &mut Tx, id: ItemId) -> Result<Item> {
    tx.sql(select_item!("where i.id = $1")).for_update_of_i().bind(id).fetch_one().await
}

pub(crate) async fn adjust_comment_counts(tx: &mut Tx, root: ItemId, by: i64) -> Result<()> {
    tx.sql("update items set descendants = descendants + $2 where id = $1")
        .bind(root)
        .bind(by)
        .execute()
        .await?;
    Ok(())
}
