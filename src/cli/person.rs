//! `stoa admin`, about a person: bans, slowing, shadow-bans and roles, by the operator.

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
    /// Give somebody another role: member, moderator or admin
    Role {
        /// The account's name
        name: String,
        /// member, moderator or admin
        role: Role,
        /// Why, for the log
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Ban somebody, whose sessions end at once
    Ban {
        /// The account's name
        name: String,
        /// For how many days; without it, permanently
        #[arg(long, value_parser = within(0..=u16::MAX), allow_negative_numbers = true)]
        days: Option<u16>,
        /// Why, for the log and for them
        #[arg(long)]
        reason: String,
    },
    /// Lift a ban
    Unban {
        /// The account's name
        name: String,
    },
    /// Limit how often somebody can post
    Slow {
        /// The account's name
        name: String,
        /// For how many days; without it, until it is lifted
        #[arg(long, value_parser = within(0..=u16::MAX), allow_negative_numbers = true)]
        days: Option<u16>,
        /// Why, for the log and for them
        #[arg(long)]
        reason: String,
    },
    /// Lift the limit on how often somebody can post
    Unslow {
        /// The account's name
        name: String,
    },
    /// Make what somebody posts from now on dead for everybody else; they are not told
    Shadow {
        /// The account's name
        name: String,
        /// Why, for moderators
        #[arg(long)]
        reason: String,
    },
    /// Lift a shadow-ban
    Unshadow {
        /// The account's name
        name: String,
        /// Restore what they posted under it
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
            | UserCommand::Slow { name, .. }
            | UserCommand::Unslow { name }
            | UserCommand::Shadow { name, .. }
            | UserCommand::Unshadow { name, .. } => name,
        }
    }

    /// Why, where the act wants a reason.
    fn reason(&self) -> Result<&str, permissions::ModerationError> {
        match self {
            UserCommand::Ban { reason, .. }
            | UserCommand::Slow { reason, .. }
            | UserCommand::Shadow { reason, .. } => permissions::reason(reason, true),
            UserCommand::Role { reason, .. } => permissions::reason(reason, false),
            UserCommand::Unban { .. } | UserCommand::Unslow { .. } | UserCommand::Unshadow { .. } => Ok(""),
        }
    }
}

/// Does it, and says in a sentence what was done.
pub async fn act(person: UserCommand, store: &Store, at: Timestamp) -> anyhow::Result<String> {
    let name = person.name();
    let user = store.profile(name).await.with_context(|| super::admin::nobody(name))?;
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
            Ok(format!("Lifted the ban of {}.", user.name))
        }
        UserCommand::Slow { days, .. } => {
            let end = end(days, at)?;
            store.slow(user.id, end, act).await?;
            Ok(format!("Limited {} {}.", user.name, sanctions::until(end)))
        }
        UserCommand::Unslow { .. } => {
            store.unslow(user.id, act).await.map_err(not_in("limited"))?;
            Ok(format!("{} can post as often as others again.", user.name))
        }
        UserCommand::Shadow { .. } => {
            sanctions::may_shadow(&user)?;
            store.shadow(user.id, act).await.map_err(already("shadow-banned"))?;
            Ok(format!("Shadow-banned {}.", user.name))
        }
        UserCommand::Unshadow { bring_back, .. } => {
            store.unshadow(user.id, bring_back, act).await.map_err(not_in("shadow-banned"))?;
            Ok(format!("Lifted the shadow-ban of {}.", user.name))
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
