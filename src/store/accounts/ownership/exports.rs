//! Archives of a member's own data: asked for by the member, made by a job, kept for a week.

use crate::clock::{DAY, MINUTE, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::store::{Change, Error, Result, Store};

/// How long an archive can be downloaded, and how long until another can be asked for, in seconds.
pub const EXPORT_TTL: i64 = 7 * DAY;
pub const EXPORT_INTERVAL: i64 = DAY;
/// How long a process may take to make an archive before another begins anew.
const LEASE: i64 = 10 * MINUTE;
/// How often it is tried.
const MAX_ATTEMPTS: i64 = 3;

#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct ExportRow {
    pub asked_at: Timestamp,
    /// `None`: it is being made.
    pub finished_at: Option<Timestamp>,
    /// In bytes; `None` if it is being made, or could not be.
    pub size: Option<i64>,
}

impl ExportRow {
    pub fn may_be_replaced(&self, now: Timestamp) -> bool {
        let failed = self.finished_at.is_some() && self.size.is_none();
        failed || now.since(self.asked_at) >= EXPORT_INTERVAL
    }
}

impl Store {
    /// What somebody asked for last, if it has not expired.
    pub async fn export(&self, user: UserId, now: Timestamp) -> Result<Option<ExportRow>> {
        self.read
            .sql(
                "select asked_at, finished_at, cast(length(archive) as bigint) as size from exports where \
                 user_id = $1 and (finished_at is null or finished_at > $2)",
            )
            .bind(user)
            .bind(now.minus(EXPORT_TTL))
            .fetch_optional()
            .await
    }

    /// Asks for an archive, which replaces an earlier one. Fails with `Conflict` if it is too soon.
    pub async fn ask_for_export(&self, user: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let asked = tx
            .sql(
                "insert into exports (user_id, asked_at) values ($1, $2) on conflict (user_id) do update set \
                 asked_at = excluded.asked_at, lease_until = 0, attempts = 0, finished_at = null, archive = \
                 null where exports.asked_at <= $3 or (exports.finished_at is not null and \
                 exports.archive is null)",
            )
            .bind(user)
            .bind(now)
            .bind(now.minus(EXPORT_INTERVAL))
            .execute()
            .await?;
        if asked == 0 {
            return Err(Error::Conflict);
        }
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// The archive, if it is made and has not expired.
    pub async fn export_archive(&self, user: UserId, now: Timestamp) -> Result<Option<Vec<u8>>> {
        self.read
            .sql(
                "select archive from exports where user_id = $1 and archive is not null and finished_at > $2",
            )
            .bind(user)
            .bind(now.minus(EXPORT_TTL))
            .fetch_optional_scalar()
            .await
    }

    /// Takes the archive to be made that was asked for first, unless another process makes it.
    pub async fn claim_export(&self, now: Timestamp) -> Result<Option<UserId>> {
        let waiting = "select user_id from exports where finished_at is null and lease_until <= $1 order by \
                       lease_until limit 1";
        let found: Option<UserId> = self.read.sql(waiting).bind(now).fetch_optional_scalar().await?;
        let Some(user) = found else { return Ok(None) };
        let mut tx = self.begin().await?;
        let claimed = tx
            .sql(
                "update exports set lease_until = $2, attempts = attempts + 1, finished_at = case when \
                 attempts >= $4 then $3 end where user_id = $1 and finished_at is null and lease_until <= $3",
            )
            .bind(user)
            .bind(now.plus(LEASE))
            .bind(now)
            .bind(MAX_ATTEMPTS)
            .execute()
            .await?;
        let goes_on: bool = tx
            .sql("select finished_at is null from exports where user_id = $1")
            .bind(user)
            .fetch_scalar()
            .await?;
        self.commit(tx, &[Change::Member(user)]).await?;
        Ok(Some(user).filter(|_| claimed == 1 && goes_on))
    }

    /// Keeps an archive that was made, unless the account is deleted by now.
    pub async fn finish_export(&self, user: UserId, archive: &[u8], now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql(
            "update exports set finished_at = $2, archive = $3 where user_id = $1 and finished_at is null",
        )
        .bind(user)
        .bind(now)
        .bind(archive)
        .execute()
        .await?;
        self.commit(tx, &[Change::Member(user)]).await
    }
}
