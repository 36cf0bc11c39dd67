//! The writer connection. When the disk is full SQLite rolls back by itself, which sqlx does not notice, so
//! the connection is replaced.

use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};
use sqlx::{Connection, Error};

use super::connection::lasting;
use crate::store::db::generations::Generations;

struct Writer {
    options: SqliteConnectOptions,
    generations: Arc<Generations>,
}

pub(in crate::store::db) async fn open(
    options: SqliteConnectOptions,
    generations: Arc<Generations>,
) -> Result<SqlitePool, Error> {
    let first = Arc::new(Writer { options, generations });
    let again = Arc::clone(&first);
    let options = first.options.clone();
    let pool = lasting(1)
        .after_connect(move |connection, _| {
            let writer = Arc::clone(&first);
            Box::pin(async move {
                // Writes by others before this connection are unknown.
                writer.generations.handed_over(None, data_version(connection).await.unwrap_or_default());
                Ok(())
            })
        })
        .before_acquire(move |connection, _| {
            let writer = Arc::clone(&again);
            // After a regular commit or rollback there is no open transaction.
            Box::pin(async move {
                Ok(!connection.is_in_transaction() || writer.replace(connection).await.is_ok())
            })
        });
    pool.connect_with(options).await
}

impl Writer {
    async fn replace(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let mut fresh = SqliteConnection::connect_with(&self.options).await?;
        // The new connection is queried first, so that a concurrent external write shows in both numbers
        // rather than in neither.
        let begins = data_version(&mut fresh).await?;
        self.generations.handed_over(data_version(connection).await.ok(), begins);
        tracing::debug!("the connection that writes was replaced");
        // The failure itself was reported already.
        let _ = std::mem::replace(connection, fresh).close().await;
        Ok(())
    }
}

/// SQLite's `data_version`, counted per connection.
pub(in crate::store::db) async fn data_version(connection: &mut SqliteConnection) -> Result<i64, Error> {
    sqlx::query_scalar("pragma data_version").fetch_one(connection).await
}
