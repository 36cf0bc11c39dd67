//! A database for each test: a SQLite file in its folder, or, if `STOA_TEST_POSTGRES` names a PostgreSQL
//! cluster, a copy of a template there.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, FromRow, Row, TypeInfo, ValueRef};
use stoa::database_address::DatabaseAddress;
use stoa::store::Store;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, OnceCell};

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COPIES: AtomicU32 = AtomicU32::new(0);

/// The address of a cluster, without a database's name.
pub fn cluster() -> Option<String> {
    std::env::var("STOA_TEST_POSTGRES").ok()
}

fn on_cluster(cluster: &str, database: &str) -> String {
    let (server, options) = cluster.split_once('?').unwrap_or((cluster, ""));
    format!("{}/{database}?{options}", server.trim_end_matches('/'))
}

/// The address of a new database with the tables of a forum, or of a file that does not exist yet.
pub async fn new_database(folder: &Path) -> DatabaseAddress {
    match cluster() {
        None => DatabaseAddress::File(folder.join("stoa.db")),
        Some(cluster) => {
            let template = TEMPLATE.get_or_init(|| make_template(&cluster)).await;
            copy_database(&cluster, template).await
        }
    }
}

async fn make_template(cluster: &str) -> String {
    let name = format!("stoa_{}", std::process::id());
    create(cluster, &name, "template0").await;
    let address: DatabaseAddress = on_cluster(cluster, &name).parse().expect("an address");
    Store::open(&address).await.expect("a database").close().await;
    // Each copy is a forum of its own, whose writes can be counted.
    TestConnection::to(&address)
        .await
        .execute(
            "delete from instance; delete from secrets; create schema test; \
             create table test.writes (id bigint generated always as identity); \
             create function test.count_write() returns trigger language plpgsql as \
             'begin insert into test.writes default values; return null; end'; \
             do 'declare t text; begin \
             for t in select tablename from pg_tables where schemaname = ''public'' loop \
             execute format(''create trigger writes after insert or update or delete on %I \
             for each row execute function test.count_write()'', t); end loop; end'",
        )
        .await;
    name
}

async fn copy_database(cluster: &str, template: &str) -> DatabaseAddress {
    let nth = COPIES.fetch_add(1, Ordering::Relaxed);
    let name = format!("stoa_{}_{nth}", std::process::id());
    create(cluster, &name, template).await;
    on_cluster(cluster, &name).parse().expect("an address")
}

/// The address of a new PostgreSQL database without any table, if there is a cluster.
pub async fn empty_postgres() -> Option<DatabaseAddress> {
    Some(copy_database(&cluster()?, "template0").await)
}

async fn create(cluster: &str, name: &str, template: &str) {
    let options: PgConnectOptions = on_cluster(cluster, "postgres").parse().expect("an address");
    let mut db = options.disable_statement_logging().connect().await.expect("a cluster");
    let create = format!("create database {name} template {template} strategy wal_log");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut db).await.expect("a new database");
    db.close().await.expect("closed");
}

/// A test's own way to its database. A connection to PostgreSQL is kept, as it takes long to make.
pub struct TestDatabase {
    address: DatabaseAddress,
    kept: Mutex<Option<TestConnection>>,
}

impl TestDatabase {
    pub fn at(address: DatabaseAddress) -> TestDatabase {
        TestDatabase { address, kept: Mutex::new(None) }
    }

    pub async fn connection(&self) -> MappedMutexGuard<'_, TestConnection> {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_none_or(|db| !db.is_postgres()) {
            *kept = Some(TestConnection::to(&self.address).await);
        }
        MutexGuard::map(kept, |db| db.as_mut().expect("just made"))
    }
}

/// A connection of the test's own, whose statements are not logged among the forum's.
pub enum TestConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What a row of either engine can be read as.
pub trait TestRow: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> TestRow for T {}

