//! Secret addresses of inboxes as feeds, one for a member. Only token hashes are stored. What ends them is in
//! `credentials/lifetime.rs`.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::store::{Result, Store};

impl Store {
    /// Makes an address, which replaces an earlier one.
    pub async fn make_inbox_feed(&self, user: UserId, token_hash: &[u8], now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql(
            "insert into inbox_feeds (user_id, token_hash, created_at) values ($1, $2, $3) on conflict \
             (user_id) do update set token_hash = excluded.token_hash, created_at = excluded.created_at",
        )
        .bind(user)
        .bind(token_hash)
        .bind(now)
        .execute()
        .await?;
        self.commit(tx, &[]).await
    }

    pub async fn end_inbox_feed(&self, user: UserId) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("delete from inbox_feeds where user_id = $1").bind(user).execute().await?;
        self.commit(tx, &[]).await
    }

    /// When the address was made, if there is one.
    pub async fn inbox_feed_since(&self, user: UserId) -> Result<Option<Timestamp>> {
        let select = "select created_at from inbox_feeds where user_id = $1";
        self.read.sql(select).bind(user).fetch_optional_scalar().await
    }
}
