//! PostgreSQL: one database for any number of nodes.

mod migrations;
mod server;
mod wake_ups;

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

pub use wake_ups::WakeUps;

use super::engine::{Connections, Opened};
use super::error::OpenError;
use super::generations::Generations;
use crate::database_address::{DatabaseAddress, PostgresUrl};

/// Reader connections of a node.
const READERS: u32 = 8;
/// Writer connections of a node, whose writers come one after another, in the order in which they asked.
const WRITERS: u32 = 1;
/// How long a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens or migrates a database, and fills an empty one if `new` allows.
pub async fn open(url: &PostgresUrl, new: bool) -> Result<Opened, OpenError> {
    let address = DatabaseAddress::Postgres(url.clone());
    let failed = |e| OpenError::Open(address.clone(), e);
    // The default of 100 is less than the store's statements, about 260, so that many were prepared anew.
    let options = url.as_str().parse::<PgConnectOptions>().map_err(failed)?;
    let options = options.application_name("stoa").statement_cache_capacity(500);
    // A pool would wait for a server that refuses connections.
    let mut first = options.connect().await.map_err(failed)?;
    server::check(&mut first, &address).await?;
    migrations::migrate(&mut first, &address, new).await?;
    first.close().await.map_err(failed)?;
    let (read, write) = (pool(READERS, options.clone()).await, pool(WRITERS, options).await);
    Ok(Opened {
        read: Connections::Postgres(read.map_err(failed)?),
        write: Connections::Postgres(write.map_err(failed)?),
        generations: Arc::new(Generations::new()),
        ip_hash_key: None,
    })
}

async fn pool(connections: u32, options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
    pool.connect_with(options).await
}
