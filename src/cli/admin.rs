//! `stoa admin`: operator commands, safe to run while the server is running.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::reports::{self, ExportReports};
use crate::cli::test_mail;
use crate::cli::users::{self, UserCommand};
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, within};
use crate::domain::accounts::password;
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::{Name, Role};
use crate::domain::items::item::ItemId;
use crate::domain::moderation::permissions;
use crate::domain::moderation::roles::with_article;
use crate::domain::time::relative_time;
use crate::store::{ActionContext, Error, LogFilter, LogRow, NewUser, Revision, Store};

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create an account; the password is read from the terminal or standard input
    Create {
        /// Name of the new account
        name: String,
        /// member, moderator or admin
        #[arg(long, default_value = "member")]
        role: Role,
    },
    /// Set a user's password, read from the terminal or standard input, and end their sessions and passkeys
    Password {
        /// Account name
        name: String,
    },
    /// Hand over an imported account, with a password read from the terminal or standard input
    Claim {
        /// Name of the imported account
        name: String,
    },
    /// Create an invitation and print its link
    Invite {
        /// The inviter; by default the first admin
        name: Option<String>,
    },
    #[command(flatten)]
    Person(UserCommand),
    /// Kill an item: only its author, moderators and members with showdead see it
    Kill {
        /// The item's number, as in its address: 1234 for /item/1234
        #[arg(value_parser = item_id)]
        item: ItemId,
        /// Reason, for the log
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Restore a dead item
    Unkill {
        /// The item's number, as in its address: 1234 for /item/1234
        #[arg(value_parser = item_id)]
        item: ItemId,
    },
    /// Show the latest entries of the moderation log
    Log {
        /// Number of entries
        #[arg(long, default_value_t = 50, value_parser = within(1..=u16::MAX), allow_negative_numbers = true)]
        rows: u16,
    },
    /// Send a test mail by the settings, and print what the SMTP server answered
    SendTestMail {
        /// Where to, such as you@example.org
        address: String,
    },
    /// Export the reports of illegal content of a period, with decisions and reasons, as lines of JSON
    ExportReports(ExportReports),
    /// Show an item's versions before edits or deletion in the last 90 days
    Revisions {
        /// The item's number, as in its address: 1234 for /item/1234
        #[arg(value_parser = item_id)]
        item: ItemId,
    },
}

pub async fn run(admin: AdminCommand, config: &Config, clock: &Clock) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&config.server.database).await?;
    let done = perform(admin, &store, config, clock).await;
    store.close().await;
    writeln!(std::io::stdout(), "{}", done?)?;
    Ok(ExitCode::SUCCESS)
}

async fn perform(
    admin: AdminCommand,
    store: &Store,
    config: &Config,
    clock: &Clock,
) -> anyhow::Result<String> {
    let at = clock.now();
    match admin {
        AdminCommand::Create { name, role } => {
            let name = Name::parse_by_operator(&name)?;
            let hash = new_password(name.as_str())?;
            let new = NewUser { name: &name, password: &hash, role, ip_hashes: None };
            match store.create_user_with_role(new, at).await {
                Err(Error::Conflict) => {
                    bail!(
                        "the name {name} is taken; an imported one is handed over with: stoa admin claim \
                         {name}"
                    )
                }
                other => other?,
            };
            Ok(format!("Made {name}, {}.", with_article(role)))
        }
        AdminCommand::Password { name } => {
            let user = store.profile(&name).await.with_context(|| no_such_user(&name))?;
            if user.unclaimed {
                bail!(
                    "{} was imported and is not claimed yet: use stoa admin claim {}",
                    user.name,
                    user.name
                );
            }
            let hash = new_password(&user.name)?;
            store.reset_password(user.id, &hash, at).await?;
            Ok(format!("Set the password of {} and ended their sessions and passkeys.", user.name))
        }
        AdminCommand::Claim { name } => {
            let user = store.profile(&name).await.with_context(|| no_such_user(&name))?;
            if !user.unclaimed {
                bail!("{} is not an unclaimed imported name", user.name);
            }
            let hash = new_password(&user.name)?;
            store.claim(&user.name, &hash, at).await.context("somebody claimed it at the same moment")?;
            Ok(format!("{} can log in now.", user.name))
        }
        AdminCommand::Invite { name } => invite(store, config, name, at).await,
        AdminCommand::SendTestMail { address } => test_mail::send(&address, config, clock).await,
        AdminCommand::ExportReports(asked) => reports::export(&asked, store).await,
        AdminCommand::Person(person) => users::run(person, store, at).await,
        AdminCommand::Kill { item, reason } => {
            let reason = permissions::reason(&reason, false)?;
            kill(store, item, true, ActionContext { actor: None, reason, at }).await
        }
        AdminCommand::Log { rows } => {
            let acts =
                store.log(LogFilter { private: true, ..LogFilter::default() }, i64::from(rows)).await?;
            Ok(listed(acts.iter().map(logged), "No moderation actions yet."))
        }
        AdminCommand::Revisions { item } => {
            let revisions = store.revisions(item).await?;
            Ok(listed(revisions.iter().map(revised), "That item was not changed in the last 90 days."))
        }
        AdminCommand::Unkill { item } => {
            kill(store, item, false, ActionContext { actor: None, reason: "", at }).await
        }
    }
}

