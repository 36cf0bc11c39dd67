//! Log-ins between the password and the second factor. Only token hashes are stored; each is used once.

use crate::clock::Timestamp;
use crate::domain::accounts::totp::TotpSecret;
use crate::domain::accounts::user::UserId;
use crate::domain::moderation::action::Action;
use crate::store::accounts::credentials::recovery_codes::{codes_left, take_code};
use crate::store::moderation::log_entry::tell_account;
use crate::store::{Change, Error, Result, Store, Tx};

/// Wrong codes after which a log-in begins anew with the password.
const MAX_MISSES: i64 = 5;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PendingLogin {
    pub user_id: UserId,
    pub name: String,
}

/// A log-in that has passed all its steps.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PassedLogin {
    pub user_id: UserId,
    /// A PHC string, of the password that was right.
    pub password: String,
}

impl Store {
    /// Fails with `Conflict` if the password has changed since it was verified.
    pub async fn begin_pending_login(
        &self,
        token_hash: &[u8],
        (user, verified): (UserId, &str),
        expires_at: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let begun = tx
            .sql(
                "insert into pending_logins (token_hash, user_id, expires_at) \
                 select $1, u.id, $3 from users u where u.id = $2 and u.password = $4",
            )
            .bind(token_hash)
            .bind(user)
            .bind(expires_at)
            .bind(verified)
            .execute()
            .await?;
        if begun == 0 {
            return Err(Error::Conflict);
        }
        self.commit(tx, &[]).await
    }

    /// `None` if it has expired or was used.
    pub async fn pending_login(&self, token_hash: &[u8], now: Timestamp) -> Result<Option<PendingLogin>> {
        self.read
            .sql(
                "select p.user_id, u.name from pending_logins p join users u on u.id = p.user_id where \
                 p.token_hash = $1 and p.expires_at > $2",
            )
            .bind(token_hash)
            .bind(now)
            .fetch_optional()
            .await
    }

    /// Ends a log-in with a code of the authenticator app. A wrong code is counted, and ends it if there were
    /// too many. Fails with `NotFound` if it has expired or was used, with `Refused` if the code is wrong.
    pub async fn pass_with_totp(&self, token_hash: &[u8], code: &str, now: Timestamp) -> Result<PassedLogin> {
        let mut tx = self.begin().await?;
        let passed = end(&mut tx, token_hash, now).await?;
        let (secret, last_step): (Vec<u8>, i64) = tx
            .sql("select secret, last_step from totp_secrets where user_id = $1 and confirmed_at is not null")
            .bind(passed.user_id)
            .fetch_one()
            .await?;
        match TotpSecret::of(secret).check(code, last_step, now) {
            Ok(step) => {
                tx.sql("update totp_secrets set last_step = $2 where user_id = $1")
                    .bind(passed.user_id)
                    .bind(step)
                    .execute()
                    .await?;
                self.commit(tx, &[]).await?;
                Ok(passed)
            }
            Err(wrong) => {
                drop(tx);
                self.miss(token_hash).await?;
                Err(Error::refused(wrong))
            }
        }
    }

    /// The same with a recovery code, which is used up; the owner is told.
    pub async fn pass_with_recovery_code(
        &self,
        token_hash: &[u8],
        code_hash: &[u8],
        now: Timestamp,
    ) -> Result<PassedLogin> {
        let mut tx = self.begin().await?;
        let passed = end(&mut tx, token_hash, now).await?;
        if !take_code(&mut tx, passed.user_id, code_hash).await? {
            drop(tx);
            self.miss(token_hash).await?;
            return Err(Error::refused("That is none of your recovery codes, or it has been used."));
        }
        let left = codes_left(&mut tx, passed.user_id).await?;
        tell_account(&mut tx, passed.user_id, Action::RecoveryLogin, &left, now).await?;
        self.commit(tx, &[Change::Member(passed.user_id)]).await?;
        Ok(passed)
    }

    async fn miss(&self, token_hash: &[u8]) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("update pending_logins set misses = misses + 1 where token_hash = $1")
            .bind(token_hash)
            .execute()
            .await?;
        tx.sql("delete from pending_logins where token_hash = $1 and misses >= $2")
            .bind(token_hash)
            .bind(MAX_MISSES)
            .execute()
            .await?;
        self.commit(tx, &[]).await
    }
}

/// Ends a pending log-in in the transaction that completes it.
async fn end(tx: &mut Tx, token_hash: &[u8], now: Timestamp) -> Result<PassedLogin> {
    let user: UserId = tx
        .sql("delete from pending_logins where token_hash = $1 and expires_at > $2 returning user_id")
        .bind(token_hash)
        .bind(now)
        .fetch_scalar()
        .await?;
    tx.sql("select id as user_id, password from users where id = $1").bind(user).fetch_one().await
}
