//! Moderator actions on one item.

use std::fmt::Display;

use self::ModerationOutcome::{Done, Invalid, Merged, Unchanged};
use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::items::{input, item_ref, rank};
use crate::domain::moderation::item_actions::ItemActionError;
use crate::domain::moderation::{item_actions, permissions};
use crate::store::{self, ActionContext};
use crate::web::actions::author_role;
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::session::Moderator;
use crate::web::state::App;

pub struct ModerationTarget {
    pub item: Item,
    moderator: UserId,
    now: Timestamp,
}

pub enum ModerationOutcome {
    Done,
    Merged(ItemId),
    Unchanged,
    Invalid(FormErrors),
}

type Outcome = Result<ModerationOutcome, Error>;

impl ModerationTarget {
    pub async fn load(app: &App, by: &Moderator, id: ItemId) -> Result<ModerationTarget, Error> {
        let item = app.store.item(id).await?;
        permissions::may_act_on(&by.member, author_role(app, &item).await?).map_err(Error::forbidden)?;
        Ok(ModerationTarget { item, moderator: by.member.id, now: by.viewer.now })
    }

    fn context<'a>(&self, reason: &'a str) -> ActionContext<'a> {
        ActionContext { actor: Some(self.moderator), reason, at: self.now }
    }
}

fn invalid(field: &'static str, mistake: impl Display) -> Outcome {
    Ok(Invalid(FormErrors::one(field, mistake)))
}

fn outcome(written: store::Result<()>) -> Outcome {
    match written {
        Err(store::Error::Conflict) => Ok(Unchanged),
        written => written.map(|()| Done).map_err(Error::from),
    }
}

pub async fn kill(app: &App, target: &ModerationTarget, on: bool, reason: &str, note: &str) -> Outcome {
    match permissions::kill_reason(reason, note) {
        Ok(reason) => outcome(app.store.kill(target.item.id, on, target.context(&reason)).await),
        Err(mistake) => invalid("kill-note", mistake),
    }
}

pub async fn clear(app: &App, target: &ModerationTarget, reason: &str) -> Outcome {
    match permissions::reason(reason, false) {
        Ok(reason) => outcome(app.store.clear(target.item.id, target.context(reason)).await),
        Err(mistake) => invalid("clear-reason", mistake),
    }
}

pub async fn lock(app: &App, target: &ModerationTarget, on: bool, reason: &str) -> Outcome {
    match permissions::reason(reason, on) {
        Ok(reason) => outcome(app.store.lock(target.item.id, on, target.context(reason)).await),
        Err(mistake) => invalid("lock-reason", mistake),
    }
}

/// Merges a story into the one that `into` names by id or URL; `None` undoes the merge.
pub async fn merge(app: &App, target: &ModerationTarget, into: Option<&str>, reason: &str) -> Outcome {
    let (id, reason) = match permissions::reason(reason, false) {
        Ok(reason) => (target.item.id, reason),
        Err(mistake) => return invalid("merge-reason", mistake),
    };
    let Some(into) = into else {
        return outcome(app.store.unmerge(id, target.context(reason)).await);
    };
    let into = match item_ref::item(into, &app.config.base_url) {
        Ok(into) => into,
        Err(mistake) => return invalid("merge-into", mistake),
    };
    match app.store.item(into).await {
        Err(store::Error::NotFound) => return invalid("merge-into", ItemActionError::NoSuchStory),
        story => {
            if let Err(mistake) = item_actions::may_merge(&target.item, &story?) {
                return invalid("merge-into", mistake);
            }
        }
    }
    let merged = outcome(app.store.merge(id, into, target.context(reason)).await)?;
    Ok(if matches!(merged, Done) { Merged(into) } else { merged })
}

/// Moves a comment and its replies to the top level, or back.
pub async fn detach(app: &App, target: &ModerationTarget, on: bool, reason: &str) -> Outcome {
    let (id, act) = match permissions::reason(reason, on) {
        Ok(reason) => (target.item.id, target.context(reason)),
        Err(mistake) => return invalid("detach-reason", mistake),
    };
    if !on {
        return outcome(app.store.reattach(id, act).await);
    }
    item_actions::may_detach(&target.item).map_err(Error::bad)?;
    outcome(app.store.detach(id, act).await)
}

/// Ranks a story as if it were new, or by its own age again.
pub async fn second_chance(app: &App, target: &ModerationTarget, on: bool, reason: &str) -> Outcome {
    const FIELD: &str = "second-chance-reason";
    item_actions::may_have_second_chance(&target.item).map_err(Error::bad)?;
    let (id, act) = match permissions::reason(reason, false) {
        Ok(reason) => (target.item.id, target.context(reason)),
        Err(mistake) => return invalid(FIELD, mistake),
    };
    if !on {
        return outcome(app.store.give_second_chance(id, None, act).await);
    }
    let (others, own) = (app.store.story_facts().await?, app.store.facts_of(id).await?);
    let Some(rank_time) = rank::second_chance(&own, &others, target.now) else {
        return invalid(FIELD, ItemActionError::OnTheFrontPage);
    };
    match outcome(app.store.give_second_chance(id, Some(rank_time), act).await)? {
        // The story already ranks from that moment.
        Unchanged => invalid(FIELD, ItemActionError::OnTheFrontPage),
        done => Ok(done),
    }
}

/// Pins a notice above a thread, or removes it.
pub async fn pin(app: &App, target: &ModerationTarget, text: Option<&str>) -> Outcome {
    item_actions::may_pin(&target.item).map_err(Error::bad)?;
    match text.map(input::notice).transpose() {
        Ok(notice) => outcome(app.store.pin(target.item.id, notice.as_deref(), target.context("")).await),
        Err(mistake) => invalid("pin-text", mistake),
    }
}
