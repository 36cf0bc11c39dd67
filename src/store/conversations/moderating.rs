//! What moderators do with conversations. What they answer and decide is logged without its text, and for
//! moderators only.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::conversations::{
    ConversationError, ConversationId, ConversationKind, ConversationStatus, MessageKind,
};
use crate::domain::items::item::{DeadReason, ItemId};
use crate::domain::moderation::action::Action;
use crate::store::accounts::author;
use crate::store::conversations::writing::{
    NewConversation, NewMessage, insert, insert_message, is_same_message, same_conversation,
};
use crate::store::conversations::{ConversationState, mails, state};
use crate::store::items::rows::item_in;
use crate::store::moderation::actions::set_killed;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_log_entry, log_and_notify};
use crate::store::moderation::notifications::{Terms, notify};
use crate::store::moderation::sanctions::ban_of;
use crate::store::{Change, Error, Result, Store, Tx};

/// The conversation, if `actor` moderates and it is not their own.
async fn for_moderator(
    tx: &mut Tx,
    id: ConversationId,
    actor: Option<UserId>,
    now: Timestamp,
) -> Result<ConversationState> {
    let state = state(tx, id).await?;
    if let Some(actor) = actor {
        author::moderator(tx, actor, None, now).await?;
        if state.user_id == Some(actor) {
            return Err(Error::refused(ConversationError::Own));
        }
        if is_about_post_of(tx, &state, actor).await? {
            return Err(Error::refused(ConversationError::OwnPost));
        }
    }
    Ok(state)
}

/// Whether somebody reported a post of theirs: they are not to learn who did.
async fn is_about_post_of(tx: &mut Tx, of: &ConversationState, actor: UserId) -> Result<bool> {
    let Some(item) = of.item_id else { return Ok(false) };
    tx.sql("select 1 from items where id = $1 and author_id = $2").bind(item).bind(actor).exists().await
}

impl Store {
    /// Says who deals with a conversation, or that nobody does. Fails with `Conflict` if somebody claimed it
    /// first, or nobody has.
    pub async fn claim_conversation(
        &self,
        id: ConversationId,
        on: bool,
        moderator: UserId,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        for_moderator(&mut tx, id, Some(moderator), now).await?;
        let done = if on {
            let claim = "update conversations set claimed_by = $2 where id = $1 and claimed_by is null";
            tx.sql(claim).bind(id).bind(moderator).execute().await?
        } else {
            let release =
                "update conversations set claimed_by = null where id = $1 and claimed_by is not null";
            tx.sql(release).bind(id).execute().await?
        };
        if done == 0 {
            return Err(Error::Conflict);
        }
        self.commit(tx, &[]).await
    }

    /// Answers, and claims it if nobody has. The same text again does nothing.
    pub async fn answer_conversation(
        &self,
        id: ConversationId,
        text: &str,
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let state = for_moderator(&mut tx, id, act.actor, act.at).await?;
        add_answer(&mut tx, &state, text, act).await?;
        self.commit(tx, &changes(&state)).await
    }

    /// Begins a conversation with a member; one who is banned reads it where they appeal.
    pub async fn write_to_member(
        &self,
        user: UserId,
        text: &str,
        act: ActionContext<'_>,
    ) -> Result<ConversationId> {
        let mut tx = self.begin().await?;
        if let Some(actor) = act.actor {
            author::moderator(&mut tx, actor, Some(user), act.at).await?;
        }
        let ban = ban_of(&mut tx, user).await?;
        let kind = if ban.holds(act.at) { ConversationKind::Appeal } else { ConversationKind::Contact };
        let appeal: Option<ConversationId> = tx
            .sql(
                "select id from conversations where user_id = $1 and kind = 'appeal' and $2 = 'appeal' and \
                 status <> 'resolved' order by opened_at desc limit 1",
            )
            .bind(user)
            .bind(kind)
            .fetch_optional_scalar()
            .await?;
        let id = match appeal {
            Some(appeal) => appeal,
            None => {
                let new = NewConversation {
                    kind,
                    user: Some(user),
                    name: "",
                    email: "",
                    item: None,
                    ground: None,
                    text,
                };
                if let Some(first) = same_conversation(&mut tx, &new, act.at).await? {
                    return Ok(first);
                }
                insert(&mut tx, &new, ConversationStatus::Answered, act.at).await?.0
            }
        };
        let state = state(&mut tx, id).await?;
        add_answer(&mut tx, &state, text, act).await?;
        self.commit(tx, &changes(&state)).await?;
        Ok(id)
    }

    /// Resolves a conversation, or reopens it. Fails with `Conflict` if it is so already, with `Refused` for
    /// a report, which a decision resolves.
    pub async fn resolve_conversation(
        &self,
        id: ConversationId,
        on: bool,
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let state = for_moderator(&mut tx, id, act.actor, act.at).await?;
        if (state.status == ConversationStatus::Resolved) == on {
            return Err(Error::Conflict);
        }
        if on && state.kind == ConversationKind::Report {
            return Err(Error::refused(ConversationError::Undecided));
        }
        let status = if on { ConversationStatus::Resolved } else { ConversationStatus::Waiting };
        tx.sql("update conversations set status = $2, last_at = $3 where id = $1")
            .bind(id)
            .bind(status)
            .bind(act.at)
            .execute()
            .await?;
        let action = if on { Action::Resolve } else { Action::Reopen };
        log(&mut tx, &state, action, act).await?;
        self.commit(tx, &[Change::Lists]).await
    }

