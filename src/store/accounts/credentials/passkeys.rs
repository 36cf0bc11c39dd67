//! Passkeys, and the challenges that they answer. Only token hashes of challenges are stored; each is used
//! once.

use crate::clock::Timestamp;
use crate::domain::accounts::passkey::{
    Challenge, CreationAnswer, MAX_PASSKEYS, Passkey, PasskeyAnswer, PasskeyError, PasskeyId, RelyingParty,
};
use crate::domain::accounts::user::UserId;
use crate::domain::moderation::action::Action;
use crate::store::accounts::credentials::lifetime::end_started;
use crate::store::moderation::log_entry::tell_account;
use crate::store::{Change, Error, Result, Store, Tx};

/// As its owner sees it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PasskeyRow {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// What a new challenge of an account is made with.
#[derive(Default)]
pub struct AccountPasskeys {
    /// `None` if there are none.
    pub user_handle: Option<Vec<u8>>,
    pub passkeys: Vec<Passkey>,
}

pub struct VerifiedPasskey {
    pub user_id: UserId,
    pub id: PasskeyId,
}

#[derive(sqlx::FromRow)]
struct StoredPasskey {
    id: PasskeyId,
    user_id: UserId,
    user_handle: Vec<u8>,
    credential: String,
}

impl StoredPasskey {
    fn passkey(&self) -> Result<Passkey> {
        serde_json::from_str(&self.credential).map_err(Error::other)
    }
}

impl Store {
    /// The newest last.
    pub async fn passkeys(&self, user: UserId) -> Result<Vec<PasskeyRow>> {
        self.read
            .sql("select id, name, created_at, last_used_at from passkeys where user_id = $1 order by id")
            .bind(user)
            .fetch_all()
            .await
    }

    pub async fn account_passkeys(&self, user: UserId) -> Result<AccountPasskeys> {
        let rows: Vec<StoredPasskey> = self
            .read
            .sql("select id, user_id, user_handle, credential from passkeys where user_id = $1 order by id")
            .bind(user)
            .fetch_all()
            .await?;
        let passkeys = rows.iter().map(StoredPasskey::passkey).collect::<Result<_>>()?;
        Ok(AccountPasskeys { user_handle: rows.into_iter().next().map(|row| row.user_handle), passkeys })
    }

