use std::fmt::Debug;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::engine::Connections;
use super::{Error, Result, Store, postgres, sqlite};

/// How long a health check's result is cached.
const CACHE_TTL: Duration = Duration::from_secs(1);
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
impl Store {
    pub async fn ping(&self) -> Result<()> {
        self.read.sql("select 1").exists().await.map(drop)
    }

    /// Bytes of SQLite's write-ahead log; `None` on PostgreSQL.
    pub async fn wal_bytes(&self) -> Option<u64> {
        Some(sqlite::wal_bytes(self.address.file()?).await)
    }

    /// How many processes serve this forum, as PostgreSQL sees them; `None` on SQLite, where it is one.
    pub async fn nodes(&self) -> Result<Option<i64>> {
        match &self.read.0 {
            Connections::Sqlite(_) => Ok(None),
            Connections::Postgres(pool) => postgres::nodes(pool).await.map(Some),
        }
    }

    pub fn storage_failed(&self, cause: &dyn Debug) {
        self.saving.fails(cause);
    }

    pub fn is_failing(&self) -> bool {
        self.saving.fails.load(Ordering::Relaxed)
    }

    /// Whether the database's server is gone, as far as is known.
    pub fn is_unreachable(&self) -> bool {
        self.saving.is_unreachable.load(Ordering::Relaxed)
    }

    /// Whether a failure of now is likely to be the server's absence, which is known a moment later.
    pub fn may_be_unreachable(&self) -> bool {
        self.is_unreachable() || (self.has_nodes() && self.is_failing())
    }

    /// Cached for a second.
    pub async fn can_save(&self) -> bool {
        let mut asked = self.saving.asked.lock().await;
        if asked.is_none_or(|at| at.elapsed() >= CACHE_TTL) {
            self.can_save_now().await;
            *asked = Some(Instant::now());
        }
        !self.is_failing()
    }

    /// While other writers block, returns the last known state.
    pub async fn can_save_now(&self) -> bool {
        match timeout(CHECK_TIMEOUT, self.check_saving()).await {
            Ok(Ok(()) | Err(Error::Busy)) | Err(_) => {}
            Ok(Err(error)) => self.saving.fails(&error),
        }
        !self.is_failing()
    }

    /// Writes and deletes a test row, and commits.
    async fn check_saving(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("insert into checks (id) values (1) on conflict do nothing").execute().await?;
        tx.sql("delete from checks where id = 1").execute().await?;
        self.commit(tx, &[]).await
    }
}
