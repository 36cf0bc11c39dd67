//! Stores the keyed hashes of the addresses that posts and accounts came from.

use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::IpHashes;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::store::{Result, Tx};

/// Records the hashes for a post, or without `item` for an account; commands and imports have none.
pub(crate) async fn note(
    tx: &mut Tx,
    ip_hashes: Option<&IpHashes>,
    user: UserId,
    item: Option<ItemId>,
    now: Timestamp,
) -> Result<()> {
    let Some(ip_hashes) = ip_hashes else { return Ok(()) };
    tx.sql(
        "insert into ip_hashes (created_at, user_id, item_id, address, subnet, network) values ($1, $2, \
            $3, $4, $5, $6)",
    )
    .bind(now)
    .bind(user)
    .bind(item)
    .bind(ip_hashes.address.as_bytes())
    .bind(ip_hashes.subnet.as_bytes())
    .bind(ip_hashes.network.as_bytes())
    .execute()
    .await?;
    Ok(())
}
