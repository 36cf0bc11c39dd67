//! What inboxes tell, for mail: at once or once a day, each row at most once.

use std::collections::{HashMap, HashSet};

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::inbox::{InboxId, InboxKind};
use crate::domain::items::item::ItemId;
use crate::domain::mail::choices::{InboxMail, MAX_AT_ONCE, next_digest};
use crate::domain::mail::content::MailContent;
use crate::store::mail::queue::{self, NewMail};
use crate::store::mail::readers::MailReader;
use crate::store::{Result, Store};

/// Members whose mail is prepared at once.
const BATCH: i64 = 100;
/// Rows of a member that are read: of these, what they have not muted is told.
const MAX_ROWS: i64 = 100;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DigestRow {
    pub id: InboxId,
    user_id: UserId,
    pub kind: InboxKind,
    pub item_id: Option<ItemId>,
    pub notification_id: Option<i64>,
}

/// A member with what their inbox tells and no mail has told, newest first.
#[derive(Debug)]
pub struct DigestFor {
    pub reader: MailReader,
    pub rows: Vec<DigestRow>,
    /// There are more than these.
    pub is_cut: bool,
}

/// Those who are dealt with by `put_digests`, and who gets a mail.
#[derive(Debug)]
pub struct DueDigests {
    pub due: Vec<UserId>,
    pub digests: Vec<DigestFor>,
}

/// A mail that was prepared.
#[derive(Debug)]
pub struct PreparedMail {
    pub user: UserId,
    pub recipient: String,
    pub content: MailContent,
}

impl Store {
    /// Members for whom something is due, by a hundred rows at most; none if nothing is. Those who had many
    /// mails already are postponed, and who cannot get mail has no digest.
    pub async fn due_digests(&self, now: Timestamp) -> Result<Option<DueDigests>> {
        let select = "select user_id from inbox where mail_at <= $1 order by mail_at limit $2";
        let due: Vec<UserId> = self.read.sql(select).bind(now).bind(BATCH).fetch_scalars().await?;
        if due.is_empty() {
            return Ok(None);
        }
        let due: Vec<UserId> = due.into_iter().collect::<HashSet<_>>().into_iter().collect();
        let readers = self.mail_readers(&due, now).await?;
        let readers = readers.into_iter().filter(|reader| reader.inbox_mail != InboxMail::Never);
        let (many, readers): (Vec<_>, Vec<_>) = readers.partition(|reader| reader.mailed >= MAX_AT_ONCE);
        let many: HashSet<UserId> = many.into_iter().map(|reader| reader.member.id).collect();
        self.postpone(&many.iter().copied().collect::<Vec<_>>(), now).await?;
        let ids: Vec<UserId> = readers.iter().map(|reader| reader.member.id).collect();
        let mut rows: HashMap<UserId, Vec<DigestRow>> = HashMap::new();
        for row in self.digest_rows(&ids, now).await? {
            rows.entry(row.user_id).or_default().push(row);
        }
        let with_rows = |reader: MailReader| {
            let rows = rows.remove(&reader.member.id)?;
            let is_cut = i64::try_from(rows.len()).is_ok_and(|rows| rows >= MAX_ROWS);
            Some(DigestFor { reader, rows, is_cut })
        };
        let digests = readers.into_iter().filter_map(with_rows).collect();
        let due = due.into_iter().filter(|user| !many.contains(user)).collect();
        Ok(Some(DueDigests { due, digests }))
    }

    async fn digest_rows(&self, users: &[UserId], now: Timestamp) -> Result<Vec<DigestRow>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        self.read
            .sql(
                "select id, user_id, kind, item_id, notification_id from (select n.id, n.user_id, n.kind, \
                 n.item_id, n.notification_id, row_number() over (partition by n.user_id order by n.id desc) \
                 as nth from inbox n left join items i on i.id = n.item_id where n.read_at is null and \
                 n.mail_at <= ",
            )
            .push_bind(now)
            .push(" and (n.item_id is null or (i.dead is null and i.deleted_at is null and i.visible_at <= ")
            .push_bind(now)
            .push(")) and n.user_id in ")
            .list(users)
            .push(") as newest where nth <= ")
            .push_bind(MAX_ROWS)
            .push(" order by id desc")
            .once()
            .fetch_all()
            .await
    }

    async fn postpone(&self, users: &[UserId], now: Timestamp) -> Result<()> {
        if users.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        tx.sql("update inbox set mail_at = ")
            .push_bind(next_digest(now))
            .push(" where mail_at <= ")
            .push_bind(now)
            .push(" and user_id in ")
            .list(users)
            .once()
            .execute()
            .await?;
        self.commit(tx, &[]).await
    }

    /// Puts the mails into the queue, unless another process has, and notes that what was due for `due` is
    /// told. One short transaction.
    pub async fn put_digests(&self, due: &[UserId], mails: &[PreparedMail], now: Timestamp) -> Result<usize> {
        if due.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let told: Vec<UserId> = tx
            .sql("update inbox set mail_at = null where mail_at <= ")
            .push_bind(now)
            .push(" and user_id in ")
            .list(due)
            .push(" returning user_id")
            .once()
            .fetch_scalars()
            .await?;
        let told: HashSet<UserId> = told.into_iter().collect();
        let new = |mail: &PreparedMail| told.contains(&mail.user);
        let mails: Vec<NewMail<'_>> = mails.iter().filter(|mail| new(mail)).map(as_new).collect();
        queue::enqueue(&mut tx, &mails, now).await?;
        self.commit(tx, &[]).await?;
        Ok(mails.len())
    }
}

pub(super) fn as_new(mail: &PreparedMail) -> NewMail<'_> {
    NewMail { user: Some(mail.user), recipient: &mail.recipient, content: &mail.content }
}
