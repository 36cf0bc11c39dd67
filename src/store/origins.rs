//! Where posts and accounts came from: keyed hashes, written in the transaction of what came.

use super::{Result, Tx};
use crate::clock::Timestamp;
use crate::domain::item::ItemId;
use crate::domain::origin::IpHashes;
use crate::domain::user::UserId;

/// Notes where a post, or with no `item` an account, came from; what a command or an import made came from nowhere.
pub(super) async fn note(
    tx: &mut Tx,
    origin: Option<&IpHashes>,
    user: UserId,
    item: Option<ItemId>,
    now: Timestamp,
) -> Result<()> {
    let Some(origin) = origin else { return Ok(()) };
    tx.sql("insert into origins (at, user_id, item_id, near, middle, wide) values ($1, $2, $3, $4, $5, $6)")
        .bind(now)
        .bind(user)
        .bind(item)
        .bind(origin.near.as_bytes())
        .bind(origin.middle.as_bytes())
        .bind(origin.wide.as_bytes())
        .execute()
        .await?;
    Ok(())
}
