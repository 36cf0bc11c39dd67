//! The one connection that writes. SQLite ends a transaction by itself where the disk is full or fails; sqlx does not notice and would
//! begin none on that connection any more, so another takes its place.

use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};
use sqlx::{Connection, Error};

use super::connection::lasting;
use super::generations::Generations;

/// How the connection that writes is opened, and what its number for the writes of others is compared with.
struct Writer {
    options: SqliteConnectOptions,
    generations: Arc<Generations>,
}

/// The pool of the connection that writes to the database, which must exist.
pub(super) async fn open(
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
                // What others wrote before this connection cannot be told.
                writer.generations.handed_over(None, number(connection).await.unwrap_or_default());
                Ok(())
            })
        })
        .before_acquire(move |connection, _| {
            let writer = Arc::clone(&again);
            // A transaction that ended as it should, or was rolled back, is none any more.
            Box::pin(async move {
                Ok(!connection.is_in_transaction() || writer.replace(connection).await.is_ok())
            })
        });
    pool.connect_with(options).await
}

impl Writer {
    /// Puts a new connection in the place of one that is of no use any more.
    async fn replace(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let mut fresh = SqliteConnection::connect_with(&self.options).await?;
        // The new one is asked first: what another process writes in between shows in both numbers, and not in neither.
        let begins = number(&mut fresh).await?;
        self.generations.handed_over(number(connection).await.ok(), begins);
        tracing::debug!("the connection that writes was replaced");
        // What it says while it closes was said where it failed.
        let _ = std::mem::replace(connection, fresh).close().await;
        Ok(())
    }
}

/// SQLite's number for the writes of others, which each connection counts by itself.
pub(super) async fn number(connection: &mut SqliteConnection) -> Result<i64, Error> {
    sqlx::query_scalar("pragma data_version").fetch_one(connection).await
}
