//! The file that a database is: whether it is one of Stoa's, which is told before anything is written to it, and who may read it.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{Connection, Error};

use super::OpenError;
use super::migrations::MIGRATIONS;

/// What SQLite's header says of a database of Stoa's, as its `application_id`: “Stoa”.
const APPLICATION: [u8; 4] = *b"Stoa";
/// The same as SQL has it.
const APPLICATION_ID: &str = "1400139617";
/// What each SQLite database begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where the header says of what program it is.
const APPLICATION_AT: usize = 68;
/// Its owner reads and writes it, and nobody else.
const PRIVATE: u32 = 0o600;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Nothing, or an empty file.
    Nothing,
    /// A database of Stoa's; whether its header says so.
    Stoa { marked: bool },
}

/// Looks at what stands at `path`, and changes nothing. SQLite loses its locks where a process closes a file that it has open through SQLite
/// too: this comes before.
///
/// # Errors
/// Where it is anything else than a database of Stoa's.
pub(super) async fn look(path: &Path) -> Result<FileKind, OpenError> {
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
        Some(&APPLICATION) => Ok(FileKind::Stoa { marked: true }),
        // So it was before databases were marked.
        Some([0, 0, 0, 0]) if is_unmarked_stoa(path).await => Ok(FileKind::Stoa { marked: false }),
        _ => Err(OpenError::Foreign(path.to_owned())),
    }
}

/// Whether Stoa's first migration made this database.
async fn is_unmarked_stoa(path: &Path) -> bool {
    // Only the file itself is read, so that nothing comes to stand beside it.
    if has_first_migration(SqliteConnectOptions::new().immutable(true), path).await.is_ok_and(|has| has) {
        return true;
    }
    // All of it may still be in its log, or somebody writes to it at this moment.
    let has_log = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    has_log && has_first_migration(SqliteConnectOptions::new(), path).await.is_ok_and(|has| has)
}

async fn has_first_migration(options: SqliteConnectOptions, path: &Path) -> Result<bool, Error> {
    let mut db = SqliteConnection::connect_with(&options.filename(absolute(path)).read_only(true)).await?;
    let applied: Result<Option<Vec<u8>>, Error> =
        sqlx::query_scalar("select checksum from _sqlx_migrations where version = 1")
            .fetch_optional(&mut db)
            .await;
    db.close().await?;
    let first = MIGRATIONS.iter().next().map(|first| first.checksum.as_ref());
    Ok(applied?.as_deref() == first && first.is_some())
}

/// Makes an empty file that nobody else may read; one that is there already is left as it is.
pub(super) fn make(path: &Path) -> io::Result<()> {
    match make_new(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The same, where nothing may be there before.
pub(super) fn make_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path)
}

/// Marks a database as Stoa's. In a new one that is the first thing that stands in it, before it has a log.
pub(super) async fn mark(path: &Path, synchronous: SqliteSynchronous) -> Result<(), Error> {
    let options = SqliteConnectOptions::new().filename(absolute(path)).synchronous(synchronous);
    let options = options.pragma("application_id", APPLICATION_ID);
    SqliteConnection::connect_with(&options).await?.close().await
}

/// What stands beside a database under its name: its log, its key, and what it was before an upgrade or a restore.
const BESIDE: [&str; 6] = ["-wal", "-shm", "-journal", ".key", ".before-", ".replaced"];

/// Takes a database and what stands beside it from all others' eyes, where others may read it and it is ours.
pub(super) fn narrow(path: &Path) {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| absolute(path));
    match narrow_all(&path) {
        Ok(false) => {}
        Ok(true) => {
            tracing::warn!(database = %path.display(), "others could read the database; from now on only its owner can");
        }
        Err(error) => tracing::warn!(database = %path.display(), %error, "others can read the database"),
    }
}

/// Whether something was narrowed.
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
        // It was there a moment ago.
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

/// Gives a file to whom the database belongs: a command may be run by the system's administrator, who alone can do so.
pub(super) fn give_to_owner_of(database: &Path, file: &Path) -> io::Result<()> {
    let (database, about) = (std::fs::metadata(database)?, std::fs::metadata(file)?);
    if (about.uid(), about.gid()) != (database.uid(), database.gid()) && rustix::process::geteuid().is_root()
    {
        chown(file, Some(database.uid()), Some(database.gid()))?;
    }
    Ok(())
}

/// Writes a small file that nobody else may read; whoever reads it meanwhile sees all of it or what was there before.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let partial = beside(path, ".partial");
    remove(&partial)?;
    let mut file = make_new(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&partial, path)
}

/// Removes a file, where there is one.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The name of what stands beside a file.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A path that SQLite takes for nothing but a path, as it does not with `:memory:` or what begins with `file:`.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
