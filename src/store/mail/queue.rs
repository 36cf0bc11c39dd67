//! The queue of mail. A row is written in the transaction of what causes it, claimed by one process at a
//! time, and kept until the server has accepted it or refused it for good.

use crate::clock::{DAY, HOUR, MINUTE, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::domain::mail::content::{MailContent, MailKind};
use crate::domain::mail::delivery::{MailRefusal, wait_after};
use crate::store::{Error, Result, Store, Tx};

/// How long a process has to hand in what it claimed, in seconds.
const MAIL_LEASE: i64 = 10 * MINUTE;
/// How long rows are kept, in seconds.
const KEEP_SENT: i64 = 2 * DAY;
const KEEP_FAILED: i64 = 30 * DAY;
/// Bytes of a server's answer.
const LONGEST_ANSWER: usize = 500;
/// Rows that the operator is shown.
const SHOWN_MAILS: i64 = 100;
/// Upper limit of the numbers that they are shown.
const COUNTED_MAILS: i64 = 10_000;

pub type MailId = i64;

#[derive(Debug, Clone, Copy)]
pub(crate) struct NewMail<'a> {
    /// `None`: somebody without an account.
    pub user: Option<UserId>,
    pub recipient: &'a str,
    pub content: &'a MailContent,
}

/// A mail to be handed in, by the process that claimed it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ClaimedMail {
    pub id: MailId,
    pub user_id: Option<UserId>,
    pub recipient: String,
    pub kind: MailKind,
    content: String,
    pub created_at: Timestamp,
    pub attempts: i64,
}

impl ClaimedMail {
    /// The same at each attempt, and no other forum's.
    pub fn stable_id(&self, store: &Store) -> String {
        format!("{}.{}.{}", self.id, self.created_at.0, store.site_id())
    }

    /// `None` if another version wrote it.
    pub fn content(&self) -> Option<MailContent> {
        serde_json::from_str(&self.content).ok()
    }
}

/// A mail that was refused, for the operator.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RefusedMail {
    pub id: MailId,
    pub recipient: String,
    pub kind: MailKind,
    pub created_at: Timestamp,
    pub attempts: i64,
    /// `None` if it has failed.
    pub next_attempt_at: Option<Timestamp>,
    pub last_error: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct QueueLength {
    pub waiting: i64,
    pub oldest: Option<Timestamp>,
    pub failed: i64,
}

pub(super) fn as_json(content: &MailContent) -> Result<String> {
    serde_json::to_string(content).map_err(Error::other)
}

