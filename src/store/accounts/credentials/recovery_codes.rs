//! Recovery codes. Only their hashes are stored; each is used once.

use crate::clock::Timestamp;
use crate::domain::accounts::recovery_code::RecoveryCode;
use crate::domain::accounts::user::UserId;
use crate::domain::moderation::action::Action;
use crate::domain::text::plural::counted;
use crate::store::accounts::credentials::lifetime::CredentialEnd;
use crate::store::accounts::users::put_password;
use crate::store::moderation::log_entry::tell_account;
use crate::store::{Change, Error, Result, Store, Tx};

impl Store {
    pub async fn recovery_codes_left(&self, user: UserId) -> Result<i64> {
        self.read
            .sql("select count(*) from recovery_codes where user_id = $1")
            .bind(user)
            .fetch_scalar()
            .await
    }

    /// Replaces all codes of an account; the owner is told.
    pub async fn replace_recovery_codes(
        &self,
        user: UserId,
        codes: &[RecoveryCode],
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        put_codes(&mut tx, user, codes, now).await?;
        tell_account(&mut tx, user, Action::RecoveryCodes, "", now).await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Offers the account no codes any more.
    pub async fn decline_recovery_codes(&self, user: UserId) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("update users set offers_recovery_codes = false where id = $1").bind(user).execute().await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Sets a lost password by a code, which is used up; ends all sessions and passkeys and forgets all
    /// browsers. Tells the owner. Fails with `NotFound` if there is no such account or code.
    pub async fn recover_password(
        &self,
        name: &str,
        code_hash: &[u8],
        password: &str,
        now: Timestamp,
    ) -> Result<UserId> {
        let mut tx = self.begin().await?;
        let user =
            tx.sql("select id from users where lower(name) = lower($1)").bind(name).fetch_scalar().await?;
        if !take_code(&mut tx, user, code_hash).await? {
            return Err(Error::NotFound);
        }
        put_password(&mut tx, user, password, CredentialEnd::LostPassword).await?;
        let left = codes_left(&mut tx, user).await?;
        tell_account(&mut tx, user, Action::RecoveryPassword, &left, now).await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(user)
    }
}

pub(crate) async fn put_codes(
    tx: &mut Tx,
    user: UserId,
    codes: &[RecoveryCode],
    now: Timestamp,
) -> Result<()> {
    tx.sql("delete from recovery_codes where user_id = $1").bind(user).execute().await?;
    for code in codes {
        tx.sql("insert into recovery_codes (user_id, code_hash, created_at) values ($1, $2, $3)")
            .bind(user)
            .bind(code.hash())
            .bind(now)
            .execute()
            .await?;
    }
    tx.sql("update users set offers_recovery_codes = false where id = $1")
        .bind(user)
        .execute()
        .await
        .map(drop)
}

/// Whether there was such a code, which is now used up.
pub(super) async fn take_code(tx: &mut Tx, user: UserId, code_hash: &[u8]) -> Result<bool> {
    let taken = tx
        .sql("delete from recovery_codes where user_id = $1 and code_hash = $2")
        .bind(user)
        .bind(code_hash)
        .execute()
        .await?;
    Ok(taken == 1)
}

/// A sentence for the owner.
pub(super) async fn codes_left(tx: &mut Tx, user: UserId) -> Result<String> {
    let left: i64 =
        tx.sql("select count(*) from recovery_codes where user_id = $1").bind(user).fetch_scalar().await?;
    Ok(match left {
        0 => "You have no recovery codes left: make new ones in your settings.".to_owned(),
        left => format!("You have {} left.", counted(left, "recovery code")),
    })
}
