use crate::clock::Timestamp;
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{DeadReason, ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::domain::notification::DEAD_ALREADY;
use crate::domain::votes::flag::FlagEffect;
use crate::store::accounts::author;
use crate::store::items::rows::count_descendants;
use crate::store::moderation::notifications::{Terms, notify};
use crate::store::moderation::sites;
use crate::store::votes::flags;
use crate::store::{Change, Error, Result, Store, Tx};

/// Actor, reason and time. No actor: the operator at the command line.
#[derive(Debug, Clone, Copy)]
pub struct ActionContext<'a> {
    pub actor: Option<UserId>,
    pub reason: &'a str,
    pub at: Timestamp,
}

/// The item before an edit or its deletion.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Revision {
    pub at: Timestamp,
    pub editor: String,
    pub title: Option<String>,
    pub url: Option<String>,
    pub text: String,
}

impl Store {
    pub async fn revisions(&self, item: ItemId) -> Result<Vec<Revision>> {
        self.read.sql(
            "select r.at, u.name as editor, r.title, r.url, r.text from revisions r join users u on u.id = r.editor_id \
             where r.item_id = $1 order by r.at desc",
        )
        .bind(item)
        .fetch_all()
        .await
    }

    /// Kills or restores an item, upholding or rejecting its flags. Killing what flags killed makes it a
    /// moderator's decision, which vouches cannot reverse. Fails with `Conflict` if nothing would change.
    pub async fn kill(&self, item: ItemId, on: bool, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let (post, entry) = set_killed(&mut tx, item, on).await?;
        done_to(&mut tx, post, entry, act).await?;
        self.commit(tx, &[Change::Public]).await
    }
}

/// [`Store::kill`] without the log entry, which it returns with the author.
pub(crate) async fn set_killed(tx: &mut Tx, item: ItemId, on: bool) -> Result<(PostRef, LogEntry<'static>)> {
    let before = flags::subject(tx, item).await?;
    let dead = before.dead.is_some();
    let is_so = if on {
        before.is_killed_by_hand() || matches!(before.dead, Some(DeadReason::Shadow | DeadReason::Merged))
    } else {
        !dead || before.dead == Some(DeadReason::Merged)
    };
    if is_so {
        return Err(Error::Conflict);
    }
    tx.sql("update items set dead = $2, queued_at = null, queued_for = null where id = $1")
        .bind(item)
        .bind(on.then_some(DeadReason::Killed))
        .execute()
        .await?;
    if before.kind == Kind::Comment && !before.deleted && dead != on {
        count_descendants(tx, before.root_id, if on { -1 } else { 1 }).await?;
    }
    if !on {
        sites::weigh_story(tx, item).await?;
    }
    flags::decide(tx, item, if on { FlagEffect::Upheld } else { FlagEffect::Rejected }).await?;
    // Shadow-banned authors see it as live and must not learn otherwise.
    let private = before.dead == Some(DeadReason::Shadow);
    let detail = if on && dead { DEAD_ALREADY } else { "" };
    let entry = LogEntry { private, detail, ..LogEntry::of(if on { Action::Kill } else { Action::Unkill }) };
    Ok(((item, before.author_id), entry))
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
pub(crate) async fn record(tx: &mut Tx, act: ActionContext<'_>, entry: LogEntry<'_>) -> Result<()> {
    if let Some(actor) = act.actor {
        author::moderator(tx, actor, entry.user, act.at).await?;
    }
    write_down(tx, act, entry).await
}

/// Logs without a permission check: part of an action, or a rule's effect.
pub(crate) async fn write_down(tx: &mut Tx, act: ActionContext<'_>, entry: LogEntry<'_>) -> Result<()> {
    let token = Token::random().map_err(Error::other)?;
    tx.sql(
        "insert into moderation (at, actor_id, act, item_id, user_id, reason, detail, private, token) \
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
pub(crate) async fn done_to(
    tx: &mut Tx,
    post: PostRef,
    entry: LogEntry<'_>,
    act: ActionContext<'_>,
) -> Result<()> {
    let entry = LogEntry { item: Some(post.0), ..entry };
    if let Some(actor) = act.actor {
        author::moderator(tx, actor, post.1, act.at).await?;
    }
    write_down(tx, act, entry).await?;
    tell(tx, post.1, entry, act).await
}

/// Notifies an item's author, unless they are the actor or the action is private.
pub(crate) async fn tell(
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
