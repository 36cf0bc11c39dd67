//! What members and people without an account write.

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::UserId;
use crate::domain::conversations::report::IllegalGround;
use crate::domain::conversations::{
    ConversationError, ConversationId, ConversationKind, ConversationStatus, MAX_MESSAGES, MAX_OPEN,
    MAX_UNANSWERED, MAX_WAITING_OUTSIDERS, MessageKind, ReceiptNumber, is_against, may_appeal, may_object,
};
use crate::domain::items::item::ItemId;
use crate::store::accounts::author;
use crate::store::conversations::{ConversationState, mails, state};
use crate::store::moderation::sanctions::ban_of;
use crate::store::{Change, Error, Result, Store, Tx};

/// How long the same text is the same message, in seconds.
const SAME: i64 = 10 * MINUTE;

#[derive(Debug, Clone, Copy)]
pub struct NewConversation<'a> {
    pub kind: ConversationKind,
    /// `None`: somebody without an account, with the name and the address that they gave, or none.
    pub user: Option<UserId>,
    pub name: &'a str,
    pub email: &'a str,
    pub item: Option<ItemId>,
    pub ground: Option<IllegalGround>,
    /// Markdown source.
    pub text: &'a str,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NewMessage<'a> {
    pub author: Option<UserId>,
    pub by_moderator: bool,
    pub kind: MessageKind,
    pub text: &'a str,
}

impl Store {
    /// Opens a conversation, for whose owner without an account `token` is the receipt, which is mailed if
    /// they gave an address and there is mail. The same text again leads to the first. Fails with `Refused`
    /// if there are too many, or if they may not appeal, or may do nothing else.
    pub async fn open_conversation(
        &self,
        new: NewConversation<'_>,
        token: Option<&Token>,
        is_mailed: bool,
        now: Timestamp,
    ) -> Result<ConversationId> {
        let mut tx = self.begin().await?;
        if let Some(first) = same_conversation(&mut tx, &new, now).await? {
            return Ok(first);
        }
        match (new.user, new.kind) {
            (Some(user), ConversationKind::Appeal) => check_appeal(&mut tx, user, now).await?,
            (Some(user), _) => {
                check_open(&mut tx, user, now).await?;
                check_reported(&mut tx, user, new.item).await?;
            }
            (None, kind) => check_outsiders(&mut tx, kind).await?,
        }
        let (id, number) = insert(&mut tx, &new, ConversationStatus::Waiting, now).await?;
        let message =
            NewMessage { author: new.user, by_moderator: false, kind: MessageKind::Message, text: new.text };
        insert_message(&mut tx, id, message, now).await?;
        if let Some(token) = token {
            mails::insert_receipt(&mut tx, id, token).await?;
            if is_mailed && !new.email.is_empty() {
                mails::mail_receipt(&mut tx, new.email, token, &number, now).await?;
            }
        }
        self.commit(tx, &[Change::Lists]).await?;
        Ok(id)
    }

    /// Adds a message of its owner, who objects to the decision with `kind`. The same text again does
    /// nothing. Fails with `Refused` if nothing more is to be written, or nothing can be objected to.
    pub async fn add_message(
        &self,
        conversation: ConversationId,
        author: Option<UserId>,
        kind: MessageKind,
        text: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let state = state(&mut tx, conversation).await?;
        if state.user_id != author {
            return Err(Error::NotFound);
        }
        if let Some(user) =
            author.filter(|_| state.kind != ConversationKind::Appeal && kind != MessageKind::Objection)
        {
            author::writer(&mut tx, user, now).await?;
        }
        if is_same_message(&mut tx, conversation, author, text, now).await? {
            return Ok(());
        }
        check_message(&mut tx, &state, kind, now).await?;
        insert_message(&mut tx, conversation, NewMessage { author, by_moderator: false, kind, text }, now)
            .await?;
        // Whoever decided leaves an objection to another moderator.
        tx.sql(
            "update conversations set status = 'waiting', last_at = $2, claimed_by = case when $3 then null \
             else claimed_by end where id = $1",
        )
        .bind(conversation)
        .bind(now)
        .bind(kind == MessageKind::Objection)
        .execute()
        .await?;
        self.commit(tx, &[Change::Lists]).await
    }
}

/// The same, opened just now.
pub(super) async fn same_conversation(
    tx: &mut Tx,
    new: &NewConversation<'_>,
    now: Timestamp,
) -> Result<Option<ConversationId>> {
    let Some(user) = new.user else { return Ok(None) };
    tx.sql(
        "select c.id from conversations c where c.user_id = $1 and c.opened_at > $2 and c.kind = $3 and \
         c.item_id is not distinct from $4 and exists (select 1 from messages m where m.conversation_id = \
         c.id and m.text = $5) limit 1",
    )
    .bind(user)
    .bind(now.minus(SAME))
    .bind(new.kind)
    .bind(new.item)
    .bind(new.text)
    .fetch_optional_scalar()
    .await
}

