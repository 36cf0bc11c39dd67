//! What members have chosen, and how they end it.

use crate::clock::Timestamp;
use crate::domain::accounts::password_reset::LINK_TTL;
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::UserId;
use crate::domain::mail::choices::{InboxMail, MailList, MailTimes, first_best_of};
use crate::domain::mail::content::{MailContent, MailKind};
use crate::domain::mail::links::RESETS;
use crate::store::accounts::password_resets::put_password_reset;
use crate::store::mail::queue::{self, NewMail};
use crate::store::{Error, Result, Store, Tx};

/// A member's e-mail, for its owner.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
pub struct MailboxRow {
    pub address: Option<String>,
    /// When a server said that nobody has this address.
    pub refused_at: Option<Timestamp>,
    pub new_address: Option<String>,
    pub new_at: Option<Timestamp>,
    pub new_confirmed: bool,
    pub new_refused: bool,
    pub inbox_mail: InboxMail,
    pub best_of: bool,
}

impl Store {
    pub async fn mailbox(&self, user: UserId) -> Result<MailboxRow> {
        let select = "select address, refused_at, new_address, new_at, new_confirmed, new_refused, \
                      inbox_mail, best_of_due_at is not null as best_of from mailboxes where user_id = $1";
        Ok(self.read.sql(select).bind(user).fetch_optional().await?.unwrap_or_default())
    }

    /// Does nothing without a confirmed address.
    pub async fn choose_mail(
        &self,
        user: UserId,
        inbox_mail: InboxMail,
        best_of: bool,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql(
            "update mailboxes set inbox_mail = $2, best_of_due_at = case when $3 then \
             coalesce(best_of_due_at, $4) end where user_id = $1 and address is not null",
        )
        .bind(user)
        .bind(inbox_mail)
        .bind(best_of)
        .bind(first_best_of(now))
        .execute()
        .await?;
        retime(&mut tx, user, inbox_mail, now).await?;
        self.commit(tx, &[]).await
    }

    /// Whose the key is, and their name; `None` if it is nobody's.
    pub async fn subscriber(&self, key: &str) -> Result<Option<String>> {
        let select = "select u.name from mailboxes b join users u on u.id = b.user_id where b.key = $1";
        self.read.sql(select).bind(key).fetch_optional_scalar().await
    }

    /// Ends a list. Fails with `NotFound` if the key is nobody's.
    pub async fn unsubscribe(&self, key: &str, list: MailList, now: Timestamp) -> Result<String> {
        let mut tx = self.begin().await?;
        let update = match list {
            MailList::Inbox => "update mailboxes set inbox_mail = 'never' where key = $1 returning user_id",
            MailList::BestOf => "update mailboxes set best_of_due_at = null where key = $1 returning user_id",
        };
        let user = tx.sql(update).bind(key).fetch_scalar().await?;
        if list == MailList::Inbox {
            retime(&mut tx, user, InboxMail::Never, now).await?;
        }
        let name = tx.sql("select name from users where id = $1").bind(user).fetch_scalar().await?;
        self.commit(tx, &[]).await?;
        Ok(name)
    }

    /// Mails a link that sets a lost password, to the account's confirmed address. Does nothing if there is
    /// no such account, no such address, or links were sent too often.
    pub async fn mail_password_reset(&self, name_or_address: &str, now: Timestamp) -> Result<()> {
        let found: Option<(UserId, String)> = self
            .read
            .sql(
                "select u.id, b.address from mailboxes b join users u on u.id = b.user_id where b.address is \
                 not null and u.password is not null and b.user_id in (select id from users where \
                 lower(name) = lower($1) union all select user_id from mailboxes where address is not null \
                 and lower(address) = lower($1))",
            )
            .bind(name_or_address)
            .fetch_optional()
            .await?;
        let Some((user, address)) = found else { return Ok(()) };
        let mut tx = self.begin().await?;
        let counts = queue::caused_by(&mut tx, user, MailKind::Reset, now).await?;
        if !RESETS.allows(counts.last_hour, counts.last_day) {
            return Ok(());
        }
        let token = Token::random().map_err(Error::other)?;
        put_password_reset(&mut tx, user, &token.hash(), now.plus(LINK_TTL)).await?;
        let content = MailContent::Reset { token: token.as_str().to_owned() };
        queue::enqueue(&mut tx, &[NewMail { user: Some(user), recipient: &address, content: &content }], now)
            .await?;
        self.commit(tx, &[]).await
    }
}

/// Moves what is to be mailed to when the member wants it.
async fn retime(tx: &mut Tx, user: UserId, choice: InboxMail, now: Timestamp) -> Result<()> {
    let times = MailTimes::at(now);
    let mail_at = match choice {
        InboxMail::AtOnce => Some(times.at_once),
        InboxMail::Daily => Some(times.daily),
        InboxMail::Never => None,
    };
    let update = "update inbox set mail_at = $2 where user_id = $1 and mail_at is not null";
    tx.sql(update).bind(user).bind(mail_at).execute().await.map(drop)
}
