//! The database that a forum is moved to: refused unless it is empty, and marked until it is complete.

use super::error::MoveError;
use super::tables::TableShape;
use crate::database_address::DatabaseAddress;
use crate::store::db::engine::{Connections, Tx};
use crate::store::db::error::{OpenError, Result};
use crate::store::db::migrations::newest;
use crate::store::db::{Store, sqlite};

/// Marks the target in a transaction of its own, so that a copy that was interrupted is known for one.
pub async fn prepare(
    to: &DatabaseAddress,
    source: &Store,
    tables: &[TableShape],
) -> Result<Connections, MoveError> {
    if let Some(file) = to.file() {
        let (size, key) = (std::fs::metadata(file).map_or(0, |file| file.len()), sqlite::key_file(file));
        if size == 0 && key.exists() {
            return Err(MoveError::StrayKey(key));
        }
    }
    let store = Store::open(to).await?;
    let marked = mark(&store, source, tables).await;
    match (marked, to.file()) {
        (Err(error), _) => {
            store.close().await;
            Err(error)
        }
        (Ok(()), Some(file)) => {
            store.close().await;
            sqlite::alone(file).await.map_err(|e| MoveError::Unfinished(to.clone(), e.into()))
        }
        (Ok(()), None) => {
            store.read.0.close().await;
            Ok(store.write)
        }
    }
}

async fn mark(store: &Store, source: &Store, tables: &[TableShape]) -> Result<(), MoveError> {
    let address = store.address();
    if store.site_id() == source.site_id() {
        return Err(MoveError::Same(source.address().clone(), address.clone()));
    }
    check_schema(store).await?;
    let failed = |e| MoveError::Target(address.clone(), e);
    let mut tx = store.begin().await.map_err(failed)?;
    if let Some(used) = first_used(&mut tx, tables).await.map_err(failed)? {
        return Err(MoveError::NotEmpty(address.clone(), used));
    }
    let insert = "insert into instance (name, value) values ('moving', $1)";
    tx.sql(insert).bind(source.address().to_string()).execute().await.map_err(failed)?;
    tx.commit().await.map_err(|e| failed(e.into()))
}

async fn first_used(tx: &mut Tx, tables: &[TableShape]) -> Result<Option<String>> {
    for table in tables.iter().filter(|table| !table.is_of_identity()) {
        if tx.sql_of_schema(table.any()).exists().await? {
            return Ok(Some(table.name.clone()));
        }
    }
    Ok(None)
}

/// A newer Stoa may have left a database usable, but with tables that this one does not know.
pub async fn check_schema(store: &Store) -> Result<(), MoveError> {
    let failed = |e| OpenError::Identity(store.address().clone(), e);
    let applied = store.read.sql("select coalesce(max(version), 0) from _sqlx_migrations");
    let applied = applied.fetch_scalar().await.map_err(failed)?;
    if applied > newest(&sqlite::MIGRATIONS) {
        return Err(OpenError::Newer(store.address().clone(), applied).into());
    }
    Ok(())
}