fn item_id(text: &str) -> Result<ItemId, String> {
    within(1..=i64::MAX)(text)
        .map(ItemId)
        .map_err(|_| "must be an item's number, as in its address: /item/1234".to_owned())
}

fn listed(lines: impl Iterator<Item = String>, none: &str) -> String {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { none.to_owned() } else { lines.join("\n") }
}

fn logged(run: &LogRow) -> String {
    let item = run.item_id.map_or_else(String::new, |id| format!(" item {id}"));
    let user = run.user.as_ref().map_or_else(String::new, |name| format!(" {name}"));
    let reason = if run.reason.is_empty() { String::new() } else { format!(": {}", run.reason) };
    let detail = if run.detail.is_empty() { String::new() } else { format!(" ({})", run.detail) };
    format!(
        "{}  {}  {}{item}{user}{reason}{detail}",
        relative_time::exact(run.created_at),
        run.actor.as_deref().unwrap_or("(operator)"),
        run.action.as_str()
    )
}

fn revised(revision: &Revision) -> String {
    let title = revision.title.as_deref().unwrap_or_default();
    let url = revision.url.as_deref().unwrap_or_default();
    let lines = [title, url, &revision.text].into_iter().filter(|line| !line.is_empty());
    let was: Vec<&str> = lines.collect();
    format!(
        "{}  before {}'s change:\n{}",
        relative_time::exact(revision.created_at),
        revision.editor,
        was.join("\n")
    )
}

pub(super) fn no_such_user(name: &str) -> String {
    format!("there is no user named {name}")
}

/// Ignores the limit on open invitations.
async fn invite(
    store: &Store,
    config: &Config,
    name: Option<String>,
    at: Timestamp,
) -> anyhow::Result<String> {
    config
        .site
        .signup_mode
        .way(true, &config.site.policy)
        .context("signup_mode is closed, so an invitation could not be used")?;
    let name = match name {
        Some(name) => name,
        None => store.first_admin().await?.context("there is no admin yet: name the inviter")?,
    };
    let user = store.profile(&name).await.with_context(|| no_such_user(&name))?;
    if user.unclaimed || user.ban.holds(at) {
        bail!("{} is banned or not claimed, so their invitation would not be valid", user.name);
    }
    let token = Token::random()?;
    let expires_at = at.plus(config.site.policy.invitation_ttl_days.seconds());
    store.invite(user.id, &token.hash(), expires_at, i64::MAX, at).await?;
    let link = format!("{}/invitation/{}", config.server.base_url, token.as_str());
    Ok(format!(
        "An invitation from {}, valid for one person until {}:\n\n    {link}\n",
        user.name,
        relative_time::day(expires_at)
    ))
}

async fn kill(store: &Store, item: ItemId, on: bool, run: ActionContext<'_>) -> anyhow::Result<String> {
    match store.kill(item, on, run).await {
        Err(Error::NotFound) => bail!("there is no item {item}"),
        Err(Error::Conflict) => bail!("item {item} is already {}", if on { "dead" } else { "alive" }),
        other => other?,
    }
    Ok(if on { format!("Killed item {item}.") } else { format!("Restored item {item}.") })
}

/// Reads a new password, twice on a terminal or once from standard input, and hashes it.
fn new_password(name: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let new = if stdin.is_terminal() {
        typed_twice(name)?
    } else {
        let mut line = String::new();
        stdin.lock().read_line(&mut line)?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    password::check(&new, name)?;
    password::hash(&new).context("the system's random number generator failed")
}

fn typed_twice(name: &str) -> anyhow::Result<String> {
    // Without a handler Ctrl-C would end the process with the terminal's echo off.
    let _interrupt = signal(SignalKind::interrupt())?;
    let ask = |prompt: &str| rpassword::prompt_password(prompt).context("no password was set");
    let new = ask(&format!("Password for {name}: "))?;
    password::check(&new, name)?;
    if ask("The same password again: ")? != new {
        bail!("the two passwords differ, and none was set: please try again");
    }
    Ok(new)
}
