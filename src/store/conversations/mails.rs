//! Mail about conversations, to people who have no inbox to look into.

use crate::clock::Timestamp;
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::UserId;
use crate::domain::conversations::{ConversationId, ConversationKind};
use crate::domain::mail::content::MailContent;
use crate::domain::mail::links::{ANSWERS, MailQuota, RECEIPTS};
use crate::store::conversations::ConversationState;
use crate::store::mail::queue::{self, NewMail};
use crate::store::{Error, Result, Tx};

pub(super) async fn insert_receipt(tx: &mut Tx, conversation: ConversationId, token: &Token) -> Result<()> {
    tx.sql("insert into receipts (token_hash, conversation_id) values ($1, $2)")
        .bind(token.hash())
        .bind(conversation)
        .execute()
        .await
        .map(drop)
}

/// Confirms that a message has arrived, at an address that may be a stranger's: so it has none of the text,
/// and few go to one address.
pub(super) async fn mail_receipt(
    tx: &mut Tx,
    email: &str,
    token: &Token,
    number: &str,
    now: Timestamp,
) -> Result<()> {
    let content = MailContent::Receipt { token: token.as_str().to_owned(), number: number.to_owned() };
    enqueue_within(tx, (None, email), &content, RECEIPTS, now).await
}

/// Tells of an answer: somebody without an account at the address that they gave, with a receipt of its own;
/// and a banned member, as their inbox is closed to them.
pub(super) async fn mail_answer(
    tx: &mut Tx,
    of: &ConversationState,
    is_decision: bool,
    now: Timestamp,
) -> Result<()> {
    let number = of.receipt.clone();
    match of.user_id {
        None if !of.email.is_empty() => {
            let token = Token::random().map_err(Error::other)?;
            insert_receipt(tx, of.id, &token).await?;
            let token = Some(token.as_str().to_owned());
            let content = MailContent::Answer { token, number, is_decision };
            enqueue_within(tx, (None, &of.email), &content, ANSWERS, now).await
        }
        Some(user) => {
            let select = "select b.address from mailboxes b join users u on u.id = b.user_id where b.user_id \
                          = $1 and b.address is not null and ($2 or u.banned_at is not null and \
                          (u.banned_until is null or u.banned_until > $3))";
            let select = tx.sql(select).bind(user).bind(of.kind == ConversationKind::Appeal).bind(now);
            let address: Option<String> = select.fetch_optional_scalar().await?;
            let Some(address) = address else { return Ok(()) };
            let content = MailContent::Answer { token: None, number, is_decision };
            enqueue_within(tx, (Some(user), &address), &content, ANSWERS, now).await
        }
        None => Ok(()),
    }
}

async fn enqueue_within(
    tx: &mut Tx,
    (user, recipient): (Option<UserId>, &str),
    content: &MailContent,
    quota: MailQuota,
    now: Timestamp,
) -> Result<()> {
    let counts = queue::sent_to(tx, recipient, content.kind(), now).await?;
    if !quota.allows(counts.last_hour, counts.last_day) {
        return Ok(());
    }
    queue::enqueue(tx, &[NewMail { user, recipient, content }], now).await
}