/// Puts mail into the queue. The only writer of new rows.
pub(crate) async fn enqueue(tx: &mut Tx, mails: &[NewMail<'_>], now: Timestamp) -> Result<()> {
    if mails.is_empty() {
        return Ok(());
    }
    let contents = mails.iter().map(|mail| as_json(mail.content)).collect::<Result<Vec<_>>>()?;
    tx.sql("insert into mails (user_id, recipient, kind, content, bulk, created_at, next_attempt_at) ")
        .values(mails.iter().zip(&contents), |row, (mail, content)| {
            let kind = mail.content.kind();
            row.bind(mail.user).bind(mail.recipient).bind(kind).bind(content.as_str());
            row.bind(kind.is_bulk()).bind(now).bind(now);
        })
        .once()
        .execute()
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
pub(crate) struct MailCounts {
    pub last_hour: i64,
    pub last_day: i64,
}

/// How many mails of a kind an account caused.
pub(super) async fn caused_by(
    tx: &mut Tx,
    user: UserId,
    kind: MailKind,
    now: Timestamp,
) -> Result<MailCounts> {
    tx.sql(
        "select count(*) filter (where created_at > $4) as last_hour, count(*) as last_day from mails where \
         user_id = $1 and kind = $2 and created_at > $3",
    )
    .bind(user)
    .bind(kind)
    .bind(now.minus(DAY))
    .bind(now.minus(HOUR))
    .fetch_one()
    .await
}

/// How many mails of a kind went to an address, whoever caused them.
pub(crate) async fn sent_to(
    tx: &mut Tx,
    recipient: &str,
    kind: MailKind,
    now: Timestamp,
) -> Result<MailCounts> {
    tx.sql(
        "select count(*) filter (where created_at > $4) as last_hour, count(*) as last_day from mails where \
         lower(recipient) = lower($1) and kind = $2 and created_at > $3",
    )
    .bind(recipient)
    .bind(kind)
    .bind(now.minus(DAY))
    .bind(now.minus(HOUR))
    .fetch_one()
    .await
}

impl Store {
    /// Takes mails that are due, which no other process gets before the lease is over: first those that
    /// somebody waits for.
    pub async fn claim_mails(&self, most: i64, now: Timestamp) -> Result<Vec<ClaimedMail>> {
        let due = "select 1 from mails where bulk = $1 and next_attempt_at <= $2 and (lease_until <= $2 or \
                   lease_until > $3) limit 1";
        let mut claimed = Vec::new();
        for bulk in [false, true] {
            let due = self.read.sql(due).bind(bulk).bind(now).bind(now.plus(MAIL_LEASE + MINUTE));
            if due.exists().await? {
                let rest = most.saturating_sub(i64::try_from(claimed.len()).unwrap_or(most));
                claimed.extend(self.claim_due(bulk, rest, now).await?);
            }
        }
        Ok(claimed)
    }

    async fn claim_due(&self, bulk: bool, most: i64, now: Timestamp) -> Result<Vec<ClaimedMail>> {
        let mut tx = self.begin().await?;
        // A lease that ends later was written under a clock that was ahead.
        let claimed = tx
            .sql(
                "update mails set holder = $1, lease_until = $2, attempts = attempts + 1 where id in (select \
                 id from mails where bulk = $3 and next_attempt_at <= $4 and (lease_until <= $4 or \
                 lease_until > $5) order by next_attempt_at limit $6) returning id, user_id, recipient, \
                 kind, content, created_at, attempts",
            )
            .bind(self.node())
            .bind(now.plus(MAIL_LEASE))
            .bind(bulk)
            .bind(now)
            .bind(now.plus(MAIL_LEASE + MINUTE))
            .bind(most)
            .fetch_all()
            .await?;
        self.commit(tx, &[]).await?;
        Ok(claimed)
    }

    /// Notes that the server has accepted a mail, and forgets what it said.
    pub async fn mail_was_sent(&self, mail: MailId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql(
            "update mails set sent_at = $3, next_attempt_at = null, content = '', holder = '', lease_until = \
             0, last_error = '' where id = $1 and holder = $2",
        )
        .bind(mail)
        .bind(self.node())
        .bind(now)
        .execute()
        .await?;
        self.commit(tx, &[]).await
    }

    /// Notes why a mail was not accepted. It is tried again later, or has failed; an address that nobody has
    /// gets no digests any more. Returns whether it has failed.
    pub async fn mail_was_refused(
        &self,
        mail: &ClaimedMail,
        refusal: MailRefusal,
        answer: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let wait = wait_after(mail.attempts).filter(|_| refusal == MailRefusal::Temporary);
        let answer = answer.get(..answer.floor_char_boundary(LONGEST_ANSWER)).unwrap_or_default();
        let mut tx = self.begin().await?;
        tx.sql(
            "update mails set next_attempt_at = $3, failed_at = $4, last_error = $5, holder = '', \
             lease_until = 0 where id = $1 and holder = $2",
        )
        .bind(mail.id)
        .bind(self.node())
        .bind(wait.map(|wait| now.plus(wait)))
        .bind(wait.is_none().then_some(now))
        .bind(if answer.is_empty() { "no answer" } else { answer })
        .execute()
        .await?;
        if refusal == MailRefusal::NoSuchRecipient {
            let update = "update mailboxes set refused_at = case when lower(address) = lower($2) then $3 \
                          else refused_at end, new_refused = new_refused or coalesce(lower(new_address) = \
                          lower($2), false) where user_id = $1";
            tx.sql(update).bind(mail.user_id).bind(&*mail.recipient).bind(now).execute().await?;
        }
        self.commit(tx, &[]).await?;
        Ok(wait.is_none())
    }

    pub async fn queue_length(&self) -> Result<QueueLength> {
        self.read
            .sql(
                "select (select count(*) from (select 1 from mails where next_attempt_at is not null limit \
                 $1) as waiting_mails) as waiting, (select min(created_at) from mails where next_attempt_at \
                 is not null) as oldest, (select count(*) from (select 1 from mails where failed_at is not \
                 null limit $1) as failed_mails) as failed",
            )
            .bind(COUNTED_MAILS)
            .fetch_one()
            .await
    }

    /// What was refused and is still there, latest first.
    pub async fn refused_mails(&self) -> Result<Vec<RefusedMail>> {
        self.read
            .sql(
                "select id, recipient, kind, created_at, attempts, next_attempt_at, last_error from mails \
                 where last_error <> '' and sent_at is null order by id desc limit $1",
            )
            .bind(SHOWN_MAILS)
            .fetch_all()
            .await
    }

    /// Has a refused mail tried again at once, as often as a new one. Fails with `NotFound` if it is gone.
    pub async fn retry_mail(&self, mail: MailId, now: Timestamp) -> Result<()> {
        let update = "update mails set next_attempt_at = $2, attempts = 0, failed_at = null where id = $1 \
                      and last_error <> '' and sent_at is null";
        let mut tx = self.begin().await?;
        if tx.sql(update).bind(mail).bind(now).execute().await? == 0 {
            return Err(Error::NotFound);
        }
        self.commit(tx, &[]).await
    }

    /// Fails with `NotFound` if it is gone.
    pub async fn drop_mail(&self, mail: MailId) -> Result<()> {
        let delete = "delete from mails where id = $1 and last_error <> '' and sent_at is null";
        let mut tx = self.begin().await?;
        if tx.sql(delete).bind(mail).execute().await? == 0 {
            return Err(Error::NotFound);
        }
        self.commit(tx, &[]).await
    }
}

/// Deletes old rows of the tables of mail.
pub(crate) async fn purge(tx: &mut Tx, now: Timestamp) -> Result<()> {
    for (delete, before) in [
        ("delete from mails where sent_at <= $1", now.minus(KEEP_SENT)),
        ("delete from mails where failed_at <= $1", now.minus(KEEP_FAILED)),
        // If no mail is sent any more.
        ("delete from mails where next_attempt_at is not null and created_at <= $1", now.minus(KEEP_FAILED)),
        ("delete from mail_links where expires_at <= $1", now),
    ] {
        tx.sql(delete).bind(before).execute().await?;
    }
    Ok(())
}
