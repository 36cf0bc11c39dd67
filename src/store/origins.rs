//! Where posts and accounts came from: keyed hashes, written in the transaction of what came.

use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};

use super::{Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::ItemId;
use crate::domain::origin::{Origin, OriginKey};
use crate::domain::user::UserId;

impl Store {
    /// What makes an address into what is kept of it.
    pub fn origin_key(&self) -> &OriginKey {
        &self.origin_key
    }
}

/// The key of this site's hashes, made when a database is opened that has none.
pub(super) async fn key(pool: &SqlitePool) -> std::result::Result<OriginKey, sqlx::Error> {
    let kept = "select value from secrets where name = 'origins'";
    let mut secret: Option<Vec<u8>> = sqlx::query_scalar(kept).fetch_optional(pool).await?;
    if secret.is_none() {
        let mut fresh = [0_u8; 32];
        getrandom::fill(&mut fresh).map_err(|e| std::io::Error::other(e.to_string()))?;
        // Two processes may open a database at once: the first one's secret is everybody's.
        sqlx::query("insert into secrets (name, value) values ('origins', $1) on conflict do nothing")
            .bind(fresh.as_slice())
            .execute(pool)
            .await?;
        secret = sqlx::query_scalar(kept).fetch_optional(pool).await?;
    }
    let secret = secret.and_then(|secret| secret.try_into().ok());
    secret.map(OriginKey::new).ok_or_else(|| sqlx::Error::Protocol("the secret of origins has not 32 bytes".to_owned()))
}

/// Notes where a post, or with no `item` an account, came from; what a command or an import made came from nowhere.
pub(super) async fn note(
    tx: &mut Transaction<'static, Sqlite>,
    origin: Option<&Origin>,
    user: UserId,
    item: Option<ItemId>,
    now: Timestamp,
) -> Result<()> {
    let Some(origin) = origin else { return Ok(()) };
    sqlx::query("insert into origins (at, user_id, item_id, near, middle, wide) values ($1, $2, $3, $4, $5, $6)")
        .bind(now)
        .bind(user)
        .bind(item)
        .bind(origin.near.as_bytes())
        .bind(origin.middle.as_bytes())
        .bind(origin.wide.as_bytes())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
