//! `stoa admin export-reports`: the operator's record of reports of illegal content.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::domain::text::plural::counted;
use crate::domain::time::day::Day;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub struct ExportReports {
    /// The first day, such as 2026-01-01 (UTC)
    #[arg(long, value_parser = day)]
    from: Day,
    /// The last day (UTC)
    #[arg(long, value_parser = day)]
    to: Day,
    /// The file to write, readable by its owner alone; by default standard output
    #[arg(long)]
    output: Option<PathBuf>,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "must be a day, such as 2026-01-31".to_owned())
}

/// Writes one JSON object a line; returns what to print.
pub async fn export(asked: &ExportReports, store: &Store) -> anyhow::Result<String> {
    if asked.to.start() < asked.from.start() {
        bail!("the last day is before the first: exchange --from and --to");
    }
    let records = store.reports_between(asked.from.start(), asked.to.end()).await?;
    let lines = records.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    let Some(path) = &asked.output else { return Ok(lines.join("\n")) };
    write(path, &lines).with_context(|| format!("could not write {}", path.display()))?;
    Ok(format!("Wrote {} to {}.", counted(lines.len(), "report"), path.display()))
}

fn write(path: &Path, lines: &[String]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.sync_all()
}
