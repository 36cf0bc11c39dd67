use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteLockingMode, SqlitePool, SqlitePoolOptions};

use super::connection::{lasting, options};
use super::file;
use super::migrations::{MIGRATIONS, applied};
use crate::store::db::error::{OpenError, is_busy};
use crate::store::db::identity::MOVING;

/// Copies a live database into a new file. Does not migrate: the running server may be older.
pub async fn copy(from: &Path, to: &Path) -> std::result::Result<(), OpenError> {
    if file::look(from)? == file::FileKind::Nothing {
        return Err(OpenError::Missing(from.to_owned()));
    }
    let pool = lasting(1).connect_with(options(from)).await.map_err(|e| OpenError::Open(from.into(), e))?;
    let copied = match applied(&pool, from, &MIGRATIONS).await {
        Ok(applied) if applied > 0 && is_moving(&pool).await => Err(OpenError::Moving(from.into())),
        Ok(_) => copy_into(&pool, to).await.map_err(|e| OpenError::Copy(to.to_owned(), e)),
        Err(error) => Err(error),
    };
    pool.close().await;
    copied
}

async fn is_moving(pool: &SqlitePool) -> bool {
    sqlx::query(MOVING).fetch_optional(pool).await.is_ok_and(|mark| mark.is_some())
}

pub fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if !std::fs::metadata(from)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut from = File::open(from)?;
    let mut to = file::make_new(to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()
}

pub fn keep_private(path: &Path) {
    file::restrict_permissions(path);
}

/// Whether `path` may be replaced: missing, a Stoa database, or one that is damaged.
pub fn may_replace(path: &Path) -> std::result::Result<(), OpenError> {
    match file::look(path) {
        Ok(_) | Err(OpenError::NoDatabase(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

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

/// Copies a database to a file beside it before it is migrated to `version`.
pub(in crate::store::db) async fn keep_as_it_was(
    pool: &SqlitePool,
    path: &Path,
    version: i64,
) -> std::result::Result<(), OpenError> {
    let copy = file::free_beside(path, &format!(".before-{version}"));
    // A partial file never has the final name.
    let partial = file::beside(&copy, ".partial");
    let kept = async {
        file::remove(&partial)?;
        copy_into(pool, &partial).await?;
        Ok(std::fs::rename(&partial, &copy)?)
    };
    kept.await.map_err(|e: sqlx::Error| OpenError::Backup(copy.clone(), e))
}

async fn copy_into(pool: &SqlitePool, to: &Path) -> std::result::Result<(), sqlx::Error> {
    file::make_new(to)?;
    sqlx::query("vacuum into $1")
        .bind(file::absolute(to).to_string_lossy().into_owned())
        .execute(pool)
        .await?;
    Ok(File::open(to)?.sync_all()?)
}