impl TestConnection {
    pub async fn to(address: &DatabaseAddress) -> TestConnection {
        match address {
            DatabaseAddress::File(path) => {
                let options = SqliteConnectOptions::new().filename(path).synchronous(SqliteSynchronous::Off);
                let options = options.disable_statement_logging();
                TestConnection::Sqlite(options.connect().await.expect("a connection"))
            }
            DatabaseAddress::Postgres(_) => {
                let options: PgConnectOptions = address.as_given().parse().expect("an address");
                let options = options.disable_statement_logging();
                TestConnection::Postgres(options.connect().await.expect("a connection"))
            }
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self, TestConnection::Postgres(_))
    }

    /// Runs one or several statements.
    pub async fn execute(&mut self, statements: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        match self {
            TestConnection::Sqlite(db) => sql.execute(db).await.map(drop).expect("good SQL"),
            TestConnection::Postgres(db) => sql.execute(db).await.map(drop).expect("good SQL"),
        }
    }

    pub async fn rows<T: TestRow>(&mut self, query: &str) -> Vec<T> {
        let sql = AssertSqlSafe(query.to_owned());
        match self {
            TestConnection::Sqlite(db) => sqlx::query_as(sql).fetch_all(db).await.expect("rows"),
            TestConnection::Postgres(db) => sqlx::query_as(sql).fetch_all(db).await.expect("rows"),
        }
    }

    /// The values of each row as texts: booleans as 0 and 1, and null as `null`.
    pub async fn texts(&mut self, query: &str) -> Vec<Vec<String>> {
        let sql = AssertSqlSafe(query.to_owned());
        let null = || "null".to_owned();
        match self {
            TestConnection::Sqlite(db) => {
                let rows = sqlx::query(sql).fetch_all(db).await.expect("rows");
                let value =
                    |row: &SqliteRow, at| row.try_get_unchecked::<Option<String>, _>(at).expect("text");
                let texts =
                    |row| (0..SqliteRow::len(row)).map(|at| value(row, at).unwrap_or_else(null)).collect();
                rows.iter().map(texts).collect()
            }
            TestConnection::Postgres(db) => {
                let rows = sqlx::raw_sql(sql).fetch_all(db).await.expect("rows");
                let value = |row: &PgRow, at| {
                    let raw = row.try_get_raw(at).expect("a value");
                    let text = (!raw.is_null()).then(|| raw.as_str().expect("text").to_owned())?;
                    Some(if raw.type_info().name() == "BOOL" {
                        i32::from(text == "t").to_string()
                    } else {
                        text
                    })
                };
                let texts =
                    |row| (0..PgRow::len(row)).map(|at| value(row, at).unwrap_or_else(null)).collect();
                rows.iter().map(texts).collect()
            }
        }
    }

    /// Keeps every other writer waiting until this connection is closed or says `rollback`.
    pub async fn hold_writes(&mut self) {
        let begin = match self {
            TestConnection::Sqlite(_) => "begin immediate",
            TestConnection::Postgres(_) => "begin; select pg_advisory_xact_lock(1400139617)",
        };
        self.execute(begin).await;
    }

    /// The columns of all tables, as sorted pairs of a table and a column.
    pub async fn columns(&mut self) -> Vec<(String, String)> {
        let select = match self {
            TestConnection::Sqlite(_) => {
                "select t.name, c.name from sqlite_master t join pragma_table_info(t.name) c \
                 where t.type = 'table'"
            }
            TestConnection::Postgres(_) => {
                "select cast(table_name as text), cast(column_name as text) from information_schema.columns \
                 where table_schema = 'public'"
            }
        };
        let mut columns = self.rows(select).await;
        columns.sort();
        columns
    }

    /// SQL for the value of a column as a text, even of null.
    pub fn quoted(&self, column: &str) -> String {
        match self {
            TestConnection::Sqlite(_) => format!("quote({column})"),
            TestConnection::Postgres(_) => format!(
                "coalesce(case cast(pg_typeof({column}) as text) when 'bigint' then cast({column} as text) \
                 when 'boolean' then case cast({column} as text) when 'true' then '1' else '0' end \
                 when 'bytea' then 'x''' || upper(substr(cast({column} as text), 3)) || '''' \
                 else quote_literal({column}) end, 'NULL')"
            ),
        }
    }
}
