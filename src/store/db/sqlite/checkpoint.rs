use std::path::Path;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::connection::{MAX_WAL_BYTES, options};
use super::file::beside;
use crate::store::db::error::Result;

/// Busy timeout of a checkpoint; writers wait as well.
const BUSY_TIMEOUT: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointResult {
    Small,
    Done,
    /// Readers were active throughout; the next round retries.
    Blocked,
}

/// Bytes of the WAL of a database file; 0 if there is none.
pub async fn wal_bytes(path: &Path) -> u64 {
    tokio::fs::metadata(beside(path, "-wal")).await.map_or(0, |file| file.len())
}

/// Checkpoints and truncates the WAL of a database file if it exceeds [`MAX_WAL_BYTES`]. Uses its own
/// connection to leave the writer free, which invalidates caches like an external write.
pub async fn checkpoint(path: &Path) -> Result<CheckpointResult> {
    if wal_bytes(path).await <= MAX_WAL_BYTES {
        return Ok(CheckpointResult::Small);
    }
    let mut db = SqliteConnection::connect_with(&options(path).busy_timeout(BUSY_TIMEOUT)).await?;
    // A passive checkpoint first copies most pages without blocking anyone.
    sqlx::query("pragma wal_checkpoint(passive)").execute(&mut db).await?;
    let (held, ..): (bool, i64, i64) =
        sqlx::query_as("pragma wal_checkpoint(truncate)").fetch_one(&mut db).await?;
    db.close().await?;
    Ok(if held { CheckpointResult::Blocked } else { CheckpointResult::Done })
}
