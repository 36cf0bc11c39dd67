//! The key of the address hashes, stored beside the database so that backups do not contain it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqlitePool;

use super::file;
use crate::domain::accounts::ip_hash::IpHashKey;
use crate::store::db::error::OpenError;
use crate::store::db::identity::{Secret, decode, encode, fresh};

pub fn key_file(database: &Path) -> PathBuf {
    file::beside(database, ".key")
}

/// Loads or creates the key. If two processes open a database at once, the first one creates it.
pub(in crate::store::db) async fn of(write: &SqlitePool, database: &Path) -> Result<IpHashKey, OpenError> {
    let path = key_file(database);
    if let Some(secret) = read(&path)? {
        return Ok(IpHashKey::new(secret));
    }
    let failed = |e| OpenError::Open(database.into(), e);
    let tx = write.begin_with("begin immediate").await.map_err(failed)?;
    let secret = match read(&path)? {
        Some(secret) => secret,
        None => {
            let secret = fresh().map_err(|e| OpenError::Key(path.clone(), e))?;
            write_key(database, &path, &secret)?;
            secret
        }
    };
    tx.commit().await.map_err(failed)?;
    Ok(IpHashKey::new(secret))
}

pub fn check_key(path: &Path) -> Result<(), OpenError> {
    read(path)?.map(drop).ok_or_else(|| OpenError::NoKey(path.to_owned()))
}

pub fn copy_key(from: &Path, to: &Path) -> Result<(), OpenError> {
    let secret = read(&key_file(from))?.ok_or_else(|| OpenError::NoKey(key_file(from)))?;
    write_key(from, to, &secret)
}

pub(in crate::store::db) fn read(path: &Path) -> Result<Option<Secret>, OpenError> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(OpenError::WrongKey(path.to_owned()));
        }
        text => text.map_err(|e| OpenError::Key(path.to_owned(), e))?,
    };
    decode(text.trim()).map(Some).ok_or_else(|| OpenError::WrongKey(path.to_owned()))
}

pub(in crate::store::db) fn write_key(
    database: &Path,
    path: &Path,
    secret: &Secret,
) -> Result<(), OpenError> {
    let text = format!("{}\n", encode(secret));
    let written = file::write(path, &text).and_then(|()| file::give_to_owner_of(database, path));
    written.map_err(|e| OpenError::Key(path.to_owned(), e))
}
