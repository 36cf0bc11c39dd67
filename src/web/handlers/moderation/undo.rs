//! A moderator's last action with an undo button.

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::user::Member;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::moderation::action::{Action, LogPhrase, Undo};
use crate::store::{LogFilter, LogRow};
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::items::TimeView;

/// How long it is shown, in seconds.
const SHOWN: i64 = 5 * MINUTE;

pub struct LastAction {
    /// The text around the target, from [`LogPhrase`].
    pub before: &'static str,
    pub after: String,
    pub item: Option<(ItemId, String)>,
    pub other: Option<(ItemId, String)>,
    pub user: Option<String>,
    pub reason: String,
    pub when: TimeView,
    pub undo: Option<Undo>,
    /// A decision on posts that waited, to undo it whole.
    pub decision: Option<LastDecision>,
}

pub struct LastDecision {
    /// How many more posts there were.
    pub others: i64,
    pub at: Timestamp,
    /// As the form that undoes it sends it.
    pub name: &'static str,
}

impl LastAction {
    /// The moderator's last action, if recent; of `item` or one merged into it, if given. At most two
    /// queries.
    pub async fn of(
        app: &App,
        viewer: &MaybeMember,
        moderator: &Member,
        on: Option<&Item>,
    ) -> Result<Option<LastAction>, Error> {
        let theirs = LogFilter { actor: Some(moderator.id), private: true, ..LogFilter::default() };
        let lately = |act: &LogRow| (0..SHOWN).contains(&viewer.now.since(act.created_at));
        let Some(act) = app.store.log(theirs, 1).await?.pop().filter(lately) else {
            return Ok(None);
        };
        let LogPhrase { before, after, other, .. } = act.action.phrase(&act.detail);
        let ids: Vec<ItemId> = [act.item_id, other].into_iter().flatten().collect();
        let items = app.store.items(&ids).await?;
        let named = |id: Option<ItemId>| items.iter().find(|item| Some(item.id) == id);
        let item = named(act.item_id);
        let concerns =
            |on: &Item| item.is_some_and(|item| item.id == on.id || item.merged_into == Some(on.id));
        if !on.is_none_or(concerns) {
            return Ok(None);
        }
        let decision = decision(app, &act, moderator).await?;
        Ok(Some(LastAction {
            decision,
            before,
            after: after.to_owned(),
            undo: act.action.spec().undo.filter(|_| item.is_some()),
            item: item.map(|item| (item.id, name(item))),
            other: named(other).map(|item| (item.id, name(item))),
            user: act.user,
            reason: act.reason,
            when: TimeView::new(act.created_at, viewer.now),
        }))
    }
}

/// The other posts of the decision that `act` is a part of.
async fn decision(app: &App, act: &LogRow, moderator: &Member) -> Result<Option<LastDecision>, Error> {
    let name = match act.action {
        Action::Approve => "approve",
        Action::DeclinePost => "decline",
        _ => return Ok(None),
    };
    let posts = app.store.decided_at(moderator.id, act.action, act.created_at).await?;
    let others = posts.saturating_sub(1);
    Ok(Some(LastDecision { others, at: act.created_at, name }))
}

fn name(item: &Item) -> String {
    item.title.as_ref().map_or("a comment".to_owned(), |title| format!("“{title}”"))
}

/// The error for an action without effect: the earlier action and its actor.
pub async fn nothing_changed(app: &App, viewer: &MaybeMember, item: ItemId) -> Result<Error, Error> {
    let on_it = LogFilter { item: Some(item), private: true, ..LogFilter::default() };
    let Some(act) = app.store.log(on_it, 1).await?.pop() else {
        return Ok(Error::Conflict("This has already been done.".to_owned()));
    };
    let actor = act.action.spec().together.or(act.actor.as_deref()).unwrap_or("the operator");
    let LogPhrase { before, after, other, .. } = act.action.phrase(&act.detail);
    let other = app.store.items(other.as_slice()).await?.pop().map_or_else(String::new, |item| name(&item));
    let ago = TimeView::new(act.created_at, viewer.now).ago;
    let what = [&format!("{actor}{before} this"), after, &other, &ago];
    let what = what.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ");
    let why = if act.reason.is_empty() { String::new() } else { format!(": {}", act.reason) };
    Ok(Error::Conflict(format!("This has already been done: {what}{why}.")))
}
