//! Where posts and accounts came from: keyed hashes, written in the transaction of what came.

use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::IpHashes;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::store::{Result, Tx};

/// Notes where a post, or with no `item` an account, came from; what a command or an import made came from nowhere.
pub(crate) async fn note(
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
