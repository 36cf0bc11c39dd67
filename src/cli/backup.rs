//! `stoa backup` and `stoa restore`.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The new file to write
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The backup to put in the database's place
    file: PathBuf,
    /// Replace the database that is there; it is kept beside the new one as *.replaced
    #[arg(long)]
    replace: bool,
}

/// Copies the database while the forum runs.
pub async fn backup(args: Backup, config: &Config) -> anyhow::Result<ExitCode> {
    if !config.database.exists() {
        bail!("there is no database at {}", config.database.display());
    }
    if args.file.exists() {
        bail!("{} is there already: choose a new name", args.file.display());
    }
    // A half-written file never bears the name of a whole one.
    let partial = beside(&args.file, "partial");
    remove(&partial)?;
    if let Err(error) = Store::copy(&config.database, &partial).await {
        remove(&partial)?;
        return Err(error)
            .with_context(|| format!("cannot copy {} to {}", config.database.display(), args.file.display()));
    }
    File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, &args.file)?;
    let size = std::fs::metadata(&args.file)?.len();
    writeln!(
        std::io::stdout(),
        "Copied {} to {} ({size} bytes) and checked the copy.",
        config.database.display(),
        args.file.display()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Puts a checked backup in the database's place. All that can go wrong with the backup does so before anything is replaced.
pub async fn restore(args: Restore, config: &Config) -> anyhow::Result<ExitCode> {
    let database = &config.database;
    Store::check(&args.file)
        .await
        .with_context(|| format!("{} is not a whole backup of Stoa's", args.file.display()))?;
    if database.exists() && !args.replace {
        bail!("{} is there already: give --replace to put the backup in its place", database.display());
    }
    if database.exists() && Store::is_in_use(database).await {
        bail!("{} is in use: stop the forum first", database.display());
    }
    let partial = beside(database, "partial");
    std::fs::copy(&args.file, &partial).with_context(|| format!("cannot write {}", partial.display()))?;
    // Brings it up to date; what a newer Stoa wrote is refused here.
    match Store::open(&partial).await {
        Ok(store) => store.close().await,
        Err(error) => {
            remove(&partial)?;
            return Err(error).with_context(|| format!("{} cannot be used; nothing was changed", args.file.display()));
        }
    }
    File::open(&partial)?.sync_all()?;
    if database.exists() {
        let kept = replaced(database);
        std::fs::rename(database, &kept)?;
        writeln!(std::io::stdout(), "Kept the database that was there as {}.", kept.display())?;
    }
    // What a log of the old database holds must never be played into the new one.
    for ending in ["-wal", "-shm"] {
        for base in [database.as_path(), &partial] {
            let mut log = base.as_os_str().to_owned();
            log.push(ending);
            remove(Path::new(&log))?;
        }
    }
    std::fs::rename(&partial, database)?;
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    writeln!(std::io::stdout(), "Restored {} from {}.", database.display(), args.file.display())?;
    Ok(ExitCode::SUCCESS)
}

/// A name beside the database that nothing has yet: a second restore keeps what the first one did.
fn replaced(database: &Path) -> PathBuf {
    let numbered = (2..).map(|nth| beside(database, &format!("replaced-{nth}")));
    std::iter::once(beside(database, "replaced"))
        .chain(numbered)
        .find(|name| !name.exists())
        .unwrap_or_else(|| beside(database, "replaced"))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
