//! The file that a database is, and those beside it: who may read them.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// Its owner reads and writes it, and nobody else.
const PRIVATE: u32 = 0o600;

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

/// What stands beside a database under its name: its log, its key, and what it was before an upgrade or a restore.
const BESIDE: [&str; 6] = ["-wal", "-shm", "-journal", ".key", ".before-", ".replaced"];

/// Takes a database and what stands beside it from all others' eyes, where others may read it and it is ours.
pub(super) fn narrow(path: &Path) {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
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
    if (about.uid(), about.gid()) != (database.uid(), database.gid()) && rustix::process::geteuid().is_root() {
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

pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The name of what stands beside a file.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
