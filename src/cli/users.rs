use anyhow::{Context, anyhow, bail};
use clap::Subcommand;

use crate::clock::Timestamp;
use crate::config::within;
use crate::domain::accounts::user::{Profile, Role};
use crate::domain::moderation::roles::RoleError;
use crate::domain::moderation::sanctions::SanctionTerm;
use crate::domain::moderation::{permissions, roles, sanctions};
use crate::store::{ActionContext, Error, NewBan, Store};

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Change a user's role: member, moderator or admin
    Role {
        /// Account name
        name: String,
        /// member, moderator or admin
        role: Role,
        /// Reason, for the log
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Ban a user and end their sessions
    Ban {
        /// Account name
        name: String,
        /// Number of days; permanent by default
        #[arg(long, value_parser = within(0..=u16::MAX), allow_negative_numbers = true)]
        days: Option<u16>,
        /// Reason, for the log and the user
        #[arg(long)]
        reason: String,
    },
    /// Lift a ban
    Unban {
        /// Account name
        name: String,
    },
    /// Limit how often a user can post
    Limit {
        /// Account name
        name: String,
        /// Number of days; until lifted by default
        #[arg(long, value_parser = within(0..=u16::MAX), allow_negative_numbers = true)]
        days: Option<u16>,
        /// Reason, for the log and the user
        #[arg(long)]
        reason: String,
    },
    /// Remove a user's limit
    Unlimit {
        /// Account name
        name: String,
    },
    /// Make a user's future posts dead for everybody else, without notice
    Shadow {
        /// Account name
        name: String,
        /// Reason, for moderators
        #[arg(long)]
        reason: String,
    },
    /// Lift a shadow-ban
    Unshadow {
        /// Account name
        name: String,
        /// Restore the posts made under it
        #[arg(long)]
        bring_back: bool,
    },
}

impl UserCommand {
    fn name(&self) -> &str {
        match self {
            UserCommand::Role { name, .. }
            | UserCommand::Ban { name, .. }
            | UserCommand::Unban { name }
            | UserCommand::Limit { name, .. }
            | UserCommand::Unlimit { name }
            | UserCommand::Shadow { name, .. }
            | UserCommand::Unshadow { name, .. } => name,
        }
    }

    fn reason(&self) -> Result<&str, permissions::ModerationError> {
        match self {
            UserCommand::Ban { reason, .. }
            | UserCommand::Limit { reason, .. }
            | UserCommand::Shadow { reason, .. } => permissions::reason(reason, true),
            UserCommand::Role { reason, .. } => permissions::reason(reason, false),
            UserCommand::Unban { .. } | UserCommand::Unlimit { .. } | UserCommand::Unshadow { .. } => Ok(""),
        }
    }
}

pub async fn run(person: UserCommand, store: &Store, at: Timestamp) -> anyhow::Result<String> {
    let name = person.name();
    let user = store.profile(name).await.with_context(|| super::admin::no_such_user(name))?;
    let act = ActionContext { actor: None, reason: person.reason()?, at };
    let already = |state: &'static str| {
        let name = user.name.clone();
        move |error| match error {
            Error::Conflict => anyhow!("{name} is already {state}"),
            other => other.into(),
        }
    };
    let not_in = |state: &'static str| {
        let name = user.name.clone();
        move |error| match error {
            Error::Conflict => anyhow!("{name} is not {state}"),
            other => other.into(),
        }
    };
    match person {
        UserCommand::Role { role, .. } => set_role(store, &user, role, act).await,
        UserCommand::Ban { days, .. } => ban(store, &user, end(days, at)?, act).await,
        UserCommand::Unban { .. } => {
            store.unban(user.id, false, act).await.map_err(not_in("banned"))?;
            Ok(format!("Lifted the ban on {}.", user.name))
        }
        UserCommand::Limit { days, .. } => {
            let end = end(days, at)?;
            store.limit(user.id, end, act).await?;
            Ok(format!("Limited {} {}.", user.name, sanctions::until(end)))
        }
        UserCommand::Unlimit { .. } => {
            store.unlimit(user.id, act).await.map_err(not_in("limited"))?;
            Ok(format!("{} can post as often as others again.", user.name))
        }
        UserCommand::Shadow { .. } => {
            sanctions::may_shadow(&user)?;
            store.shadow(user.id, act).await.map_err(already("shadow-banned"))?;
            Ok(format!("Shadow-banned {}.", user.name))
        }
        UserCommand::Unshadow { bring_back, .. } => {
            store.unshadow(user.id, bring_back, act).await.map_err(not_in("shadow-banned"))?;
            Ok(format!("Lifted the shadow-ban on {}.", user.name))
        }
    }
}

fn end(days: Option<u16>, at: Timestamp) -> Result<Option<Timestamp>, permissions::ModerationError> {
    Ok(days.map(SanctionTerm::days).transpose()?.and_then(|term| term.end(at)))
}

async fn set_role(
    store: &Store,
    user: &Profile,
    role: Role,
    act: ActionContext<'_>,
) -> anyhow::Result<String> {
    roles::may_have(user, role, act.at)?;
    match store.set_role(user.id, role, act).await {
        Err(Error::Conflict) => bail!(RoleError::LastAdmin(user.name.clone())),
        other => other?,
    }
    Ok(format!("{} is now {}.", user.name, role.as_str()))
}

async fn ban(
    store: &Store,
    user: &Profile,
    until: Option<Timestamp>,
    act: ActionContext<'_>,
) -> anyhow::Result<String> {
    if user.ban.holds(act.at) {
        bail!("{} is already banned", user.name);
    }
    match store.ban(NewBan { user: user.id, until, over: None, taking_since: None }, act).await {
        Err(Error::Conflict) => bail!("{} is the last admin: make another first", user.name),
        other => other.map(drop)?,
    }
    let end = until.map_or_else(|| "permanently".to_owned(), |until| sanctions::until(Some(until)));
    Ok(format!("Banned {} {end} and ended their sessions.", user.name))
}
