//! Links that set a lost password: one for each account, used once. Only token hashes are stored. What ends
//! them is in `credentials/lifetime.rs`.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Role, UserId};
use crate::domain::mail::content::SecurityEvent;
use crate::domain::moderation::action::Action;
use crate::store::accounts::author;
use crate::store::accounts::credentials::lifetime::CredentialEnd;
use crate::store::accounts::users::put_password;
use crate::store::mail::security::security_mail;
use crate::store::moderation::log_entry::{ActionContext, LogEntry};
use crate::store::moderation::sanctions::done_to_member;
use crate::store::{Change, Error, Result, Store, Tx};

impl Store {
    /// Makes a link until `expires_at`, which replaces an earlier one; logged for moderators, and the member
    /// is notified. Fails with `Conflict` if the actor is no longer an admin, or the account cannot log in.
    pub async fn make_password_reset(
        &self,
        user: UserId,
        token_hash: &[u8],
        expires_at: Timestamp,
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        if let Some(actor) = act.actor
            && author::writer(&mut tx, actor, act.at).await?.role < Role::Admin
        {
            return Err(Error::Conflict);
        }
        // A banned member logs in to appeal.
        let can_log_in = tx.sql("select 1 from users where id = $1 and password is not null");
        if !can_log_in.bind(user).exists().await? {
            return Err(Error::Conflict);
        }
        put_password_reset(&mut tx, user, token_hash, expires_at).await?;
        done_to_member(&mut tx, user, LogEntry::of(Action::ResetLink), Default::default(), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// The name of the account that a link is for, if the link is valid.
    pub async fn password_reset(&self, token_hash: &[u8], now: Timestamp) -> Result<Option<String>> {
        self.read
            .sql(
                "select u.name from password_resets r join users u on u.id = r.user_id where r.token_hash = \
                 $1 and r.expires_at > $2",
            )
            .bind(token_hash)
            .bind(now)
            .fetch_optional_scalar()
            .await
    }

    /// Sets the password, uses up the link, ends all sessions and passkeys and forgets all browsers. Fails
    /// with `NotFound` if the link is not valid, or no longer.
    pub async fn set_lost_password(
        &self,
        token_hash: &[u8],
        password: &str,
        now: Timestamp,
    ) -> Result<UserId> {
        let mut tx = self.begin().await?;
        let user = tx
            .sql("select user_id from password_resets where token_hash = $1 and expires_at > $2")
            .bind(token_hash)
            .bind(now)
            .fetch_scalar()
            .await?;
        put_password(&mut tx, user, password, CredentialEnd::LostPassword).await?;
        security_mail(&mut tx, user, SecurityEvent::PasswordReset, now).await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(user)
    }
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