async fn check_appeal(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    let ban = ban_of(tx, user).await?;
    if !ban.holds(now) {
        return Err(Error::refused(ConversationError::NotBanned));
    }
    let latest: Option<(ConversationStatus, Timestamp)> = tx
        .sql(
            "select status, last_at from conversations where user_id = $1 and kind = 'appeal' order by \
             opened_at desc limit 1",
        )
        .bind(user)
        .fetch_optional()
        .await?;
    let latest = latest.filter(|(status, at)| is_against(&ban, *status, *at));
    may_appeal(latest, now).map_err(Error::refused)
}

async fn check_open(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    author::writer(tx, user, now).await?;
    let open: i64 = tx
        .sql(
            "select count(*) from conversations where user_id = $1 and kind <> 'appeal' and status <> \
             'resolved'",
        )
        .bind(user)
        .fetch_scalar()
        .await?;
    if open >= MAX_OPEN { Err(Error::refused(ConversationError::TooMany)) } else { Ok(()) }
}

async fn check_reported(tx: &mut Tx, user: UserId, item: Option<ItemId>) -> Result<()> {
    let Some(item) = item else { return Ok(()) };
    let open =
        "select 1 from conversations where item_id = $1 and user_id = $2 and status <> 'resolved' limit 1";
    let is_reported = tx.sql(open).bind(item).bind(user).exists().await?;
    if is_reported { Err(Error::refused(ConversationError::Reported)) } else { Ok(()) }
}

async fn check_outsiders(tx: &mut Tx, kind: ConversationKind) -> Result<()> {
    let waiting: i64 = tx
        .sql(
            "select count(*) from (select 1 from conversations where user_id is null and status = 'waiting' \
             and kind = $1 limit $2) as waiting_outsiders",
        )
        .bind(kind)
        .bind(MAX_WAITING_OUTSIDERS)
        .fetch_scalar()
        .await?;
    if waiting >= MAX_WAITING_OUTSIDERS { Err(Error::refused(ConversationError::Full)) } else { Ok(()) }
}

/// Whether the latest message is the same, by the same author, and was sent just now.
pub(super) async fn is_same_message(
    tx: &mut Tx,
    id: ConversationId,
    author: Option<UserId>,
    text: &str,
    now: Timestamp,
) -> Result<bool> {
    let latest: Option<(String, Timestamp, Option<UserId>)> = tx
        .sql(
            "select text, created_at, author_id from messages where conversation_id = $1 order by id desc \
             limit 1",
        )
        .bind(id)
        .fetch_optional()
        .await?;
    Ok(latest.is_some_and(|(before, at, by)| by == author && before == text && now.since(at) < SAME))
}

async fn check_message(
    tx: &mut Tx,
    state: &ConversationState,
    kind: MessageKind,
    now: Timestamp,
) -> Result<()> {
    let mut messages: Vec<(MessageKind, Timestamp, bool)> = tx
        .sql(
            "select kind, created_at, by_moderator from messages where conversation_id = $1 order by id \
             desc limit $2",
        )
        .bind(state.id)
        .bind(MAX_MESSAGES)
        .fetch_all()
        .await?;
    messages.reverse();
    let number = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    let in_a_row = messages.iter().rev().take_while(|(_, _, by_moderator)| !by_moderator).count();
    let may = if kind == MessageKind::Objection {
        let may = may_object(messages.iter().map(|(kind, at, _)| (*kind, *at)), now);
        if may { Ok(()) } else { Err(ConversationError::NoObjection) }
    } else if number >= MAX_MESSAGES {
        Err(ConversationError::LongConversation)
    } else if state.status == ConversationStatus::Resolved {
        Err(ConversationError::Resolved)
    } else if i64::try_from(in_a_row).unwrap_or(i64::MAX) >= MAX_UNANSWERED {
        Err(ConversationError::Unanswered)
    } else {
        Ok(())
    };
    may.map_err(Error::refused)
}

pub(super) async fn insert(
    tx: &mut Tx,
    new: &NewConversation<'_>,
    status: ConversationStatus,
    now: Timestamp,
) -> Result<(ConversationId, String)> {
    let number = ReceiptNumber::random().map_err(Error::other)?.to_string();
    let id = tx
        .sql(
            "insert into conversations (kind, receipt, user_id, name, email, item_id, ground, status, \
             opened_at, last_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) returning id",
        )
        .bind(new.kind)
        .bind(number.as_str())
        .bind(new.user)
        .bind(new.name)
        .bind(new.email)
        .bind(new.item)
        .bind(new.ground)
        .bind(status)
        .bind(now)
        .fetch_scalar()
        .await?;
    Ok((id, number))
}

pub(super) async fn insert_message(
    tx: &mut Tx,
    conversation: ConversationId,
    new: NewMessage<'_>,
    now: Timestamp,
) -> Result<()> {
    tx.sql(
        "insert into messages (conversation_id, author_id, by_moderator, kind, text, created_at) values ($1, \
         $2, $3, $4, $5, $6)",
    )
    .bind(conversation)
    .bind(new.author)
    .bind(new.by_moderator)
    .bind(new.kind)
    .bind(new.text)
    .bind(now)
    .execute()
    .await
    .map(drop)
}
