//! `stoa move`: copies a forum into another database, of the same engine or the other.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use indicatif::HumanCount;

use crate::cli::progress::{Progress, Unit};
use crate::database_address::DatabaseAddress;
use crate::store::{self, MoveProgress, MovedTable};

#[derive(Debug, clap::Args)]
pub struct Move {
    /// The database to copy: a file, or postgres://...
    #[arg(long, value_name = "ADDRESS")]
    from: String,
    /// Where to copy it: a new file, or postgres://... of an empty database
    #[arg(long, value_name = "ADDRESS")]
    to: String,
}

pub async fn run(args: Move) -> anyhow::Result<ExitCode> {
    let mut err = std::io::stderr();
    let mut addresses = Vec::new();
    for (flag, text) in [("--from", &args.from), ("--to", &args.to)] {
        // The text may hold a password, so it is not repeated.
        match text.parse::<DatabaseAddress>() {
            Ok(address) => addresses.push(address),
            Err(wrong) => {
                writeln!(err, "stoa: {flag} {wrong}")?;
                return Ok(ExitCode::from(2));
            }
        }
    }
    let [from, to] = &addresses[..] else { return Ok(ExitCode::FAILURE) };
    let is_terminal = err.is_terminal();
    let mut progress: Option<Progress> = None;
    let moved = store::move_forum(from, to, &mut |now| {
        let (verb, total) = match now {
            MoveProgress::Copying { total } => ("Copying", total),
            MoveProgress::Comparing { total } => ("Comparing", total),
            MoveProgress::Rows(rows) => {
                if let Some(progress) = &mut progress {
                    // A move goes on if nobody can be told of it.
                    let _ = progress.add(rows, &mut err);
                }
                return;
            }
        };
        if verb == "Copying" {
            let _ =
                writeln!(err, "Copying {from} as it is now: what is written to it meanwhile is not copied.");
        }
        if let Some(before) = progress.replace(Progress::new(verb, Unit::Rows, total, is_terminal)) {
            before.end();
        }
    })
    .await;
    if let Some(progress) = progress {
        progress.end();
    }
    writeln!(std::io::stdout(), "{}", summary(from, to, &moved?))?;
    Ok(ExitCode::SUCCESS)
}

fn summary(from: &DatabaseAddress, to: &DatabaseAddress, tables: &[MovedTable]) -> String {
    let width = tables.iter().map(|table| table.name.len()).max().unwrap_or(0);
    let lines: Vec<String> = tables
        .iter()
        .map(|table| format!("  {:width$}  {:>12}", table.name, HumanCount(table.rows).to_string()))
        .collect();
    let total = HumanCount(tables.iter().map(|table| table.rows).sum());
    format!(
        "{}\nCopied {total} rows from {from} to {to} and checked that every row is the same. To use the \
         copy, set database (or STOA_DATABASE, if that is set) to the address given to --to.",
        lines.join("\n")
    )
}
