use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqlitePool;

use super::error::OpenError;

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

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
