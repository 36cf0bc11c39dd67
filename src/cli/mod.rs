//! The commands; `stoa` alone is `stoa serve`.

mod admin;
mod backup;
pub mod generate;
pub mod import;
mod metrics;
mod move_forum;
mod progress;
mod reindex;
mod reports;
mod serve;
mod test_mail;
mod users;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::clock::Clock;
use crate::config::{Config, FILE, Flags};
use crate::store::{MoveError, OpenError, Store};

/// A self-hosted forum of stories, threads and votes.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Flags,
}

/// The end of each command's help; there are too many settings to list there.
const OF_SETTINGS: &str = "Every command accepts settings, such as --database FILE or --site-name NAME, as \
    flags, as environment variables (STOA_SITE_NAME) or in stoa.toml (site_name = \"...\"). “stoa config” \
    prints them all with their meaning.";

impl Cli {
    /// Parses the command line; on an error prints it and exits.
    pub fn read() -> Cli {
        let mut matches = with_settings_named(Cli::command()).get_matches();
        Cli::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit())
    }
}

fn with_settings_named(command: clap::Command) -> clap::Command {
    command.after_help(OF_SETTINGS).mut_subcommands(with_settings_named)
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the forum (the default command)
    Serve,
    /// Import stories and threads in Hacker News's formats
    Import(import::Import),
    /// Generate a site of any size, to try the forum out
    Generate(generate::Generate),
    /// Print the effective settings as a stoa.toml
    Config,
    /// Copy the database into a new file while the forum runs, and check the copy
    Backup(backup::Backup),
    /// Replace the database with a backup; the forum must not be running
    Restore(backup::Restore),
    /// Copy the whole forum into another database, from SQLite to PostgreSQL or back
    ///
    /// Stop the forum first: what it writes meanwhile is not copied. The source is left as it is. Accounts,
    /// sessions, settings and the key of the IP hashes are copied too; afterwards every row is compared.
    Move(move_forum::Move),
    /// Build the search index anew; the forum must not be running
    ///
    /// Stoa does so by itself when the index is missing, damaged or of another version.
    Reindex,
    /// Manage accounts, posts and invitations, with or without a running forum
    #[command(subcommand)]
    Admin(admin::AdminCommand),
}

/// 2 if the settings or arguments name a database that cannot be used, or else 1.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_of_settings = error.downcast_ref().is_some_and(OpenError::is_of_address);
    let is_of_arguments = error.downcast_ref().is_some_and(MoveError::is_of_address);
    ExitCode::from(if is_of_settings || is_of_arguments { 2 } else { 1 })
}

/// The error and its causes, without those whose text the one before contains.
pub fn in_one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.ends_with(&cause) {
            let separator = if text.is_empty() { "" } else { ": " };
            text = text + separator + &cause;
        }
    }
    text
}

/// Runs the command; an invalid setting gives exit code 2.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let flags = cli.settings.clone();
    let reload = move || Config::reload(flags.clone(), std::env::vars_os(), Path::new(FILE));
    let config = match Config::load(cli.settings, std::env::vars_os(), Path::new(FILE)) {
        Ok(config) => config,
        Err(error) => {
            writeln!(std::io::stderr(), "stoa: {error}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let clock = Clock::system();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(config, reload, clock).await,
        Command::Config => {
            write!(std::io::stdout(), "{}", config.to_toml())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(import) => {
            let store = Store::open(&config.server.database).await?;
            let code = import::run(import, &store, &clock).await;
            store.close().await;
            code
        }
        Command::Generate(generate) => {
            let store = Store::open(&config.server.database).await?;
            let code = generate::run(generate, &store, &clock).await;
            store.close().await;
            code
        }
        Command::Backup(backup) => backup::backup(backup, &config).await,
        Command::Restore(restore) => backup::restore(restore, &config).await,
        Command::Move(addresses) => move_forum::run(addresses).await,
        Command::Reindex => reindex::run(&config).await,
        Command::Admin(admin) => admin::run(admin, &config, &clock).await,
    }
}
