//! Databases on a PostgreSQL server, each dropped at the end.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, query};
use tokio::runtime::Builder;
use url::Url;

/// Databases made in this run.
static MADE: AtomicU32 = AtomicU32::new(0);

/// A server on which this user may create databases.
pub struct PostgresServer {
    address: String,
}

pub struct Database {
    /// As the command line takes it.
    pub address: String,
    name: String,
    server: String,
}

impl PostgresServer {
    /// Without a database's name, `postgres` is connected to.
    pub fn at(address: &str) -> PostgresServer {
        let mut address = Url::parse(address).unwrap();
        if address.path().len() <= 1 {
            address.set_path("postgres");
        }
        PostgresServer { address: address.into() }
    }

    /// An empty database.
    pub fn database(&self) -> Database {
        let name = format!("stoa_bench_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        run(&self.address, &format!("create database {name} template template0 encoding 'UTF8'"));
        let mut address = Url::parse(&self.address).unwrap();
        address.set_path(&name);
        Database { address: address.into(), name, server: self.address.clone() }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        run(&self.server, &format!("drop database {} with (force)", self.name));
    }
}

/// Ends the connections on which processes wait for what others write; returns how many.
pub fn end_listeners(address: &str) -> u64 {
    run(
        address,
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and (query ilike 'listen %' or query like '%pg_notify(%') \
         and pid <> pg_backend_pid()",
    )
}

fn run(address: &str, statement: &str) -> u64 {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options: PgConnectOptions = address.parse().unwrap();
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        let done = query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        done.rows_affected()
    })
}
