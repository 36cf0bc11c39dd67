//! The key of the address hashes, stored beside the database so that backups do not contain it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::sqlite::SqlitePool;

use super::{OpenError, Store, file};
use crate::domain::accounts::ip_hash::IpHashKey;

type Secret = [u8; 32];

pub fn key_file(database: &Path) -> PathBuf {
    file::beside(database, ".key")
}

/// Loads or creates the key. If two processes open a database at once, the first one creates it.
pub(super) async fn of(write: &SqlitePool, database: &Path) -> Result<IpHashKey, OpenError> {
    let path = key_file(database);
    if let Some(secret) = read(&path)? {
        return Ok(IpHashKey::new(secret));
    }
    let failed = |e| OpenError::Open(database.to_owned(), e);
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

impl Store {
    pub fn check_key(path: &Path) -> Result<(), OpenError> {
        read(path)?.map(drop).ok_or_else(|| OpenError::NoKey(path.to_owned()))
    }

    pub fn copy_key(from: &Path, to: &Path) -> Result<(), OpenError> {
        let secret = read(&key_file(from))?.ok_or_else(|| OpenError::NoKey(key_file(from)))?;
        write_key(from, to, &secret)
    }
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
