use std::path::PathBuf;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use crate::database_address::DatabaseAddress;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not found")]
    NotFound,
    /// A duplicate, or a concurrent change of what the write was based on.
    #[error("conflict")]
    Conflict,
    /// Forbidden at the time of the write; contains the message.
    #[error("{0}")]
    Refused(String),
    /// Timed out waiting for other writers; nothing was changed.
    #[error("the database is busy")]
    Busy,
    /// Disk full or failing; nothing was changed.
    #[error("the storage under the database failed")]
    Storage(#[source] sqlx::Error),
    #[error("the database failed")]
    Other(#[source] sqlx::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(in crate::store) fn refused(rule: impl std::fmt::Display) -> Error {
        Error::Refused(rule.to_string())
    }

    pub(in crate::store) fn other(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::Other(sqlx::Error::Io(std::io::Error::other(cause)))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Error {
        match error {
            sqlx::Error::RowNotFound => Error::NotFound,
            sqlx::Error::Database(e) if e.kind() == sqlx::error::ErrorKind::UniqueViolation => {
                Error::Conflict
            }
            sqlx::Error::PoolTimedOut => Error::Busy,
            other if is_busy(&other) => Error::Busy,
            other if is_of_storage(&other) => Error::Storage(other),
            other => Error::Other(other),
        }
    }
}

/// SQLite's primary result code.
fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    let code = error.code()?.parse::<u32>().ok()?;
    Some(code & 0xff)
}

/// PostgreSQL's SQLSTATE.
fn sqlstate(error: &sqlx::Error) -> Option<&str> {
    Some(error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.code())
}

/// SQLite's BUSY and LOCKED; PostgreSQL's deadlock and lock timeout.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(sqlite_code(error), Some(5 | 6)) || matches!(sqlstate(error), Some("40P01" | "55P03"))
}

/// Whether PostgreSQL was asked about a text with a NUL, which it cannot hold and so finds nowhere.
pub(super) fn is_of_nul(error: &sqlx::Error) -> bool {
    sqlstate(error) == Some("22021")
}

/// SQLite's PERM, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN and NOTADB; PostgreSQL's lack of resources,
/// shutdown, lost connections, failing disk and read-only transactions.
fn is_of_storage(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_))
        || matches!(sqlite_code(error), Some(3 | 7 | 8 | 10 | 11 | 13 | 14 | 26))
        || sqlstate(error).is_some_and(|state| {
            ["08", "53", "57P", "58", "25006", "XX"].iter().any(|class| state.starts_with(class))
        })
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("there is no database at {0}")]
    Missing(PathBuf),
    #[error("{} is a folder: name a file in it, such as {}", .0.display(), .0.join("stoa.db").display())]
    Folder(PathBuf),
    #[error("{0} is not a file")]
    NoFile(PathBuf),
    #[error("{0} is not a database: name another file")]
    NoDatabase(PathBuf),
    #[error("{0} is a database of another program, and was left as it is: name another file")]
    Foreign(PathBuf),
    #[error("cannot read {0}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    #[error("cannot create the database {0}")]
    Make(PathBuf, #[source] std::io::Error),
    #[error("cannot open the database {0}{hint}", hint = hint(.0, .1))]
    Open(DatabaseAddress, #[source] sqlx::Error),
    #[error(
        "{0} was written by a newer Stoa (its schema is {1}); start that version, or restore a backup made \
         before the upgrade"
    )]
    Newer(DatabaseAddress, i64),
    #[error(
        "{0} was written by an unreleased version of Stoa, which this one cannot read: start that version, \
         or name another database"
    )]
    Unreleased(DatabaseAddress),
    #[error("cannot migrate the database {0}")]
    Migrate(DatabaseAddress, #[source] MigrateError),
    #[error("cannot read or write what identifies the forum in the database {0}")]
    Identity(DatabaseAddress, #[source] Error),
    #[error("{0} is {1}: Stoa runs on PostgreSQL 15 or newer, or on a SQLite file")]
    Server(DatabaseAddress, String),
    #[error("the database {0} has the encoding {1}: create one with the encoding UTF8")]
    Encoding(DatabaseAddress, String),
    #[error("the database {0} holds tables of another program, and was left as it is: name an empty one")]
    ForeignTables(DatabaseAddress),
    #[error("there is no forum in the database {0} yet: start it first")]
    Empty(DatabaseAddress),
    #[error(
        "a move into {0} has not ended: if it was interrupted, {how}, and move again",
        how = start_over(.0)
    )]
    Moving(DatabaseAddress),
    #[error("cannot back the database up to {0} before migrating it")]
    Backup(PathBuf, #[source] sqlx::Error),
    #[error("cannot copy the database to {0}")]
    Copy(PathBuf, #[source] sqlx::Error),
    #[error("cannot read or write {0}, the IP hash key")]
    Key(PathBuf, #[source] std::io::Error),
    #[error(
        "{0} does not contain a valid IP hash key: put the key back, or remove the file \
         to start with a new one"
    )]
    WrongKey(PathBuf),
    #[error("there is no key at {0}: it is created when the forum is started")]
    NoKey(PathBuf),
}

impl OpenError {
    /// Whether another address, or the right database at this one, would help.
    pub fn is_of_address(&self) -> bool {
        match self {
            OpenError::Open(address, _) => matches!(address, DatabaseAddress::Postgres(_)),
            OpenError::Missing(_)
            | OpenError::Folder(_)
            | OpenError::NoFile(_)
            | OpenError::NoDatabase(_)
            | OpenError::Unreadable(..)
            | OpenError::Make(..)
            | OpenError::Foreign(_)
            | OpenError::Newer(..)
            | OpenError::Unreleased(_)
            | OpenError::Server(..)
            | OpenError::Encoding(..)
            | OpenError::ForeignTables(_)
            | OpenError::Empty(_)
            | OpenError::Moving(_) => true,
            _ => false,
        }
    }
}

/// What makes room for another move.
pub(super) fn start_over(address: &DatabaseAddress) -> &'static str {
    match address {
        DatabaseAddress::File(_) => "remove that file, its -journal and its .key",
        DatabaseAddress::Postgres(_) => "drop that database and create it again",
    }
}

fn hint(address: &DatabaseAddress, error: &sqlx::Error) -> &'static str {
    match (address, sqlstate(error)) {
        (_, Some("28P01" | "28000")) => "; the user or the password is wrong",
        (_, Some("3D000")) => "; create it first",
        (DatabaseAddress::Postgres(_), None) if is_of_storage(error) => "; no PostgreSQL answers there",
        _ if is_of_storage(error) => "; its disk is full or failing",
        _ => "",
    }
}
