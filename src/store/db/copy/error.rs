use std::path::PathBuf;

use crate::database_address::DatabaseAddress;
use crate::store::db::error::{Error, OpenError, start_over};

/// Why a forum was not moved. Unless it is `Unfinished`, no row was copied; the target may have been created
/// or migrated.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the same forum is in {0} and in {1}: name another database to move it to")]
    Same(DatabaseAddress, DatabaseAddress),
    #[error("{0} is not empty, as its table {1} has rows: name a new file or an empty database")]
    NotEmpty(DatabaseAddress, String),
    #[error("{0} is the key of a database that is not there: move it away, or name another file")]
    StrayKey(PathBuf),
    #[error("cannot find out whether the database {0} is empty")]
    Target(DatabaseAddress, #[source] Error),
    #[error("the forum was not moved: before you move it to {0} again, {how}", how = start_over(.0))]
    Unfinished(DatabaseAddress, #[source] CopyError),
}

impl MoveError {
    /// Whether another address would help.
    pub fn is_of_address(&self) -> bool {
        match self {
            MoveError::Open(error) => error.is_of_address(),
            MoveError::Same(..) | MoveError::NotEmpty(..) | MoveError::StrayKey(_) => true,
            MoveError::Target(..) | MoveError::Unfinished(..) => false,
        }
    }
}

/// Why copying failed.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("cannot read the table {0} of the source")]
    Read(String, #[source] Error),
    #[error("cannot write the table {0} of the copy")]
    Write(String, #[source] Error),
    #[error("cannot read the table {0} of the copy")]
    ReadBack(String, #[source] Error),
    #[error("the table {0} of the source has a text with the character NUL, which PostgreSQL cannot hold")]
    Nul(String),
    #[error("the table {0} of the source has a value of another type than its column")]
    Type(String),
    #[error("the table {0} of the copy differs from the source")]
    Differs(String),
    #[error("the table {0} of the source refers to rows that are not there")]
    References(String),
    #[error("cannot check the references between tables of the copy")]
    Constraints(#[source] Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Database(#[from] Error),
}
