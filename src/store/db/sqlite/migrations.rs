use std::path::Path;

use sqlx::Connection;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};

use super::backup;
use crate::store::db::error::OpenError;
use crate::store::db::migrations::{USABLE_FROM, check_version, newest};

pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Applies the migrations that are missing; a database that has some is copied first.
pub(in crate::store::db) async fn migrate(
    pool: &SqlitePool,
    path: &Path,
    migrations: &Migrator,
) -> Result<(), OpenError> {
    let newest = newest(migrations);
    let applied = applied(pool, path, migrations).await?;
    if applied > newest {
        return Ok(());
    }
    if applied > 0 && applied < newest {
        backup::keep_as_it_was(pool, path, newest).await?;
    }
    migrations.run(pool).await.map_err(|e| OpenError::Migrate(path.into(), e))
}

/// The newest migration that a database has; 0 if none. Fails if this Stoa cannot use it.
pub(in crate::store::db) async fn applied(
    pool: &SqlitePool,
    path: &Path,
    migrations: &Migrator,
) -> Result<i64, OpenError> {
    let failed = |e| OpenError::Open(path.into(), e);
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
    if applied == 0 {
        return Ok(0);
    }
    let usable_from = sqlx::query_scalar(USABLE_FROM).fetch_optional(pool).await.map_err(failed)?;
    check_version(applied, usable_from, &path.into(), migrations)?;
    Ok(applied)
}

/// A database in memory, made by these migrations.
pub(in crate::store::db) async fn in_memory(migrations: &Migrator) -> Result<SqliteConnection, sqlx::Error> {
    let mut db = SqliteConnection::connect_with(&SqliteConnectOptions::new().in_memory(true)).await?;
    migrations.run(&mut db).await.map_err(|e| sqlx::Error::Migrate(Box::new(e)))?;
    Ok(db)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::os::unix::fs::MetadataExt;
    use std::path::PathBuf;

    use sqlx::migrate::{Migration, MigrationType};
    use sqlx::sqlite::SqlitePoolOptions;
    use tempfile::TempDir;

    use super::*;
    use crate::store::Store;
    use crate::store::db::sqlite::connection::options;

    const LATER: i64 = 99_990_000;

    /// A database, and the migrations of a later version.
    async fn forum() -> (TempDir, PathBuf, SqlitePool, Migrator) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stoa.db");
        Store::open(&path).await.unwrap().close().await;
        let pool = SqlitePoolOptions::new().connect_with(options(&path)).await.unwrap();
        let sql = sqlx::SqlSafeStr::into_sql_str("alter table users add column extra text");
        let later = Migration::new(LATER, Cow::Borrowed("later"), MigrationType::Simple, sql, false);
        let migrations = MIGRATIONS.iter().cloned().chain([later]).collect();
        (dir, path, pool, Migrator::with_migrations(migrations))
    }

    /// Copies beside a database, with the version of each.
    fn copies(dir: &TempDir) -> Vec<String> {
        let beside = std::fs::read_dir(dir.path()).unwrap().flatten();
        let names = beside.map(|file| file.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains(".before-")).collect()
    }

    async fn version(pool: &SqlitePool) -> i64 {
        sqlx::query_scalar("select max(version) from _sqlx_migrations").fetch_one(pool).await.unwrap()
    }

    #[tokio::test]
    async fn a_database_is_copied_before_it_is_migrated_and_only_then() {
        let (dir, path, pool, later) = forum().await;
        let before = version(&pool).await;
        assert!(copies(&dir).is_empty(), "a new one is not");
        for _ in 0..2 {
            migrate(&pool, &path, &later).await.unwrap();
            assert_eq!(version(&pool).await, LATER);
            assert_eq!(copies(&dir), [format!("stoa.db.before-{LATER}")]);
        }
        let copy = dir.path().join(format!("stoa.db.before-{LATER}"));
        assert_eq!(std::fs::metadata(&copy).unwrap().mode() & 0o777, 0o600, "only its owner reads it");
        let copy = SqlitePoolOptions::new().connect_with(options(&copy)).await.unwrap();
        assert_eq!(version(&copy).await, before, "as it was before");
    }

    #[tokio::test]
    async fn a_copy_that_was_not_finished_is_not_taken_for_one() {
        let (dir, path, pool, later) = forum().await;
        // Such a folder keeps the copy from being written.
        let partial = dir.path().join(format!("stoa.db.before-{LATER}.partial"));
        std::fs::create_dir(&partial).unwrap();
        let refused = migrate(&pool, &path, &later).await.unwrap_err();
        assert!(matches!(refused, OpenError::Backup(..)), "nothing is done without a copy: {refused}");
        assert_ne!(version(&pool).await, LATER);
        std::fs::remove_dir(&partial).unwrap();
        std::fs::write(&partial, "Half of a database, as a full disk leaves it.").unwrap();
        migrate(&pool, &path, &later).await.unwrap();
        assert_eq!(copies(&dir), [format!("stoa.db.before-{LATER}")]);
    }
}
