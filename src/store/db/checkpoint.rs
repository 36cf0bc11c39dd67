//! The write-ahead log, kept small.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::connection::{LOG, options};
use super::{Result, Store};

/// How long one round waits for readers, who mostly are done in less; writers wait with it.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a look at the log came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointResult {
    /// It was small, and was left alone.
    Small,
    Done,
    /// Somebody was reading what was before all the while; the next look tries again.
    Held,
}

impl Store {
    /// Folds the log into the database file and cuts it off, where it is larger than [`LOG`].
    ///
    /// Over a connection of its own, so that the writer is not taken; what was derived from before is stale after it, as if another process
    /// had written.
    pub async fn checkpoint(&self) -> Result<CheckpointResult> {
        let size = tokio::fs::metadata(self.log_path()).await.map_or(0, |file| file.len());
        if size <= LOG {
            return Ok(CheckpointResult::Small);
        }
        let mut db = SqliteConnection::connect_with(&options(&self.path).busy_timeout(PATIENCE)).await?;
        // The copying, which takes longest, is done while nobody waits; what is left is little.
        sqlx::query("pragma wal_checkpoint(passive)").execute(&mut db).await?;
        let (held, ..): (bool, i64, i64) =
            sqlx::query_as("pragma wal_checkpoint(truncate)").fetch_one(&mut db).await?;
        db.close().await?;
        Ok(if held { CheckpointResult::Held } else { CheckpointResult::Done })
    }

    fn log_path(&self) -> PathBuf {
        let mut path = self.path.as_os_str().to_owned();
        path.push("-wal");
        PathBuf::from(path)
    }
}
