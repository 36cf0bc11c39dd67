//! Flagging and vouching.

use crate::domain::items::item::{Item, ItemId};
use crate::domain::limits::rate_limits::{LimitedAction, RateLimited};
use crate::domain::votes::flag::{self, Flag, FlagError};
use crate::store::NewFlag;
use crate::web::actions::{PostContext, visible_item};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

pub struct FlagTarget {
    pub item: Item,
    pub flag: Option<Flag>,
}

impl FlagTarget {
    pub async fn load(app: &App, asking: &CurrentMember, id: ItemId) -> Result<FlagTarget, Error> {
        let CurrentMember { viewer, member } = asking;
        let item = visible_item(app, id, member).await?;
        let flag = app.store.cast_by(member.id, id).await?.flag;
        undecided(flag.as_ref())?;
        item.may_flag(member, &viewer.settings.policy, viewer.now).map_err(Error::forbidden)?;
        Ok(FlagTarget { item, flag })
    }
}

/// A flag that moderators have decided on cannot change.
fn undecided(flag: Option<&Flag>) -> Result<(), Error> {
    let decided = flag.is_some_and(|flag| flag.outcome.is_some());
    if decided { Err(Error::forbidden(FlagError::Decided)) } else { Ok(()) }
}

pub enum FlagOutcome {
    /// `true` if the flag killed the item.
    Flagged {
        killed: bool,
    },
    RateLimited(RateLimited),
    Invalid(FormErrors),
}

pub async fn flag(
    app: &App,
    context: &PostContext,
    target: &FlagTarget,
    reason: &str,
    note: &str,
) -> Result<FlagOutcome, Error> {
    let (reason, note) = match flag::reason(reason, note) {
        Ok(good) => good,
        Err(mistake) => {
            let field = if mistake == FlagError::NoReason { "reason" } else { "note" };
            return Ok(FlagOutcome::Invalid(FormErrors::one(field, mistake)));
        }
    };
    let (member, now) = (context.member(), context.now());
    if let Err(limited) = context.check(app, LimitedAction::Flag) {
        return Ok(FlagOutcome::RateLimited(limited));
    }
    let new = NewFlag { user: member.id, item: target.item.id, reason, note: &note };
    Ok(FlagOutcome::Flagged { killed: app.store.flag(new, context.policy(), now).await? })
}

/// Withdraws a flag that moderators have not decided on.
pub async fn take_flag_back(app: &App, context: &PostContext, id: ItemId) -> Result<(), Error> {
    let member = context.member();
    context.check(app, LimitedAction::Flag)?;
    visible_item(app, id, member).await?;
    undecided(app.store.cast_by(member.id, id).await?.flag.as_ref())?;
    Ok(app.store.unflag(member.id, id).await?)
}

pub async fn vouch(app: &App, context: &PostContext, id: ItemId, on: bool) -> Result<(), Error> {
    let (member, now) = (context.member(), context.now());
    context.check(app, LimitedAction::Flag)?;
    let item = visible_item(app, id, member).await?;
    if on {
        let flagged = app.store.cast_by(member.id, id).await?.flag.is_some();
        item.may_vouch(member, flagged, context.policy()).map_err(Error::forbidden)?;
        app.store.vouch(member.id, id, context.policy(), now).await?;
    } else {
        app.store.unvouch(member.id, id).await?;
    }
    Ok(())
}
