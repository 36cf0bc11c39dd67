//! Mail that tells an account's owner what was done to it.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::mail::content::{MailContent, MailKind, SecurityEvent};
use crate::domain::mail::links::{LinkPurpose, SECURITY_MAILS};
use crate::store::mail::links::make_link;
use crate::store::mail::queue::{self, NewMail};
use crate::store::{Result, Tx};

/// Tells an account's owner, if they have a confirmed address, with a link for “this was not me”. To be
/// called in the transaction of what happened, and before the address changes.
pub(crate) async fn security_mail(
    tx: &mut Tx,
    user: UserId,
    event: SecurityEvent,
    now: Timestamp,
) -> Result<()> {
    let select = "select address from mailboxes where user_id = $1 and address is not null";
    let address: Option<String> = tx.sql(select).bind(user).fetch_optional_scalar().await?;
    let Some(address) = address else { return Ok(()) };
    let counts = queue::caused_by(tx, user, MailKind::Security, now).await?;
    if !SECURITY_MAILS.allows(counts.last_hour, counts.last_day) {
        return Ok(());
    }
    let token = make_link(tx, user, LinkPurpose::NotMe, &address, now).await?;
    let content = MailContent::Security { token, event };
    queue::enqueue(tx, &[NewMail { user: Some(user), recipient: &address, content: &content }], now).await
}
