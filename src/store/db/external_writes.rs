//! Writes by other processes on the same database.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::changes::WriteMark;
use super::engine::Connections;
use super::error::{Error, Result};
use super::{Store, changes, postgres, sqlite};

/// How long a request waits for its own earlier write to be read here.
const CATCH_UP_TIMEOUT: Duration = Duration::from_millis(300);
/// How long reading the changes of other nodes may take before the server counts as gone.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a node may not have read the changes of others before it drops all that it has cached. They are
/// kept for ten minutes.
const MAX_SILENCE: Duration = Duration::from_secs(15);

impl Store {
    /// Whether other processes may serve the same forum.
    pub fn has_nodes(&self) -> bool {
        matches!(self.write, Connections::Postgres(_))
    }

    /// The latest write of this process that pages may show.
    pub fn last_write(&self) -> Option<WriteMark> {
        self.changes.last_write()
    }

    /// Reads other nodes' changes up to a write. False if that takes too long or fails.
    pub async fn catch_up(&self, mark: &WriteMark) -> bool {
        self.changes.has(mark)
            || matches!(tokio::time::timeout(CATCH_UP_TIMEOUT, self.apply_changes()).await, Ok(Ok(_)))
    }

    /// Tells other nodes of writes and reads theirs when told, until the connection fails. On SQLite there
    /// are no other nodes.
    pub async fn exchange_wake_ups(&self) -> Result<()> {
        let Connections::Postgres(write) = &self.write else { return std::future::pending().await };
        let mut wake_ups = postgres::WakeUps::connect(write).await?;
        loop {
            // At first: what was written before this process listened.
            self.apply_changes().await?;
            wake_ups.wait(&self.changes.written).await?;
        }
    }

    /// Detects writes by other processes and invalidates caches. On an error of SQLite's writer, no cache is
    /// invalidated.
    pub async fn detect_external_writes(&self) -> Result<()> {
        let Connections::Sqlite(write) = &self.write else {
            let applied = tokio::time::timeout(READ_TIMEOUT, self.apply_changes()).await;
            let applied = applied.unwrap_or(Err(Error::Busy)).map(drop);
            let is_gone = matches!(applied, Err(Error::Storage(_) | Error::Busy));
            self.saving.is_unreachable.store(is_gone, Ordering::Relaxed);
            return applied;
        };
        // Must use the writer, whose own writes do not change its `data_version`.
        let data_version = sqlite::data_version(&mut *write.acquire().await?).await?;
        // A write without a row, such as a checkpoint or one by hand, may have changed anything.
        if self.generations.is_news(data_version) && !self.apply_changes().await.unwrap_or(false) {
            self.expire_caches();
        }
        Ok(())
    }

    async fn apply_changes(&self) -> Result<bool> {
        // On SQLite nobody looks until something was written.
        let max_silence = if self.has_nodes() { MAX_SILENCE } else { Duration::MAX };
        self.changes.apply(&self.read, &self.generations, max_silence).await
    }

    /// Deletes changes that every process has read: those that were there at the last call.
    pub async fn purge_changes(&self) -> Result<()> {
        let until = self.changes.purgeable(&self.read).await?;
        loop {
            let mut tx = self.begin().await?;
            let deleted = changes::purge(&mut tx, until).await?;
            self.commit(tx, &[]).await?;
            if !deleted {
                return Ok(());
            }
        }
    }
}
