//! The commands; `stoa` alone is `stoa serve`.

mod admin;
mod backup;
pub mod generate;
pub mod import;
mod person;
mod serve;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::store::Store;

/// A self-hosted forum of stories, threads and votes.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the forum (also without any command)
    Serve,
    /// Bring stories and threads in from Hacker News's formats
    Import(import::Import),
    /// Make up a site of any size, to try the forum out
    Generate(generate::Generate),
    /// Print the effective settings as a stoa.toml
    Config,
    /// Copy the database into a new file while the forum runs, and check the copy
    Backup(backup::Backup),
    /// Put a backup in the database's place; the forum must not be running
    Restore(backup::Restore),
    /// What an operator does to accounts and items
    #[command(subcommand)]
    Admin(admin::Admin),
}

/// Runs the command. A setting that cannot be used ends with the code 2.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = match Config::load(cli.settings) {
        Ok(config) => config,
        Err(error) => {
            writeln!(std::io::stderr(), "stoa: {error}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let clock = Clock::system();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(config, clock).await,
        Command::Config => {
            write!(std::io::stdout(), "{}", config.to_toml())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(import) => {
            let store = Store::open(&config.database).await?;
            let code = import::run(import, &store, &clock).await;
            store.close().await;
            code
        }
        Command::Generate(generate) => {
            let store = Store::open(&config.database).await?;
            let code = generate::run(generate, &store, &clock).await;
            store.close().await;
            code
        }
        Command::Backup(backup) => backup::backup(backup, &config).await,
        Command::Restore(restore) => backup::restore(restore, &config).await,
        Command::Admin(admin) => admin::run(admin, &config, &clock).await,
    }
}
