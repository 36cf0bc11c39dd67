//! Conversations as members and moderators read them.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::conversations::report::IllegalGround;
use crate::domain::conversations::{
    ConversationId, ConversationKind, ConversationStatus, MAX_MESSAGES, MessageKind,
};
use crate::domain::items::item::ItemId;
use crate::domain::text;
use crate::store::accounts::ownership::shown_name;
use crate::store::{Result, Store};

/// Conversations that a member is shown.
const OWN: i64 = 20;
/// Characters of a message that lists show.
const WORDS: usize = 120;
/// Reports on one item that a moderator is shown.
const ON_ITEM: i64 = 20;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// The number by which both sides name it.
    pub receipt: String,
    pub user_id: Option<UserId>,
    /// Of the member, or as somebody without an account calls themselves.
    pub name: String,
    /// Of somebody without an account; empty if they gave none.
    pub email: String,
    pub item_id: Option<ItemId>,
    pub ground: Option<IllegalGround>,
    pub status: ConversationStatus,
    /// The moderator who deals with it.
    pub claimed_by: Option<String>,
    pub opened_at: Timestamp,
    pub last_at: Timestamp,
    /// The latest message, and what it is.
    pub last_text: Option<String>,
    pub last_kind: Option<MessageKind>,
}

impl Conversation {
    /// The beginning of the latest message, without mark-up.
    pub fn words(&self) -> String {
        self.last_text.as_deref().map_or_else(String::new, |text| text::excerpt(text, WORDS))
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MessageRow {
    pub author_id: Option<UserId>,
    /// `None`: somebody without an account, or the operator.
    pub author: Option<String>,
    pub by_moderator: bool,
    pub kind: MessageKind,
    /// Markdown source.
    pub text: String,
    pub created_at: Timestamp,
}

/// `select` of a [`Conversation`]; takes the rest of the statement.
macro_rules! select_conversations {
    ($tail:literal) => {
        concat!(
            "select c.id, c.kind, c.receipt, c.user_id, coalesce(u.name, c.name) as name, c.email, \
             c.item_id, c.ground, c.status, a.name as claimed_by, c.opened_at, c.last_at, \
             m.text as last_text, m.kind as last_kind from conversations c \
             left join users u on u.id = c.user_id left join users a on a.id = c.claimed_by \
             left join messages m on m.id = (select max(l.id) from messages l where l.conversation_id = \
             c.id) ",
            $tail
        )
    };
}

impl Store {
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation> {
        self.read.sql(select_conversations!("where c.id = $1")).bind(id).fetch_one().await
    }

    /// By the token of a receipt. Fails with `NotFound` if there is none.
    pub async fn conversation_of_receipt(&self, token_hash: &[u8]) -> Result<Conversation> {
        self.read
            .sql(select_conversations!(
                "where c.id = (select conversation_id from receipts where token_hash = $1)"
            ))
            .bind(token_hash)
            .fetch_one()
            .await
    }

    /// The latest, in the order in which they were written.
    pub async fn messages(&self, conversation: ConversationId) -> Result<Vec<MessageRow>> {
        let mut messages: Vec<MessageRow> = self
            .read
            .sql(concat!(
                "select m.author_id, ",
                shown_name!("u"),
                " as author, m.by_moderator, m.kind, m.text, m.created_at from messages m left join users u \
                 on u.id = m.author_id where m.conversation_id = $1 order by m.id desc \
                 limit $2"
            ))
            .bind(conversation)
            // Moderators may answer the last one.
            .bind(2 * MAX_MESSAGES)
            .fetch_all()
            .await?;
        messages.reverse();
        Ok(messages)
    }

    /// A member's conversations, the latest first.
    pub async fn conversations_of(&self, user: UserId) -> Result<Vec<Conversation>> {
        self.read
            .sql(select_conversations!("where c.user_id = $1 order by c.opened_at desc limit $2"))
            .bind(user)
            .bind(OWN)
            .fetch_all()
            .await
    }

    /// A banned member's latest appeal.
    pub async fn latest_appeal(&self, user: UserId) -> Result<Option<Conversation>> {
        self.read
            .sql(select_conversations!(
                "where c.user_id = $1 and c.kind = 'appeal' order by c.opened_at desc limit 1"
            ))
            .bind(user)
            .fetch_optional()
            .await
    }

    /// What waits longest first.
    pub async fn waiting_conversations(
        &self,
        after: (Timestamp, ConversationId),
        rows: i64,
    ) -> Result<Vec<Conversation>> {
        self.read
            .sql(select_conversations!(
                "where c.status = 'waiting' and (c.last_at, c.id) > ($1, $2) order by c.last_at, c.id \
                 limit $3"
            ))
            .bind(after.0)
            .bind(after.1)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// Those that no moderator has to answer, the latest first.
    pub async fn conversations(
        &self,
        status: ConversationStatus,
        before: (Timestamp, ConversationId),
        rows: i64,
    ) -> Result<Vec<Conversation>> {
        self.read
            .sql(select_conversations!(
                "where c.status = $1 and (c.last_at, c.id) < ($2, $3) order by c.last_at desc, c.id desc \
                 limit $4"
            ))
            .bind(status)
            .bind(before.0)
            .bind(before.1)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// Reports that an item is illegal, the latest first.
    pub async fn reports_on(&self, item: ItemId) -> Result<Vec<Conversation>> {
        self.read
            .sql(select_conversations!("where c.item_id = $1 order by c.opened_at desc limit $2"))
            .bind(item)
            .bind(ON_ITEM)
            .fetch_all()
            .await
    }
}
