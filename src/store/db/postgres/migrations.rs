use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Postgres};

use crate::database_address::DatabaseAddress;
use crate::store::db::engine::Engine;
use crate::store::db::error::OpenError;
use crate::store::db::migrations::{USABLE_FROM, check_version, newest};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Applies the migrations that are missing, in one transaction that holds the writers' lock, so that several
/// nodes may start at once. An advisory lock of the session would be lost behind a pooler of connections.
pub(super) async fn migrate(
    connection: &mut PgConnection,
    address: &DatabaseAddress,
    new: bool,
) -> Result<(), OpenError> {
    let failed = |e| OpenError::Open(address.clone(), e);
    let mut tx = connection.begin_with(Postgres::BEGIN).await.map_err(failed)?;
    let applied = applied(&mut tx, address).await?;
    if applied == 0 && !new {
        return Err(OpenError::Empty(address.clone()));
    }
    if applied > newest(&MIGRATIONS) {
        return Ok(());
    }
    let mut migrations = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    migrations.set_locking(false);
    migrations.run(&mut *tx).await.map_err(|e| OpenError::Migrate(address.clone(), e))?;
    tx.commit().await.map_err(failed)
}

/// The newest migration that a database has; 0 if it is empty. Fails if this Stoa cannot use it.
async fn applied(connection: &mut PgConnection, address: &DatabaseAddress) -> Result<i64, OpenError> {
    let failed = |e| OpenError::Open(address.clone(), e);
    let (has_tables, is_ours): (bool, bool) = sqlx::query_as(
        "select exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where n.nspname = current_schema() and c.relkind = 'r'), \
         to_regclass('_sqlx_migrations') is not null and to_regclass('instance') is not null",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed)?;
    match (has_tables, is_ours) {
        (false, _) => return Ok(0),
        (true, false) => return Err(OpenError::ForeignTables(address.clone())),
        (true, true) => {}
    }
    let applied: i64 = sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let usable_from =
        sqlx::query_scalar(USABLE_FROM).fetch_optional(&mut *connection).await.map_err(failed)?;
    check_version(applied, usable_from, address, &MIGRATIONS)?;
    Ok(applied)
}
