use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::store::database_file::{self, beside, free_beside, key_file, remove};

#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The new file to write
    file: PathBuf,
    /// Also copy the key of the IP address hashes, to FILE.key; with both, addresses can be recovered
    #[arg(long)]
    with_key: bool,
}

#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The backup to restore, together with FILE.key if it exists
    file: PathBuf,
    /// Replace an existing database, which is renamed to *.replaced
    #[arg(long)]
    replace: bool,
}

fn database_file(config: &Config) -> anyhow::Result<&Path> {
    config.server.database.file().context(
        "a PostgreSQL database is backed up and restored by its own tools, such as pg_dump and pg_restore",
    )
}

pub async fn backup(args: Backup, config: &Config) -> anyhow::Result<ExitCode> {
    let (database, file, key) = (database_file(config)?, &args.file, key_file(&args.file));
    if let Some(there) =
        [file, &key].into_iter().find(|path| path.exists() && (args.with_key || *path == file))
    {
        bail!("{} already exists: choose a new name", there.display());
    }
    // A partial file never has the final name.
    let partial = beside(file, ".partial");
    remove(&partial)?;
    let copied = async {
        database_file::copy(database, &partial).await?;
        if args.with_key { database_file::copy_key(database, &key) } else { Ok(()) }
    };
    if let Err(error) = copied.await {
        remove(&partial)?;
        return Err(error)
            .with_context(|| format!("cannot copy {} to {}", database.display(), file.display()));
    }
    let checked = database_file::check(&partial).await;
    std::fs::rename(&partial, file)?;
    let (from, to, size) = (database.display(), file.display(), std::fs::metadata(file)?.len());
    if let Err(fault) = checked {
        bail!("copied {from} to {to} ({size} bytes), but `stoa restore` would refuse it: {fault}");
    }
    writeln!(std::io::stdout(), "Copied {from} to {to} ({size} bytes) and checked the copy.")?;
    Ok(ExitCode::SUCCESS)
}

/// Replaces the database with a backup, after checking the backup.
pub async fn restore(args: Restore, config: &Config) -> anyhow::Result<ExitCode> {
    let database = database_file(config)?;
    if database.exists() && !args.replace {
        bail!("{} already exists: give --replace to put the backup in its place", database.display());
    }
    database_file::may_replace(database)?;
    if database.exists() && database_file::is_in_use(database).await {
        bail!("{} is in use: stop the forum first", database.display());
    }
    let partial = beside(database, ".partial");
    let prepared = prepare(&args.file, &partial).await;
    if let Err(error) = prepared {
        remove_with_log(&partial)?;
        return Err(error);
    }
    replace(database, &partial)?;
    writeln!(std::io::stdout(), "Restored {} from {}.", database.display(), args.file.display())?;
    Ok(ExitCode::SUCCESS)
}

async fn prepare(backup: &Path, partial: &Path) -> anyhow::Result<()> {
    remove_with_log(partial)?;
    let cannot = || format!("cannot copy {} to {}", backup.display(), partial.display());
    database_file::copy_file(backup, partial).with_context(cannot)?;
    // A backup made by copying files may come with a WAL that holds the latest writes.
    if beside(backup, "-wal").exists() {
        database_file::copy_file(&beside(backup, "-wal"), &beside(partial, "-wal")).with_context(cannot)?;
    }
    let refused = || format!("{} is not a complete Stoa backup; nothing was changed", backup.display());
    database_file::check(partial).await.with_context(refused)?;
    database_file::upgrade(partial).await.with_context(refused)?;
    let key = key_file(backup);
    if key.exists() {
        database_file::check_key(&key)?;
        database_file::copy_file(&key, &key_file(partial)).with_context(cannot)?;
    }
    Ok(File::open(partial)?.sync_all()?)
}

fn replace(database: &Path, partial: &Path) -> anyhow::Result<()> {
    let (key, new_key) = (key_file(database), key_file(partial));
    let kept = free_beside(database, ".replaced");
    if new_key.exists() && key.exists() {
        std::fs::rename(&key, key_file(&kept))?;
    }
    if database.exists() {
        std::fs::rename(database, &kept)?;
        database_file::keep_private(&kept);
        writeln!(std::io::stdout(), "Renamed the previous database to {}.", kept.display())?;
    }
    if new_key.exists() {
        std::fs::rename(&new_key, &key)?;
    }
    // The WAL of the old database must never be applied to the new one.
    for base in [database, partial] {
        remove(&beside(base, "-wal"))?;
        remove(&beside(base, "-shm"))?;
    }
    std::fs::rename(partial, database)?;
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn remove_with_log(path: &Path) -> std::io::Result<()> {
    for ending in ["", "-wal", "-shm", "-journal", ".key"] {
        remove(&beside(path, ending))?;
    }
    Ok(())
}
