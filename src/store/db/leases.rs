//! Leases: a job that is due is done by one process at a time. A row of the database is used rather than a
//! lock of a session, which a pooler of connections would lose.

use super::Store;
use super::error::Result;
use crate::clock::{MINUTE, Timestamp};

/// How long a process may be silent before another takes over its job, in seconds.
const LEASE: i64 = 50;

#[derive(sqlx::FromRow)]
struct LeaseRow {
    holder: String,
    expires_at: Timestamp,
    done_at: Timestamp,
}

impl LeaseRow {
    /// A time in the future was written under a clock that was ahead.
    fn is_free(&self, every: i64, now: Timestamp) -> bool {
        let is_held = self.expires_at > now && self.expires_at <= now.plus(LEASE + MINUTE);
        let is_done = self.done_at > now.minus(every) && self.done_at <= now.plus(MINUTE);
        !is_held && !is_done
    }
}

impl Store {
    /// Takes the lease of a job that is due `every` so many seconds. False if it is not due yet, or another
    /// process is doing it.
    pub async fn claim_job(&self, job: &'static str, every: i64, now: Timestamp) -> Result<bool> {
        let select = "select holder, expires_at, done_at from leases where job = $1";
        let before: Option<LeaseRow> = self.read.sql(select).bind(job).fetch_optional().await?;
        if before.as_ref().is_some_and(|lease| !lease.is_free(every, now)) {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
        let (me, expires_at) = (self.changes.node(), now.plus(LEASE));
        let claimed = match &before {
            None => {
                let insert = "insert into leases (job, holder, expires_at, done_at) values ($1, $2, $3, 0) \
                              on conflict do nothing";
                tx.sql(insert).bind(job).bind(me).bind(expires_at).execute().await?
            }
            Some(lease) => {
                // Another process may have claimed it meanwhile.
                let update = "update leases set holder = $2, expires_at = $3 \
                              where job = $1 and holder = $4 and expires_at = $5";
                let update = tx.sql(update).bind(job).bind(me).bind(expires_at);
                update.bind(lease.holder.as_str()).bind(lease.expires_at).execute().await?
            }
        };
        self.commit(tx, &[]).await?;
        Ok(claimed == 1)
    }

    /// False if another process has taken the job over.
    pub async fn renew_lease(&self, job: &'static str, now: Timestamp) -> Result<bool> {
        let update = "update leases set expires_at = $3 where job = $1 and holder = $2";
        let mut tx = self.begin().await?;
        let me = self.changes.node();
        let renewed = tx.sql(update).bind(job).bind(me).bind(now.plus(LEASE)).execute().await?;
        self.commit(tx, &[]).await?;
        Ok(renewed == 1)
    }

    /// Gives up the lease of a job, which is next due at its interval after `done_at`.
    pub async fn end_lease(&self, job: &'static str, done_at: Timestamp) -> Result<()> {
        let update =
            "update leases set holder = '', expires_at = 0, done_at = $3 where job = $1 and holder = $2";
        let mut tx = self.begin().await?;
        tx.sql(update).bind(job).bind(self.changes.node()).bind(done_at).execute().await?;
        self.commit(tx, &[]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_free_when_it_is_due_and_nobody_does_it() {
        let now = Timestamp(1_000_000);
        for (expires_in, done_ago, is_free) in [
            (-1_000_000, 1_000_000, true),
            (-1, 600, true),
            (-1, 599, false),
            (0, 600, true),
            (1, 600, false),
            (LEASE, 600, false),
            (LEASE + 2 * MINUTE, 600, true),
            (-1, -2 * MINUTE, true),
            (-1, 0, false),
        ] {
            let (expires_at, done_at) = (now.plus(expires_in), now.minus(done_ago));
            let lease = LeaseRow { holder: String::new(), expires_at, done_at };
            assert_eq!(lease.is_free(600, now), is_free, "{expires_in} {done_ago}");
        }
    }
}
