//! The database file: identification before any write, and permissions.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{Connection, Error};

use crate::store::db::error::OpenError;

/// SQLite's `application_id`.
const APPLICATION: [u8; 4] = *b"Stoa";
const APPLICATION_ID: &str = "1400139617";
const MAGIC: &[u8] = b"SQLite format 3\0";
const APPLICATION_AT: usize = 68;
const PRIVATE: u32 = 0o600;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Missing or empty.
    Nothing,
    Stoa,
}

/// Identifies a file without changing it. Must run before SQLite opens the file, since closing it would
/// release SQLite's POSIX locks. Fails if it is not a Stoa database.
pub fn look(path: &Path) -> Result<FileKind, OpenError> {
    let unreadable = |e| OpenError::Unreadable(path.to_owned(), e);
    let about = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(FileKind::Nothing),
        about => about.map_err(unreadable)?,
    };
    if about.is_dir() {
        return Err(OpenError::Folder(path.to_owned()));
    }
    if !about.is_file() {
        return Err(OpenError::NoFile(path.to_owned()));
    }
    if about.len() == 0 {
        return Ok(FileKind::Nothing);
    }
    let mut header = Vec::new();
    File::open(path).and_then(|file| file.take(100).read_to_end(&mut header)).map_err(unreadable)?;
    if !header.starts_with(MAGIC) {
        return Err(OpenError::NoDatabase(path.to_owned()));
    }
    let application = header.get(APPLICATION_AT..).and_then(|rest| rest.first_chunk::<4>());
    match application {
        Some(&APPLICATION) => Ok(FileKind::Stoa),
        _ => Err(OpenError::Foreign(path.to_owned())),
    }
}

pub fn make(path: &Path) -> io::Result<()> {
    match make_new(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

pub fn make_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path)
}

/// Sets the `application_id` of a new database, before its WAL exists.
pub async fn mark(path: &Path) -> Result<(), Error> {
    // There is nothing to lose yet.
    let options = SqliteConnectOptions::new().filename(absolute(path)).synchronous(SqliteSynchronous::Off);
    let options = options.pragma("application_id", APPLICATION_ID);
    SqliteConnection::connect_with(&options).await?.close().await
}

/// Suffixes of related files: WAL, key, and copies from upgrades and restores.
const BESIDE: [&str; 6] = ["-wal", "-shm", "-journal", ".key", ".before-", ".replaced"];

/// Makes a database and its related files private, if we own them.
pub fn restrict_permissions(path: &Path) {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| absolute(path));
    match narrow_all(&path) {
        Ok(false) => {}
        Ok(true) => {
            tracing::warn!(database = %path.display(), "others could read the database; from now on only its \
                owner can");
        }
        Err(error) => tracing::warn!(database = %path.display(), %error, "others can read the database"),
    }
}

fn narrow_all(path: &Path) -> io::Result<bool> {
    let mut narrowed = narrow_one(path)?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(narrowed) };
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.file_name();
        let rest = found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        if rest.is_some_and(|rest| BESIDE.iter().any(|ending| rest.starts_with(ending.as_bytes()))) {
            narrowed |= narrow_one(&entry.path())?;
        }
    }
    Ok(narrowed)
}

fn narrow_one(path: &Path) -> io::Result<bool> {
    let about = match std::fs::metadata(path) {
        // Deleted in the meantime.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        about => about?,
    };
    let is_open = about.is_file() && about.mode() & 0o077 != 0;
    let is_ours = about.uid() == rustix::process::geteuid().as_raw();
    if is_open && is_ours {
        std::fs::set_permissions(path, Permissions::from_mode(PRIVATE))?;
    }
    Ok(is_open && is_ours)
}

/// Gives a file to the database's owner, for commands run as root.
pub fn give_to_owner_of(database: &Path, file: &Path) -> io::Result<()> {
    let (database, about) = (std::fs::metadata(database)?, std::fs::metadata(file)?);
    if (about.uid(), about.gid()) != (database.uid(), database.gid()) && rustix::process::geteuid().is_root()
    {
        chown(file, Some(database.uid()), Some(database.gid()))?;
    }
    Ok(())
}

/// Writes a small private file atomically.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let partial = beside(path, ".partial");
    remove(&partial)?;
    let mut file = make_new(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&partial, path)
}

pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The first free name beside a file: with the ending, or also with a number from 2.
pub fn free_beside(path: &Path, ending: &str) -> PathBuf {
    let first = beside(path, ending);
    let numbered = (2..).map(|nth| beside(&first, &format!("-{nth}")));
    std::iter::once(first.clone()).chain(numbered).find(|name| !name.exists()).unwrap_or(first)
}

/// An absolute path, since SQLite treats `:memory:` and `file:` specially.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
