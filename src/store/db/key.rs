//! The key of the address hashes, stored beside the database so that backups do not contain it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Connection, Error};

use super::connection::options;
use super::{OpenError, Store, file};
use crate::domain::accounts::ip_hash::IpHashKey;

type Secret = [u8; 32];

pub fn key_file(database: &Path) -> PathBuf {
    file::beside(database, ".key")
}

/// Loads or creates the key. A key inside the database, from an older version, is moved out.
pub(super) async fn of(write: &SqlitePool, database: &Path) -> Result<IpHashKey, OpenError> {
    let failed = |e| OpenError::Open(database.to_owned(), e);
    let path = key_file(database);
    let mut db = write.acquire().await.map_err(failed)?;
    if let (Some(secret), None) = (read(&path)?, kept_inside(&mut db).await.map_err(failed)?) {
        return Ok(IpHashKey::new(secret));
    }
    // If two processes open a database at once, the first one creates the key.
    let mut tx = db.begin_with("begin immediate").await.map_err(failed)?;
    let inside = kept_inside(&mut tx).await.map_err(failed)?;
    let secret = match (inside, read(&path)?) {
        // A key inside the database is the one that its hashes were made with.
        (Some(inside), _) => inside,
        (None, Some(secret)) => return Ok(IpHashKey::new(secret)),
        (None, None) => fresh().map_err(|e| OpenError::Key(path.clone(), e))?,
    };
    write_key(database, &path, &secret)?;
    if inside.is_some() {
        forget_inside(&mut tx).await.map_err(failed)?;
    }
    tx.commit().await.map_err(failed)?;
    if inside.is_some() {
        // Remove it from the WAL too.
        sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut *db).await.map_err(failed)?;
    }
    Ok(IpHashKey::new(secret))
}

impl Store {
    pub fn check_key(path: &Path) -> Result<(), OpenError> {
        read(path)?.map(drop).ok_or_else(|| OpenError::NoKey(path.to_owned()))
    }

    pub async fn copy_key(from: &Path, to: &Path) -> Result<(), OpenError> {
        let failed = |e| OpenError::Open(from.to_owned(), e);
        let mut db = SqliteConnection::connect_with(&options(from)).await.map_err(failed)?;
        let inside = kept_inside(&mut db).await.map_err(failed)?;
        db.close().await.map_err(failed)?;
        let secret = match inside {
            Some(inside) => inside,
            None => read(&key_file(from))?.ok_or_else(|| OpenError::NoKey(key_file(from)))?,
        };
        write_key(from, to, &secret)
    }
}

pub(super) async fn take_out_of(copy: &Path) -> Result<(), Error> {
    let options = options(copy).journal_mode(sqlx::sqlite::SqliteJournalMode::Memory);
    let mut db = SqliteConnection::connect_with(&options).await?;
    if kept_inside(&mut db).await?.is_some() {
        forget_inside(&mut db).await?;
    }
    db.close().await
}

async fn kept_inside(db: &mut SqliteConnection) -> Result<Option<Secret>, Error> {
    let secrets: Option<i64> = sqlx::query_scalar("select 1 from sqlite_master where name = 'secrets'")
        .fetch_optional(&mut *db)
        .await?;
    if secrets.is_none() {
        return Ok(None);
    }
    let secret: Option<Vec<u8>> =
        sqlx::query_scalar("select value from secrets where name = 'origins'").fetch_optional(db).await?;
    Ok(secret.and_then(|secret| secret.try_into().ok()))
}

/// Overwrites its bytes on disk.
async fn forget_inside(db: &mut SqliteConnection) -> Result<(), Error> {
    sqlx::query("pragma secure_delete = on").execute(&mut *db).await?;
    sqlx::query("delete from secrets where name = 'origins'").execute(&mut *db).await?;
    sqlx::query("pragma secure_delete = off").execute(&mut *db).await?;
    Ok(())
}

fn fresh() -> std::io::Result<Secret> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(secret)
}

fn read(path: &Path) -> Result<Option<Secret>, OpenError> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(OpenError::WrongKey(path.to_owned()));
        }
        text => text.map_err(|e| OpenError::Key(path.to_owned(), e))?,
    };
    let secret = URL_SAFE_NO_PAD.decode(text.trim()).ok().and_then(|secret| secret.try_into().ok());
    secret.map(Some).ok_or_else(|| OpenError::WrongKey(path.to_owned()))
}

fn write_key(database: &Path, path: &Path, secret: &Secret) -> Result<(), OpenError> {
    let text = format!("{}\n", URL_SAFE_NO_PAD.encode(secret));
    let written = file::write(path, &text).and_then(|()| file::give_to_owner_of(database, path));
    written.map_err(|e| OpenError::Key(path.to_owned(), e))
}
