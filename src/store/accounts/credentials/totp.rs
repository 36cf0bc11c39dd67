//! The secrets of authenticator apps.

use crate::clock::Timestamp;
use crate::domain::accounts::recovery_code::RecoveryCode;
use crate::domain::accounts::totp::{CLEARING_DELAY, SETUP_TTL, TotpSecret};
use crate::domain::accounts::user::{Role, UserId};
use crate::domain::moderation::action::Action;
use crate::store::accounts::author;
use crate::store::accounts::credentials::recovery_codes::put_codes;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_log_entry, tell_account};
use crate::store::moderation::notifications::Terms;
use crate::store::moderation::sanctions::done_to_member;
use crate::store::{Change, Error, Result, Store};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TotpRow {
    pub secret: Vec<u8>,
    pub created_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    /// When it ends because an admin cleared it.
    pub clears_at: Option<Timestamp>,
}

impl TotpRow {
    /// Whether log-ins ask for a code.
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.confirmed_at.is_some() && !self.is_cleared(now)
    }

    fn is_cleared(&self, now: Timestamp) -> bool {
        self.clears_at.is_some_and(|at| at <= now)
    }

    /// Whether it waits for the code that confirms it.
    pub fn is_being_set_up(&self, now: Timestamp) -> bool {
        self.confirmed_at.is_none() && now.since(self.created_at) < SETUP_TTL
    }
}

impl Store {
    pub async fn totp(&self, user: UserId) -> Result<Option<TotpRow>> {
        self.read
            .sql("select secret, created_at, confirmed_at, clears_at from totp_secrets where user_id = $1")
            .bind(user)
            .fetch_optional()
            .await
    }

    /// Whether a log-in asks for a second factor.
    pub async fn has_second_factor(&self, user: UserId, now: Timestamp) -> Result<bool> {
        Ok(self.totp(user).await?.is_some_and(|totp| totp.is_on(now)))
    }

    /// Begins anew with a secret that a code is to confirm. Fails with `Conflict` if one is on.
    pub async fn start_totp(&self, user: UserId, secret: &TotpSecret, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let started = tx
            .sql(
                "insert into totp_secrets (user_id, secret, created_at) values ($1, $2, $3) on conflict \
                 (user_id) do update set secret = excluded.secret, created_at = excluded.created_at, \
                 confirmed_at = null, last_step = 0, clears_at = null \
                 where totp_secrets.confirmed_at is null or totp_secrets.clears_at <= $3",
            )
            .bind(user)
            .bind(secret.as_bytes())
            .bind(now)
            .execute()
            .await?;
        if started == 0 {
            return Err(Error::Conflict);
        }
        self.commit(tx, &[]).await
    }

    /// Turns the second factor on, with new recovery codes; the owner is told. Fails with `Refused` if the
    /// code is wrong, and with `Conflict` if no secret waits for one.
    pub async fn confirm_totp(
        &self,
        user: UserId,
        code: &str,
        codes: &[RecoveryCode],
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let waiting: Option<Vec<u8>> = tx
            .sql(
                "select secret from totp_secrets where user_id = $1 and confirmed_at is null and \
                 created_at > $2",
            )
            .bind(user)
            .bind(now.minus(SETUP_TTL))
            .fetch_optional_scalar()
            .await?;
        let secret = TotpSecret::of(waiting.ok_or(Error::Conflict)?);
        let step = secret.check(code, 0, now).map_err(Error::refused)?;
        tx.sql("update totp_secrets set confirmed_at = $2, last_step = $3 where user_id = $1")
            .bind(user)
            .bind(now)
            .bind(step)
            .execute()
            .await?;
        put_codes(&mut tx, user, codes, now).await?;
        tell_account(&mut tx, user, Action::TwoFactorOn, "", now).await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Fails with `Conflict` if it is off.
    pub async fn turn_off_totp(&self, user: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let off = tx
            .sql("delete from totp_secrets where user_id = $1 and confirmed_at is not null")
            .bind(user)
            .execute()
            .await?;
        if off == 0 {
            return Err(Error::Conflict);
        }
        tell_account(&mut tx, user, Action::TwoFactorOff, "", now).await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Ends a lost second factor after a delay in which its owner can stop it; logged for moderators, and the
    /// owner is notified. Fails with `Conflict` if the actor is no longer an admin, if there is none, or if
    /// it is being cleared already.
    pub async fn clear_totp(&self, user: UserId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        if let Some(actor) = act.actor
            && author::writer(&mut tx, actor, act.at).await?.role < Role::Admin
        {
            return Err(Error::Conflict);
        }
        let until = act.at.plus(CLEARING_DELAY);
        let cleared = tx
            .sql(
                "update totp_secrets set clears_at = $2 where user_id = $1 and confirmed_at is not null and \
                 clears_at is null",
            )
            .bind(user)
            .bind(until)
            .execute()
            .await?;
        if cleared == 0 {
            return Err(Error::Conflict);
        }
        let terms = Terms { until: Some(until), ..Terms::default() };
        done_to_member(&mut tx, user, LogEntry::of(Action::ClearTwoFactor), terms, act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Stops an admin who clears the second factor; logged for moderators. Fails with `Conflict` if nobody
    /// does, or it is too late.
    pub async fn keep_totp(&self, user: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let kept = tx
            .sql("update totp_secrets set clears_at = null where user_id = $1 and clears_at > $2")
            .bind(user)
            .bind(now)
            .execute()
            .await?;
        if kept == 0 {
            return Err(Error::Conflict);
        }
        let act = ActionContext { actor: Some(user), reason: "", at: now };
        let entry = LogEntry { user: Some(user), ..LogEntry::of(Action::KeepTwoFactor) };
        append_log_entry(&mut tx, act, entry).await?;
        self.commit(tx, &[Change::Public]).await
    }
}
