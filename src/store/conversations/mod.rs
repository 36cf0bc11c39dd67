//! Conversations with the moderators. Whoever has no account comes back by a receipt, of which only the hash
//! of the token is stored.

mod mails;
pub mod moderating;
pub mod reading;
pub mod reports;
pub mod writing;

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::conversations::{ConversationId, ConversationKind, ConversationStatus};
use crate::domain::items::item::ItemId;
use crate::store::{Result, Tx};

/// What a write needs to know of a conversation.
#[derive(sqlx::FromRow)]
struct ConversationState {
    id: ConversationId,
    kind: ConversationKind,
    receipt: String,
    user_id: Option<UserId>,
    email: String,
    item_id: Option<ItemId>,
    status: ConversationStatus,
}

/// Fails with `NotFound` if there is none.
async fn state(tx: &mut Tx, id: ConversationId) -> Result<ConversationState> {
    tx.sql("select id, kind, receipt, user_id, email, item_id, status from conversations where id = $1")
        .bind(id)
        .fetch_one()
        .await
}

/// Deletes what was not written in since then and does not wait for a moderator.
pub(crate) async fn purge(tx: &mut Tx, before: Timestamp) -> Result<()> {
    let mut old: Vec<ConversationId> = Vec::new();
    for status in [ConversationStatus::Answered, ConversationStatus::Resolved] {
        let select = "select id from conversations where status = $1 and last_at < $2 limit 1000";
        let found: Vec<ConversationId> = tx.sql(select).bind(status).bind(before).fetch_scalars().await?;
        old.extend(found);
    }
    delete(tx, &old).await
}

/// Deletes what a member wrote to the moderators, apart from reports, when they delete their account.
pub(crate) async fn delete_of(tx: &mut Tx, user: UserId) -> Result<()> {
    let select = "select id from conversations where user_id = $1 and kind <> 'report'";
    let own: Vec<ConversationId> = tx.sql(select).bind(user).fetch_scalars().await?;
    tx.sql("update conversations set claimed_by = null where claimed_by = $1").bind(user).execute().await?;
    delete(tx, &own).await
}

async fn delete(tx: &mut Tx, ids: &[ConversationId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    for statement in [
        "delete from messages where conversation_id in ",
        "delete from receipts where conversation_id in ",
        "delete from conversations where id in ",
    ] {
        tx.sql(statement).list(ids).once().execute().await?;
    }
    Ok(())
}
