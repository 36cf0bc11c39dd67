use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{SqliteJournalMode, SqliteLockingMode, SqlitePool, SqliteSynchronous};

use super::connection::{lasting, options};
use super::file;
use super::key;
use super::migrations::{MIGRATIONS, migrate};
use super::writer;
use crate::store::db::engine::{Connections, Opened};
use crate::store::db::error::OpenError;
use crate::store::db::generations::Generations;

/// Reader connections, a thread each; more than the number of cores gains nothing.
const READERS: u32 = 4;

/// Opens or migrates a database file, and creates it if `new` allows; one with data is copied before it is
/// migrated.
pub async fn open(path: &Path, new: bool) -> Result<Opened, OpenError> {
    let failed = |e| OpenError::Open(path.into(), e);
    if file::look(path)? == file::FileKind::Nothing {
        if !new {
            return Err(OpenError::Missing(path.to_owned()));
        }
        file::make(path).map_err(|e| OpenError::Make(path.to_owned(), e))?;
        file::mark(path).await.map_err(failed)?;
    }
    file::restrict_permissions(path);
    let generations = Arc::new(Generations::new());
    let write = writer::open(options(path), Arc::clone(&generations)).await.map_err(failed)?;
    migrate(&write, path, &MIGRATIONS).await?;
    let ip_hash_key = key::of(&write, path).await?;
    let read = lasting(READERS).connect_with(options(path).read_only(true)).await.map_err(failed)?;
    let (read, write) = (Connections::Sqlite(read), Connections::Sqlite(write));
    Ok(Opened { read, write, generations, ip_hash_key: Some(ip_hash_key) })
}

/// Checkpoints the WAL, when no reader is left, and closes the writer.
pub(in crate::store::db) async fn close(write: &SqlitePool) {
    if let Err(error) = sqlx::query("pragma wal_checkpoint(truncate)").execute(write).await {
        tracing::warn!(%error, "the WAL could not be checkpointed");
    }
    write.close().await;
}

/// The only connection to a new database, for one large transaction: without a write-ahead log, which would
/// hold each page as often as it was written, and without checking each reference at once.
pub(in crate::store::db) async fn alone(path: &Path) -> Result<Connections, OpenError> {
    let options = options(path).locking_mode(SqliteLockingMode::Exclusive);
    let options = options.journal_mode(SqliteJournalMode::Delete).synchronous(SqliteSynchronous::Full);
    let options = options.foreign_keys(false).pragma("cache_size", "-65536");
    let pool = lasting(1).connect_with(options).await.map_err(|e| OpenError::Open(path.into(), e))?;
    Ok(Connections::Sqlite(pool))
}

pub async fn upgrade(path: &Path) -> Result<(), OpenError> {
    let write = lasting(1).connect_with(options(path)).await.map_err(|e| OpenError::Open(path.into(), e))?;
    let migrated = MIGRATIONS.run(&write).await.map_err(|e| OpenError::Migrate(path.into(), e));
    write.close().await;
    migrated
}
