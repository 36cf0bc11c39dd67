//! What opens an account beside its password: sessions, known browsers and the link that sets a password.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::store::{Result, Tx};

/// Ends all sessions but `keep`, and forgets all browsers but `browser`.
pub(crate) async fn end_all_sessions(
    tx: &mut Tx,
    user: UserId,
    keep: Option<&[u8]>,
    browser: Option<&[u8]>,
) -> Result<()> {
    tx.sql("delete from sessions where user_id = $1 and ($2 is null or token_hash <> $2)")
        .bind(user)
        .bind(keep)
        .execute()
        .await?;
    tx.sql("delete from browsers where user_id = $1 and ($2 is null or token_hash <> $2)")
        .bind(user)
        .bind(browser)
        .execute()
        .await
        .map(drop)
}

/// Ends the link by which a lost password could be set.
pub(crate) async fn end_password_reset(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.sql("delete from password_resets where user_id = $1").bind(user).execute().await.map(drop)
}

/// Makes the one link of an account.
pub(crate) async fn put_password_reset(
    tx: &mut Tx,
    user: UserId,
    token_hash: &[u8],
    expires_at: Timestamp,
) -> Result<()> {
    tx.sql(
        "insert into password_resets (user_id, token_hash, expires_at) values ($1, $2, $3) on conflict \
         (user_id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at",
    )
    .bind(user)
    .bind(token_hash)
    .bind(expires_at)
    .execute()
    .await
    .map(drop)
}