    /// Keeps a challenge until it is answered or expires; `user` is `None` for a log-in. Removes those that
    /// have expired.
    pub async fn keep_challenge(
        &self,
        token_hash: &[u8],
        user: Option<UserId>,
        challenge: &Challenge,
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<()> {
        let challenge = serde_json::to_string(challenge).map_err(Error::other)?;
        let mut tx = self.begin().await?;
        tx.sql("delete from passkey_challenges where expires_at <= $1").bind(now).execute().await?;
        tx.sql(
            "insert into passkey_challenges (token_hash, user_id, challenge, expires_at) \
             values ($1, $2, $3, $4)",
        )
        .bind(token_hash)
        .bind(user)
        .bind(challenge)
        .bind(expires_at)
        .execute()
        .await?;
        self.commit(tx, &[]).await
    }

    /// Adds the passkey that answers a challenge; the owner is told. Fails with `Refused` if the challenge
    /// has expired or was answered, or the answer is wrong.
    pub async fn add_passkey(
        &self,
        user: UserId,
        (here, answer): (&RelyingParty, &CreationAnswer),
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let Challenge::Create { name, user_handle, registration } =
            take_challenge(&mut tx, &answer.token_hash(), Some(user), now).await?
        else {
            return self.refuse(tx, PasskeyError::Unverified).await;
        };
        let passkey = match here.created(answer, &registration) {
            Ok(passkey) => passkey,
            Err(wrong) => return self.refuse(tx, wrong).await,
        };
        if count(&mut tx, user).await? >= MAX_PASSKEYS {
            return self.refuse(tx, PasskeyError::TooMany).await;
        }
        let added = tx
            .sql(
                "insert into passkeys (user_id, user_handle, credential_id, credential, name, created_at) \
                 values ($1, $2, $3, $4, $5, $6) on conflict (credential_id) do nothing",
            )
            .bind(user)
            .bind(user_handle.as_bytes().as_slice())
            .bind(passkey.cred_id().as_slice())
            .bind(serde_json::to_string(&passkey).map_err(Error::other)?)
            .bind(&*name)
            .bind(now)
            .execute()
            .await?;
        if added == 0 {
            return self.refuse(tx, PasskeyError::Added).await;
        }
        tell_account(&mut tx, user, Action::PasskeyAdded, &name_sentence(&name), now).await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Fails with `NotFound` if it is not theirs, with `Refused` if it is the last one of an account without
    /// another log-in. The owner is told.
    pub async fn remove_passkey(&self, user: UserId, id: PasskeyId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let name: String = tx
            .sql("delete from passkeys where id = $1 and user_id = $2 returning name")
            .bind(id)
            .bind(user)
            .fetch_scalar()
            .await?;
        let only: bool =
            tx.sql("select passkeys_only from users where id = $1").bind(user).fetch_scalar().await?;
        if only && count(&mut tx, user).await? == 0 {
            return Err(Error::refused(PasskeyError::Last));
        }
        tell_account(&mut tx, user, Action::PasskeyRemoved, &name_sentence(&name), now).await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Verifies an answer to a challenge of `user`, in place of their password, or of a log-in. Uses up the
    /// challenge, whether the answer is right or wrong. Fails with `Refused` if it is wrong, or the challenge
    /// has expired or was answered.
    pub async fn verify_passkey(
        &self,
        user: Option<UserId>,
        (here, answer): (&RelyingParty, &PasskeyAnswer),
        now: Timestamp,
    ) -> Result<VerifiedPasskey> {
        let mut tx = self.begin().await?;
        let challenge = take_challenge(&mut tx, &answer.token_hash(), user, now).await?;
        let found: Option<StoredPasskey> = tx
            .sql("select id, user_id, user_handle, credential from passkeys where credential_id = $1")
            .bind(answer.credential_id())
            .fetch_optional()
            .await?;
        let Some(stored) = found else { return self.refuse(tx, PasskeyError::Unknown).await };
        let names_owner = answer.user_handle().is_none_or(|handle| handle == stored.user_handle);
        if !names_owner || user.is_some_and(|user| user != stored.user_id) {
            return self.refuse(tx, PasskeyError::Unverified).await;
        }
        let mut passkey = stored.passkey()?;
        if let Err(wrong) = here.verify(answer, challenge, &mut passkey) {
            if wrong == PasskeyError::Copied {
                tracing::warn!(user = stored.user_id.0, "the counter of a passkey went back");
            }
            return self.refuse(tx, wrong).await;
        }
        tx.sql("update passkeys set credential = $2, last_used_at = $3 where id = $1")
            .bind(stored.id)
            .bind(serde_json::to_string(&passkey).map_err(Error::other)?)
            .bind(now)
            .execute()
            .await?;
        self.commit(tx, &[]).await?;
        Ok(VerifiedPasskey { user_id: stored.user_id, id: stored.id })
    }

    /// Ends the password's log-in; the owner is told. Fails with `Refused` without another passkey or
    /// recovery codes, with `Conflict` if it has ended or there is no passkey.
    pub async fn log_in_with_passkeys_only(&self, user: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let passkeys = count(&mut tx, user).await?;
        let codes = tx.sql("select 1 from recovery_codes where user_id = $1 limit 1");
        let has_codes = codes.bind(user).exists().await?;
        if passkeys == 1 && !has_codes {
            return Err(Error::refused(PasskeyError::NoOtherWay));
        }
        let ended = tx
            .sql("update users set passkeys_only = true where id = $1 and not passkeys_only")
            .bind(user)
            .execute()
            .await?;
        if passkeys == 0 || ended == 0 {
            return Err(Error::Conflict);
        }
        end_started(&mut tx, user).await?;
        tell_account(&mut tx, user, Action::PasskeysOnly, "", now).await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Refuses an answer, and uses up its challenge nevertheless.
    async fn refuse<T>(&self, tx: Tx, why: PasskeyError) -> Result<T> {
        self.commit(tx, &[]).await?;
        Err(Error::refused(why))
    }
}

/// Takes a challenge of `user`, or of a log-in, in the transaction that judges its answer.
async fn take_challenge(
    tx: &mut Tx,
    token_hash: &[u8],
    user: Option<UserId>,
    now: Timestamp,
) -> Result<Challenge> {
    let taken: Option<String> = tx
        .sql(
            "delete from passkey_challenges where token_hash = $1 and expires_at > $3 and \
             (user_id = $2 or ($2 is null and user_id is null)) returning challenge",
        )
        .bind(token_hash)
        .bind(user)
        .bind(now)
        .fetch_optional_scalar()
        .await?;
    let taken = taken.ok_or_else(|| Error::refused(PasskeyError::Expired))?;
    serde_json::from_str(&taken).map_err(Error::other)
}

async fn count(tx: &mut Tx, user: UserId) -> Result<usize> {
    let rows: Vec<PasskeyId> =
        tx.sql("select id from passkeys where user_id = $1").bind(user).fetch_scalars().await?;
    Ok(rows.len())
}

/// A sentence for the owner.
fn name_sentence(name: &str) -> String {
    format!("It is called “{name}”.")
}
