//! Integrity check: a Stoa database has exactly these migrations' schema, and no damaged pages or broken
//! references.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::Connection;
use sqlx::migrate::{Migration, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::file;
use super::migrations::{MIGRATIONS, in_memory};
use crate::store::db::error::OpenError;
use crate::store::db::identity::MOVING;
use crate::store::db::migrations::{newest, oldest};

#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("it is not a Stoa database")]
    Foreign,
    #[error("it cannot be read")]
    Read(#[from] sqlx::Error),
    #[error("it was written by a newer Stoa (its schema is {0})")]
    Newer(i64),
    #[error("it was written by an unreleased version of Stoa")]
    Unreleased,
    #[error("migration {0} is unknown or incomplete")]
    Migration(i64),
    #[error("it has the {0} {1}, which Stoa did not make")]
    Unknown(String, String),
    #[error("it lacks the {0} {1}")]
    Lacks(String, String),
    #[error("its {0} {1} differs from Stoa's")]
    Changed(String, String),
    #[error("a move into it has not ended")]
    Moving,
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("it has {rows} with a broken reference, the first in table {table} to {parent}")]
    Reference { rows: String, table: String, parent: String },
}

const OF_SQLX: &str = "_sqlx_migrations";

type Schema = BTreeMap<(String, String), Option<String>>;

/// Checks a file without running any trigger or view in it.
pub async fn check(path: &Path) -> Result<(), CheckError> {
    match file::look(path) {
        Ok(file::FileKind::Stoa) => {}
        Err(OpenError::Unreadable(_, error)) => return Err(CheckError::Read(error.into())),
        _ => return Err(CheckError::Foreign),
    }
    let options = SqliteConnectOptions::new()
        .filename(file::absolute(path))
        .read_only(true)
        .pragma("trusted_schema", "off")
        .pragma("cell_size_check", "on");
    let mut db = SqliteConnection::connect_with(&options).await?;
    let checked = check_schema(&mut db).await;
    db.close().await?;
    checked
}

async fn check_schema(db: &mut SqliteConnection) -> Result<(), CheckError> {
    let found = schema(db).await?;
    if !found.contains_key(&("table".to_owned(), OF_SQLX.to_owned())) {
        return Err(CheckError::Foreign);
    }
    let made = reference(applied(db).await?).await?;
    compare(&found, &made)?;
    if sqlx::query(MOVING).fetch_optional(&mut *db).await?.is_some() {
        return Err(CheckError::Moving);
    }
    let verdict: String = sqlx::query_scalar("pragma integrity_check(1)").fetch_one(&mut *db).await?;
    if verdict != "ok" {
        return Err(CheckError::Damaged(verdict));
    }
    let broken: Vec<(String, Option<i64>, String, i64)> =
        sqlx::query_as("pragma foreign_key_check").fetch_all(&mut *db).await?;
    match broken.first() {
        Some((table, _, parent, _)) => {
            let rows = if broken.len() == 1 { "a row".to_owned() } else { format!("{} rows", broken.len()) };
            Err(CheckError::Reference { rows, table: table.clone(), parent: parent.clone() })
        }
        None => Ok(()),
    }
}

async fn applied(db: &mut SqliteConnection) -> Result<Vec<Migration>, CheckError> {
    let applied: Vec<(i64, bool, Vec<u8>)> =
        sqlx::query_as("select version, success, checksum from _sqlx_migrations order by version")
            .fetch_all(db)
            .await?;
    let known = applied.into_iter().map(|(version, success, checksum)| {
        if version > newest(&MIGRATIONS) {
            return Err(CheckError::Newer(version));
        }
        if version < oldest(&MIGRATIONS) {
            return Err(CheckError::Unreleased);
        }
        let known =
            MIGRATIONS.iter().find(|known| known.version == version && known.checksum.as_ref() == checksum);
        known.filter(|_| success).cloned().ok_or(CheckError::Migration(version))
    });
    known.collect()
}

/// The schema that these migrations create.
async fn reference(migrations: Vec<Migration>) -> Result<Schema, CheckError> {
    let mut db = in_memory(&Migrator::with_migrations(migrations)).await?;
    Ok(schema(&mut db).await?)
}

async fn schema(db: &mut SqliteConnection) -> Result<Schema, sqlx::Error> {
    let rows: Vec<(String, String, Option<String>)> =
        sqlx::query_as("select type, name, sql from sqlite_master").fetch_all(db).await?;
    // Ignore SQLite's statistics and the layout of sqlx's table, which depends on its version.
    let ours = rows.into_iter().filter(|(kind, name, _)| kind != "table" || !name.starts_with("sqlite_stat"));
    let known = ours.map(|(kind, name, sql)| {
        let sql = sql.filter(|_| name != OF_SQLX);
        ((kind, name), sql)
    });
    Ok(known.collect())
}

fn compare(found: &Schema, made: &Schema) -> Result<(), CheckError> {
    for ((kind, name), sql) in found {
        match made.get(&(kind.clone(), name.clone())) {
            None => return Err(CheckError::Unknown(kind.clone(), name.clone())),
            Some(as_made) if as_made != sql => return Err(CheckError::Changed(kind.clone(), name.clone())),
            Some(_) => {}
        }
    }
    // A missing table explains a missing index.
    match made.keys().rev().find(|part| !found.contains_key(*part)) {
        Some((kind, name)) => Err(CheckError::Lacks(kind.clone(), name.clone())),
        None => Ok(()),
    }
}
