//! PostgreSQL: one database for any number of nodes.

mod migrations;
mod server;
mod wake_ups;

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

pub use wake_ups::{WakeUps, nodes};

use super::engine::{Connections, Opened};
use super::error::OpenError;
use super::generations::Generations;
use crate::database_address::{DatabaseAddress, PostgresUrl};

/// Reader connections of a node.
const READERS: u32 = 8;
/// Writer connections of a node: as many of its votes and comments go on side by side.
const WRITERS: u32 = 4;
/// How long a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens or migrates a database, and fills an empty one if `new` allows.
pub async fn open(url: &PostgresUrl, new: bool) -> Result<Opened, OpenError> {
    let address = DatabaseAddress::Postgres(url.clone());
    let failed = |e| OpenError::Open(address.clone(), e);
    // The default of 100 is less than the store's statements, about 260, so that many were prepared anew.
    let options = url.as_str().parse::<PgConnectOptions>().map_err(failed)?;
    let options = options.application_name("stoa").statement_cache_capacity(500);
    // PgBouncer refuses to start a connection with this setting, which concerns no column of ours.
    let options = options.extra_float_digits(None);
    // A pool would wait for a server that refuses connections.
    let mut first = options.connect().await.map_err(failed)?;
    server::check(&mut first, &address).await?;
    migrations::migrate(&mut first, &address, new).await?;
    first.close().await.map_err(failed)?;
    let read = pool(READERS).connect_with(options.clone()).await.map_err(failed)?;
    let write = writers().connect_with(options).await.map_err(failed)?;
    Ok(Opened {
        read: Connections::Postgres(read),
        write: Connections::Postgres(write),
        generations: Arc::new(Generations::new()),
        ip_hash_key: None,
    })
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT)
}

/// A connection whose `begin` has timed out is in a failed transaction, of which the pool does not know: one
/// that cannot run a statement is replaced.
fn writers() -> PgPoolOptions {
    pool(WRITERS).test_before_acquire(false).before_acquire(|connection, _| {
        Box::pin(async move { Ok(sqlx::raw_sql("select 1").execute(connection).await.is_ok()) })
    })
}
