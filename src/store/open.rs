//! Opening a database: what is none of Stoa's is refused, what is older is brought up to date.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::generations::Generations;
use super::{LOG, Store, copy, file, is_of_storage, key, site, writer};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Readers beside the one writer; each is a thread, and more than the cores gain nothing.
const READERS: u32 = 4;

/// Why a database could not be opened. The sentence is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("there is no database at {0}")]
    Missing(PathBuf),
    #[error("{} is a folder: name a file in it, such as {}", .0.display(), .0.join("stoa.db").display())]
    Folder(PathBuf),
    #[error("{0} is not a file")]
    NoFile(PathBuf),
    #[error("{0} is not a database: name another file")]
    NoDatabase(PathBuf),
    #[error("{0} is a database of another program, and was left as it is: name another file")]
    Foreign(PathBuf),
    #[error("cannot read {0}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    #[error("cannot make the database {0}")]
    Make(PathBuf, #[source] std::io::Error),
    #[error("cannot open the database {0}{hint}", hint = hint(.1))]
    Open(PathBuf, #[source] sqlx::Error),
    #[error(
        "{0} was written by a newer Stoa (its schema is {1}); start that version, or restore a backup made before the upgrade"
    )]
    Newer(PathBuf, i64),
    #[error("cannot bring the database {0} up to date")]
    Migrate(PathBuf, #[source] MigrateError),
    #[error("cannot back the database up to {0} before bringing it up to date")]
    Backup(PathBuf, #[source] sqlx::Error),
    #[error("cannot copy the database to {0}")]
    Copy(PathBuf, #[source] sqlx::Error),
    #[error("cannot read or write {0}, the key of the addresses' hashes")]
    Key(PathBuf, #[source] std::io::Error),
    #[error(
        "{0} should hold the key of the addresses' hashes and does not: put the key back, or remove the file to begin a new one"
    )]
    WrongKey(PathBuf),
    #[error("there is no key at {0}: it is made when the forum is started")]
    NoKey(PathBuf),
}

/// What may be the cause where a database cannot be opened.
fn hint(error: &sqlx::Error) -> &'static str {
    if is_of_storage(error) { ", for want of room on its disk or for a failing one" } else { "" }
}

pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file::absolute(path))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cache_size", "-2000")
        .pragma("mmap_size", "0")
        .pragma("temp_store", "memory")
        .pragma("journal_size_limit", LOG.to_string())
        .row_buffer_size(1_000)
}

/// So many connections, none of which is closed for its age: SQLite counts the writes of others for each connection by itself, and a new
/// one would begin again at a number that was seen already.
pub(super) fn lasting(connections: u32) -> SqlitePoolOptions {
    let pool = SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false);
    pool.max_lifetime(None).idle_timeout(None)
}

impl Store {
    /// Opens the database at `path`, making it where there is none and bringing it up to date where it is older; a database with
    /// something in it is copied beside itself first.
    pub async fn open(path: &Path) -> std::result::Result<Store, OpenError> {
        if file::look(path).await? == file::Found::Nothing {
            file::make(path).map_err(|e| OpenError::Make(path.to_owned(), e))?;
            // Nothing stands in it that could be lost.
            file::mark(path, SqliteSynchronous::Off).await.map_err(|e| OpenError::Open(path.to_owned(), e))?;
        }
        Store::open_existing(path).await
    }

    /// Opens the database at `path` as [`Store::open`] does, where there is one.
    pub async fn open_existing(path: &Path) -> std::result::Result<Store, OpenError> {
        let failed = |e| OpenError::Open(path.to_owned(), e);
        let file::Found::Stoa { marked } = file::look(path).await? else {
            return Err(OpenError::Missing(path.to_owned()));
        };
        file::narrow(path);
        let generations = Arc::new(Generations::new());
        let write = writer::open(options(path), Arc::clone(&generations)).await.map_err(failed)?;
        migrate(&write, path).await?;
        if !marked {
            file::mark(path, SqliteSynchronous::Normal).await.map_err(failed)?;
        }
        let origin_key = key::of(&write, path).await?;
        let site_id = site::id(&write).await.map_err(failed)?.into();
        let read = lasting(READERS).connect_with(options(path).read_only(true)).await.map_err(failed)?;
        Ok(Store {
            read,
            write,
            path: path.to_owned(),
            origin_key,
            site_id,
            looks: Arc::default(),
            generations,
            saving: Arc::default(),
        })
    }

    /// Brings the database at `path` up to date, and does nothing else to it.
    pub async fn upgrade(path: &Path) -> std::result::Result<(), OpenError> {
        let write = lasting(1).connect_with(options(path)).await.map_err(|e| OpenError::Open(path.to_owned(), e))?;
        let migrated = MIGRATIONS.run(&write).await.map_err(|e| OpenError::Migrate(path.to_owned(), e));
        write.close().await;
        migrated
    }
}

/// The newest change to the tables that a database has had; 0 where it has none.
pub(super) async fn applied(pool: &SqlitePool, path: &Path) -> std::result::Result<i64, OpenError> {
    let failed = |e| OpenError::Open(path.to_owned(), e);
    let kept: Option<i64> = sqlx::query_scalar("select 1 from sqlite_master where name = '_sqlx_migrations'")
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
    if kept.is_none() {
        return Ok(0);
    }
    let applied: i64 = sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations")
        .fetch_one(pool)
        .await
        .map_err(failed)?;
    if applied > newest() { Err(OpenError::Newer(path.to_owned(), applied)) } else { Ok(applied) }
}

pub(super) fn newest() -> i64 {
    MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0)
}

async fn migrate(pool: &SqlitePool, path: &Path) -> std::result::Result<(), OpenError> {
    let applied = applied(pool, path).await?;
    if applied < newest() && applied > 0 {
        copy::keep_as_it_was(pool, path).await?;
    }
    MIGRATIONS.run(pool).await.map_err(|e| OpenError::Migrate(path.to_owned(), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_connection_is_renewed_for_its_age() {
        let pool = lasting(1);
        assert_eq!((pool.get_max_lifetime(), pool.get_idle_timeout()), (None, None));
    }
}
