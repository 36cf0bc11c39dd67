//! All SQL. Methods take and return domain types; a write is one verb and one transaction.
//!
//! The SQL is portable between SQLite and PostgreSQL: `$1`, `returning`, `on conflict`, seconds as integers, `cast(sum(..) as bigint)`.

mod acts;
mod check;
mod copy;
mod desk;
mod edits;
mod file;
mod flags;
mod generations;
mod import;
mod invitations;
mod items;
mod key;
mod lists;
mod log;
mod looks;
mod merge;
mod moderation;
mod notices;
mod open;
mod origins;
mod people;
mod requests;
mod rules;
mod saving;
mod sessions;
mod settings;
mod site;
mod sites;
mod taken;
mod team;
mod threads;
mod tree;
mod users;
mod votes;
mod wal;
mod writer;
mod writers;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};

pub use check::CheckError;
pub use desk::{Duplicate, NewAccount, Queued};
pub use edits::{Edit, Edited, NewUrl};
pub use file::{beside, remove};
pub use flags::{Cast, Flagging, NewFlag, OwnFlag};
pub use generations::ThreadGeneration;
use generations::{Change, Generations};
pub use import::{Imported, ImportedVote, NewItem};
pub use invitations::{Invitation, Inviter};
pub use items::{Commented, KnownAddress, NewComment, NewStory, Submission};
pub use key::key_file;
pub use lists::{Dead, Page};
pub use log::{Acts, Logged};
pub use moderation::{Act, Revision};
pub use notices::Notice;
pub use open::OpenError;
use open::{MIGRATIONS, applied, lasting, newest, options};
pub use people::{LastPost, NewBan, Note};
pub use requests::{Asked, NewRequest, Request, Waiting};
pub use rules::{KnownRule, Posted};
pub use sessions::{Keep, Known, NewSession, SessionRow};
pub use sites::{SiteStance, SiteStory};
pub use team::{Reachable, TeamMember};
pub use threads::{Marks, Visit};
pub use tree::{Branch, Lineage};
pub use users::{About, Credentials, NewUser, Preferences};
pub use votes::{NewVote, UncountedVote};
pub use wal::{Folded, LOG};

use crate::domain::origin::OriginKey;

/// What a store method answers where it does not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not found")]
    NotFound,
    /// Something of that name is there already, or what the write was based on has changed meanwhile.
    #[error("conflict")]
    Conflict,
    /// A rule forbids it, as everything stands when it is written; the sentence says which.
    #[error("{0}")]
    Refused(String),
    /// Others were writing for so long that this gave up; nothing was changed.
    #[error("the database is busy")]
    Busy,
    /// The disk is full or fails, or what else the database lies on; nothing was changed.
    #[error("the storage under the database failed")]
    Storage(#[source] sqlx::Error),
    #[error("the database failed")]
    Other(#[source] sqlx::Error),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn refused(rule: impl std::fmt::Display) -> Error {
        Error::Refused(rule.to_string())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Error {
        match error {
            sqlx::Error::RowNotFound => Error::NotFound,
            sqlx::Error::Database(e) if e.kind() == sqlx::error::ErrorKind::UniqueViolation => Error::Conflict,
            sqlx::Error::PoolTimedOut => Error::Busy,
            other if is_busy(&other) => Error::Busy,
            other if is_of_storage(&other) => Error::Storage(other),
            other => Error::Other(other),
        }
    }
}

/// SQLite's code of an error, without what extends it in its upper bits.
fn code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
    Some(code & 0xff)
}

/// Whether somebody else holds the lock: SQLite's BUSY and LOCKED.
fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(5 | 6))
}

/// Whether it is for what the database lies on: SQLite's PERM, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN and NOTADB.
fn is_of_storage(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || matches!(code(error), Some(3 | 7 | 8 | 10 | 11 | 13 | 14 | 26))
}

/// The database: one writer, several readers that never wait for it.
#[derive(Debug, Clone)]
pub struct Store {
    /// Every query is read to its end at once and none in a transaction: a snapshot that somebody kept would keep the log from ending.
    read: SqlitePool,
    write: SqlitePool,
    path: PathBuf,
    generations: Arc<Generations>,
    saving: Arc<saving::Saving>,
    origin_key: OriginKey,
    site_id: Arc<str>,
    /// What members looked at, until it is written.
    looks: Arc<looks::Looks>,
}

impl Store {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notices what another process has written, such as a command beside the forum: what was derived before is stale then.
    pub async fn notice_others(&self) -> Result<()> {
        // Asked of the writer, whose own writes do not change its answer, and noted before another connection can take its place.
        let mut writer = self.write.acquire().await?;
        self.generations.others(writer::number(&mut writer).await?);
        Ok(())
    }

    /// Begins a write. It takes the write lock at once: a transaction that reads first and writes later could not be retried.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.write.begin_with("begin immediate").await?)
    }

    /// Commits, and drops what was derived from what the write changed. It runs to its end though whoever asked goes away meanwhile.
    async fn commit(&self, tx: Transaction<'static, Sqlite>, changes: &[Change]) -> Result<()> {
        let (generations, saving) = (Arc::clone(&self.generations), Arc::clone(&self.saving));
        let changes = changes.to_vec();
        let commit = async move {
            let committed = tx.commit().await;
            generations.invalidate(&changes);
            committed.inspect(|()| saving.works())
        };
        Ok(tokio::spawn(commit).await.map_err(|_| sqlx::Error::WorkerCrashed)??)
    }

    /// Answers whether the database can be read.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query_scalar::<_, i64>("select 1").fetch_one(&self.read).await?;
        Ok(())
    }

    /// Writes the looks that wait, folds the log back into the database file and closes every connection.
    pub async fn close(&self) {
        if let Err(error) = self.write_looks().await {
            tracing::warn!(?error, "what members looked at last could not be noted");
        }
        self.read.close().await;
        if let Err(error) = sqlx::query("pragma wal_checkpoint(truncate)").execute(&self.write).await {
            tracing::warn!(%error, "the write-ahead log could not be folded in");
        }
        self.write.close().await;
    }
}
