//! Copies of the whole database: a backup, and what was before it is brought up to date. Neither holds the key of the addresses' hashes.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteLockingMode, SqlitePool, SqlitePoolOptions};

use super::connection::{lasting, options};
use super::error::is_busy;
use super::migrations::{applied, newest};
use super::{OpenError, Store, file, key};

impl Store {
    /// Copies the database at `from`, as it is at one moment, into a new file at `to`, while a forum goes on. Nothing is brought up to
    /// date: the forum may be an older Stoa.
    pub async fn copy(from: &Path, to: &Path) -> std::result::Result<(), OpenError> {
        if file::look(from).await? == file::FileKind::Nothing {
            return Err(OpenError::Missing(from.to_owned()));
        }
        let pool =
            lasting(1).connect_with(options(from)).await.map_err(|e| OpenError::Open(from.to_owned(), e))?;
        let copied = match applied(&pool, from).await {
            Ok(_) => copy_into(&pool, to).await.map_err(|e| OpenError::Copy(to.to_owned(), e)),
            Err(error) => Err(error),
        };
        pool.close().await;
        copied
    }

    /// Copies a file as it is; nobody else may read the copy.
    pub fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
        if !std::fs::metadata(from)?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut from = File::open(from)?;
        let mut to = file::make_new(to)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()
    }

    /// Takes a database from all others' eyes.
    pub fn keep_private(path: &Path) {
        file::narrow(path);
    }

    /// Whether a database may come into the place of what is at `path`: of nothing, of one of Stoa's, of what a failing disk left of it.
    pub async fn may_replace(path: &Path) -> std::result::Result<(), OpenError> {
        match file::look(path).await {
            Ok(_) | Err(OpenError::NoDatabase(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether another process has the database at `path` open. A file that is no database, or a broken one, is in nobody's use.
    pub async fn is_in_use(path: &Path) -> bool {
        let alone =
            options(path).locking_mode(SqliteLockingMode::Exclusive).busy_timeout(Duration::from_millis(200));
        let pool = match SqlitePoolOptions::new().max_connections(1).connect_with(alone).await {
            Ok(pool) => pool,
            Err(error) => return is_busy(&error),
        };
        let locked = sqlx::query("begin exclusive").execute(&pool).await;
        pool.close().await;
        locked.is_err_and(|error| is_busy(&error))
    }
}

/// Copies a database beside itself before it is brought up to date, once.
pub(super) async fn keep_as_it_was(pool: &SqlitePool, path: &Path) -> std::result::Result<(), OpenError> {
    let copy = file::beside(path, &format!(".before-{:04}", newest()));
    if copy.exists() {
        return Ok(());
    }
    // A half-written file never bears the name of a whole one.
    let partial = file::beside(&copy, ".partial");
    let kept = async {
        file::remove(&partial)?;
        copy_into(pool, &partial).await?;
        Ok(std::fs::rename(&partial, &copy)?)
    };
    kept.await.map_err(|e: sqlx::Error| OpenError::Backup(copy.clone(), e))
}

/// Copies into a new file, and sees that the disk has it.
async fn copy_into(pool: &SqlitePool, to: &Path) -> std::result::Result<(), sqlx::Error> {
    file::make_new(to)?;
    sqlx::query("vacuum into $1")
        .bind(file::absolute(to).to_string_lossy().into_owned())
        .execute(pool)
        .await?;
    key::take_out_of(to).await?;
    Ok(File::open(to)?.sync_all()?)
}
