//! The log entry that each action leaves, and the notification of the user concerned.

use crate::clock::Timestamp;
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::domain::moderation::action::Action;
use crate::store::accounts::author;
use crate::store::moderation::notifications::{Terms, notify};
use crate::store::{Error, Result, Tx};

/// Actor, reason and time. No actor: the operator at the command line.
#[derive(Debug, Clone, Copy)]
pub struct ActionContext<'a> {
    pub actor: Option<UserId>,
    pub reason: &'a str,
    pub at: Timestamp,
}

#[derive(Clone, Copy)]
pub(crate) struct LogEntry<'a> {
    pub action: Action,
    pub item: Option<ItemId>,
    pub user: Option<UserId>,
    pub detail: &'a str,
    /// For moderators only, as publishing would defeat the action.
    pub private: bool,
}

impl LogEntry<'_> {
    pub fn of(action: Action) -> LogEntry<'static> {
        LogEntry { action, item: None, user: None, detail: "", private: action.spec().private }
    }
}

/// Logs an action after checking the actor's permission. Fails with `Refused` if the actor may not act on the
/// target.
pub(crate) async fn append_checked_log_entry(
    tx: &mut Tx,
    act: ActionContext<'_>,
    entry: LogEntry<'_>,
) -> Result<()> {
    if let Some(actor) = act.actor {
        author::moderator(tx, actor, entry.user, act.at).await?;
    }
    append_log_entry(tx, act, entry).await
}

/// Logs without a permission check: part of an action, or a rule's effect.
pub(crate) async fn append_log_entry(tx: &mut Tx, act: ActionContext<'_>, entry: LogEntry<'_>) -> Result<()> {
    let token = Token::random().map_err(Error::other)?;
    tx.sql(
        "insert into moderation_log (created_at, actor_id, action, item_id, user_id, reason, detail, \
         private, token) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(act.at)
    .bind(act.actor)
    .bind(entry.action)
    .bind(entry.item)
    .bind(entry.user)
    .bind(act.reason)
    .bind(entry.detail)
    .bind(entry.private)
    .bind(token.as_str())
    .execute()
    .await?;
    Ok(())
}

pub(crate) type PostRef = (ItemId, Option<UserId>);

/// Logs an action on an item and notifies its author.
pub(crate) async fn log_and_notify(
    tx: &mut Tx,
    post: PostRef,
    entry: LogEntry<'_>,
    act: ActionContext<'_>,
) -> Result<()> {
    let entry = LogEntry { item: Some(post.0), ..entry };
    if let Some(actor) = act.actor {
        author::moderator(tx, actor, post.1, act.at).await?;
    }
    append_log_entry(tx, act, entry).await?;
    notify_author(tx, post.1, entry, act).await
}

/// Notifies an item's author, unless they are the actor or the action is private.
pub(crate) async fn notify_author(
    tx: &mut Tx,
    author: Option<UserId>,
    entry: LogEntry<'_>,
    act: ActionContext<'_>,
) -> Result<()> {
    match author.filter(|author| Some(*author) != act.actor && !entry.private) {
        Some(author) => {
            notify(tx, author, entry, Terms { detail: entry.detail, ..Terms::default() }, act).await
        }
        None => Ok(()),
    }
}

/// Tells the owner of an account what was done with it, in the inbox and by mail; in no log.
pub(crate) async fn tell_account(
    tx: &mut Tx,
    user: UserId,
    event: Action,
    detail: &str,
    at: Timestamp,
) -> Result<()> {
    let act = ActionContext { actor: Some(user), reason: "", at };
    notify(tx, user, LogEntry::of(event), Terms { detail, ..Terms::default() }, act).await
}