    /// Decides on a report with reasons, which the one who reported is told. Removing kills the post with the
    /// same reasons, which its author and the log are told, so that nothing but a moderator restores it.
    /// Fails with `NotFound` if it is no report, with `Refused` if it was decided and nobody objected, or the
    /// post is not public.
    pub async fn decide_report(
        &self,
        id: ConversationId,
        decision: MessageKind,
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let state = for_moderator(&mut tx, id, act.actor, act.at).await?;
        let (ConversationKind::Report, Some(item)) = (state.kind, state.item_id) else {
            return Err(Error::NotFound);
        };
        if state.status == ConversationStatus::Resolved {
            return Err(Error::refused(ConversationError::Decided));
        }
        if decision == MessageKind::Removed {
            remove_post(&mut tx, item, act).await?;
        }
        let message = NewMessage { author: act.actor, by_moderator: true, kind: decision, text: act.reason };
        insert_message(&mut tx, id, message, act.at).await?;
        moved(&mut tx, id, ConversationStatus::Resolved, act).await?;
        let entry = LogEntry { item: Some(item), ..LogEntry::of(Action::DecideReport) };
        append_log_entry(&mut tx, act, LogEntry { detail: decision.as_str(), ..entry }).await?;
        tell(&mut tx, &state, Action::DecideReport, act).await?;
        let mut changes = changes(&state);
        changes.push(Change::Public);
        self.commit(tx, &changes).await
    }
}

/// Kills a post for good: nothing but a moderator restores it, and only its author and moderators read it.
async fn remove_post(tx: &mut Tx, item: ItemId, act: ActionContext<'_>) -> Result<()> {
    let (post, entry) = match set_killed(tx, item, true).await {
        Ok(killed) => killed,
        Err(Error::Conflict) => {
            let post = item_in(tx, item).await?;
            // Shadow-banned authors see it as live and must not learn otherwise.
            let private = post.dead == Some(DeadReason::Shadow);
            match post.dead {
                Some(DeadReason::Removed) => return Ok(()),
                Some(DeadReason::Killed | DeadReason::Shadow) => {}
                _ => return Err(Error::refused(ConversationError::NotPublic)),
            }
            ((item, post.author_id), LogEntry { private, ..LogEntry::of(Action::Kill) })
        }
        Err(error) => return Err(error),
    };
    tx.sql("update items set dead = 'removed', cleared = true where id = $1").bind(item).execute().await?;
    tx.item_changes(item);
    log_and_notify(tx, post, entry, act).await
}

/// What a write shows: the moderators' count, and the inbox of the member who is told.
fn changes(state: &ConversationState) -> Vec<Change> {
    state.user_id.map(Change::Member).into_iter().chain([Change::Lists]).collect()
}

/// The same text again does nothing.
async fn add_answer(
    tx: &mut Tx,
    state: &ConversationState,
    text: &str,
    act: ActionContext<'_>,
) -> Result<()> {
    if is_same_message(tx, state.id, act.actor, text, act.at).await? {
        return Ok(());
    }
    let message = NewMessage { author: act.actor, by_moderator: true, kind: MessageKind::Message, text };
    insert_message(tx, state.id, message, act.at).await?;
    moved(tx, state.id, ConversationStatus::Answered, act).await?;
    log(tx, state, Action::Answer, act).await?;
    tell(tx, state, Action::Answer, act).await
}

async fn moved(
    tx: &mut Tx,
    id: ConversationId,
    status: ConversationStatus,
    act: ActionContext<'_>,
) -> Result<()> {
    tx.sql(
        "update conversations set status = $2, last_at = $3, claimed_by = coalesce(claimed_by, $4) where id \
         = $1",
    )
    .bind(id)
    .bind(status)
    .bind(act.at)
    .bind(act.actor)
    .execute()
    .await
    .map(drop)
}

async fn log(tx: &mut Tx, state: &ConversationState, action: Action, act: ActionContext<'_>) -> Result<()> {
    let detail = if state.user_id.is_none() { "somebody without an account" } else { "" };
    append_log_entry(tx, act, LogEntry { user: state.user_id, detail, ..LogEntry::of(action) }).await
}

async fn tell(tx: &mut Tx, state: &ConversationState, action: Action, act: ActionContext<'_>) -> Result<()> {
    let has_account = "select 1 from users where id = $1 and deleted_at is null";
    if let Some(user) = state.user_id
        && tx.sql(has_account).bind(user).exists().await?
    {
        let detail = state.id.to_string();
        let terms = Terms { detail: &detail, ..Terms::default() };
        notify(tx, user, LogEntry::of(action), terms, ActionContext { reason: "", ..act }).await?;
    }
    mails::mail_answer(tx, state, action == Action::DecideReport, act.at).await
}
