//! Writes by other processes on the same database.

use super::engine::Connections;
use super::error::Result;
use super::{Store, changes, sqlite};

impl Store {
    /// Detects writes by other processes and invalidates caches. On an error of SQLite's writer, no cache is
    /// invalidated.
    pub async fn detect_external_writes(&self) -> Result<()> {
        let Connections::Sqlite(write) = &self.write else { return self.apply_changes().await.map(drop) };
        // Must use the writer, whose own writes do not change its `data_version`.
        let data_version = sqlite::data_version(&mut *write.acquire().await?).await?;
        // A write without a row, such as a checkpoint or one by hand, may have changed anything.
        if self.generations.is_news(data_version) && !self.apply_changes().await.unwrap_or(false) {
            self.expire_caches();
        }
        Ok(())
    }

    async fn apply_changes(&self) -> Result<bool> {
        self.changes.apply(&self.read, &self.generations).await
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
