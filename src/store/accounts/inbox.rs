//! Inboxes. A row is written in the transaction of what caused it; whether its post may be seen is asked when
//! it is read.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::inbox::{InboxId, InboxKind, MAX_MENTIONS};
use crate::domain::items::item::{Item, ItemId};
use crate::domain::mail::choices::MailTimes;
use crate::domain::text;
use crate::store::accounts::pending_activity::SeenMark;
use crate::store::items::rows::select_item;
use crate::store::{Bindable, Change, Error, Result, Store, Tx};

/// A post, as it tells members.
pub(crate) struct ToldPost {
    pub id: ItemId,
    pub author: Option<UserId>,
    pub at: Timestamp,
}

/// An unread row that its member may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct UnreadRow {
    pub id: InboxId,
    /// `None` for a notice.
    pub(super) item_id: Option<ItemId>,
    pub(super) root_id: Option<ItemId>,
}

impl UnreadRow {
    /// Whether it is about this item or one of its thread.
    pub fn is_shown_at(&self, item: ItemId) -> bool {
        self.item_id == Some(item) || self.root_id == Some(item)
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct InboxRow {
    pub id: InboxId,
    pub kind: InboxKind,
    pub item_id: Option<ItemId>,
    pub notification_id: Option<i64>,
    pub created_at: Timestamp,
    /// Not yet read.
    pub unread: bool,
    root_id: Option<ItemId>,
}

/// When a row is mailed, by the choice in `mailboxes b`.
macro_rules! mail_at {
    ($at_once:literal, $daily:literal) => {
        concat!("case b.inbox_mail when 'at-once' then ", $at_once, " when 'daily' then ", $daily, " end")
    };
}

/// Tells the members that `$who` selects as `user_id` of the post `$1` by `$4`, unless they are told already.
macro_rules! tell {
    ($who:literal) => {
        concat!(
            "insert into inbox (user_id, kind, item_id, created_at, mail_at) select w.user_id, $2, $1, $3, ",
            mail_at!("$6", "$7"),
            " from (",
            $who,
            ") as w left join mailboxes b on b.user_id = w.user_id and b.address is not null where w.user_id \
             is distinct from $4 on conflict (user_id, item_id) do nothing"
        )
    };
}

/// What may be seen of `inbox n left join items i` at the time `$now`.
macro_rules! visible {
    ($now:literal) => {
        concat!(
            "(n.item_id is null or (i.dead is null and i.deleted_at is null and i.visible_at <= ",
            $now,
            "))"
        )
    };
}

/// A page of `$1`'s inbox from the cursor `($2, $3)`, `$4` rows, at the time `$5`.
macro_rules! select_inbox {
    ($which:literal) => {
        concat!(
            "select n.id, n.kind, n.item_id, n.notification_id, n.created_at, n.read_at is null as unread, \
             i.root_id from inbox n left join items i on i.id = n.item_id where n.user_id = $1",
            $which,
            " and (n.created_at, n.id) < ($2, $3) and ",
            visible!("$5"),
            " order by n.created_at desc, n.id desc limit $4"
        )
    };
}

/// Tells the author of what a new comment answers, those whom it mentions and those who follow its thread.
pub(crate) async fn tell_of_comment(
    tx: &mut Tx,
    post: ToldPost,
    answered: Option<UserId>,
    root: ItemId,
    source: &str,
) -> Result<()> {
    let author = tell!("select id as user_id from users where id = $5 and password is not null");
    if let Some(answered) = answered {
        post.tell(tx, author, InboxKind::Reply, answered).await?;
    }
    tell_mentioned(tx, &post, text::mentioned(source)).await?;
    let followers = tell!(
        "select user_id from follows where kind = 'thread' and target in (select cast($5 as bigint) union \
         all select id from items where merged_into = $5)"
    );
    post.tell(tx, followers, InboxKind::Thread, root).await
}

/// Tells those whom a new story mentions and those who follow its author.
pub(crate) async fn tell_of_story(tx: &mut Tx, post: ToldPost, source: &str) -> Result<()> {
    tell_mentioned(tx, &post, text::mentioned(source)).await?;
    let followers = tell!("select user_id from follows where kind = 'person' and target = $5");
    post.tell(tx, followers, InboxKind::Person, post.author).await
}

/// Tells those who follow a search, since before the post, that the post is a result of it.
pub(crate) async fn tell_of_result(tx: &mut Tx, post: &ToldPost, query: &str) -> Result<()> {
    let followers = tell!(
        "select user_id from followed_searches where query = $5 and created_at <= (select i.time from items \
         i where i.id = $1)"
    );
    post.tell(tx, followers, InboxKind::Search, query).await
}

/// Tells those whom an edit mentions and the text before did not.
pub(crate) async fn tell_of_edit(tx: &mut Tx, post: ToldPost, before: &str, source: &str) -> Result<()> {
    let known = text::mentioned(before);
    let is_new = |name: &String| !known.iter().any(|known| known.eq_ignore_ascii_case(name));
    let names = text::mentioned(source).into_iter().filter(is_new).collect();
    tell_mentioned(tx, &post, names).await
}

async fn tell_mentioned(tx: &mut Tx, post: &ToldPost, names: Vec<String>) -> Result<()> {
    let member = tell!(
        "select id as user_id from users where password is not null and id = coalesce((select id from \
         users where lower(name) = lower($5)), (select h.user_id from held_names h where lower(h.name) = \
         lower($5)))"
    );
    for name in names.into_iter().take(MAX_MENTIONS) {
        post.tell(tx, member, InboxKind::Mention, name).await?;
    }
    Ok(())
}

impl ToldPost {
    /// `who` is bound as `$5`.
    async fn tell<'v>(
        &self,
        tx: &mut Tx,
        query: &'static str,
        kind: InboxKind,
        who: impl Bindable<'v>,
    ) -> Result<()> {
        let times = MailTimes::at(self.at);
        let query = tx.sql(query).bind(self.id).bind(kind).bind(self.at).bind(self.author);
        query.bind(who).bind(times.at_once).bind(times.daily).execute().await?;
        Ok(())
    }
}

/// Puts a notification into its member's inbox, of which a mail tells if `is_mailed`.
pub(crate) async fn tell_of_notification(
    tx: &mut Tx,
    user: UserId,
    notification: i64,
    at: Timestamp,
    is_mailed: bool,
) -> Result<()> {
    let times = is_mailed.then(|| MailTimes::at(at));
    tx.sql(concat!(
        "insert into inbox (user_id, kind, notification_id, created_at, mail_at) select u.id, $2, $3, $4, ",
        mail_at!("$5", "$6"),
        " from users u left join mailboxes b on b.user_id = u.id and b.address is not null where u.id = $1"
    ))
    .bind(user)
    .bind(InboxKind::Notice)
    .bind(notification)
    .bind(at)
    .bind(times.map(|times| times.at_once))
    .bind(times.map(|times| times.daily))
    .execute()
    .await?;
    Ok(())
}

impl Store {
    /// Visible replies to a member, the newest first, as far back as an inbox is kept.
    pub async fn replies_to(&self, user: UserId, rows: i64) -> Result<Vec<Item>> {
        self.read
            .sql(select_item!(
                "join inbox n on n.item_id = i.id where n.user_id = $1 and n.kind = 'reply' \
                 and i.dead is null and i.deleted_at is null order by n.created_at desc, n.id desc limit $2"
            ))
            .bind(user)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// A member's unread rows, newest first: at most 100, of the newest 300.
    pub(crate) async fn unread(&self, user: UserId, now: Timestamp) -> Result<Vec<UnreadRow>> {
        let rows: Vec<UnreadRow> = self
            .read
            .sql(concat!(
                "select n.id, n.item_id, i.root_id from (select id, item_id, created_at from inbox where \
                 user_id = $1 and read_at is null order by created_at desc, id desc limit 300) as n left \
                 join items i on i.id = n.item_id where ",
                visible!("$2"),
                " order by n.created_at desc, n.id desc limit 100"
            ))
            .bind(user)
            .bind(now)
            .fetch_all()
            .await?;
        let seen = self.looks.seen_in_inbox(user);
        let is_seen = |row: &UnreadRow| seen.iter().any(|(at, last)| row.is_shown_at(*at) && row.id <= *last);
        Ok(rows.into_iter().filter(|row| !is_seen(row)).collect())
    }

    /// A member's inbox, newest first; `unread` leaves out what was read.
    pub async fn inbox(
        &self,
        user: UserId,
        unread: bool,
        before: (Timestamp, InboxId),
        rows: i64,
        now: Timestamp,
    ) -> Result<Vec<InboxRow>> {
        let query = if unread { select_inbox!(" and n.read_at is null") } else { select_inbox!("") };
        let query = self.read.sql(query).bind(user).bind(before.0).bind(before.1).bind(rows).bind(now);
        let mut found: Vec<InboxRow> = query.fetch_all().await?;
        let seen = self.looks.seen_in_inbox(user);
        for row in &mut found {
            let is_at = |at: ItemId| row.item_id == Some(at) || row.root_id == Some(at);
            row.unread &= !seen.iter().any(|(at, last)| is_at(*at) && row.id <= *last);
        }
        Ok(found)
    }

    /// Notes that the member saw what their inbox tells up to `last` about this item, or about its thread if
    /// it is a root.
    pub fn see_in_inbox(&self, user: UserId, item: ItemId, last: InboxId, now: Timestamp) {
        self.looks.note_seen(user, item, (last, now));
        self.generations.invalidate(&[Change::Member(user)]);
    }

    /// Fails with `NotFound` if it is not theirs.
    pub async fn mark_read(&self, user: UserId, id: InboxId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql("update inbox set read_at = coalesce(read_at, $3) where id = $2 and user_id = $1")
            .bind(user)
            .bind(id)
            .bind(now)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::NotFound);
        }
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// The newest row of any inbox; 0 if there is none.
    pub async fn last_inbox_row(&self) -> Result<InboxId> {
        self.read.sql("select coalesce(max(id), 0) from inbox").fetch_scalar().await
    }

    /// The newest `rows` rows of all inboxes after `after`, and whose they are.
    pub async fn inbox_rows_after(&self, after: InboxId, rows: i64) -> Result<Vec<(InboxId, UserId)>> {
        let select = "select id, user_id from inbox where id > $1 order by id desc limit $2";
        self.read.sql(select).bind(after).bind(rows).fetch_all().await
    }

    /// Marks everything up to `last` as read; what came later stays unread.
    pub async fn mark_all_read(&self, user: UserId, last: InboxId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        read_all(&mut tx, user, last, now).await?;
        self.commit(tx, &[Change::Member(user)]).await
    }
}

pub(crate) async fn read_all(tx: &mut Tx, user: UserId, last: InboxId, now: Timestamp) -> Result<()> {
    tx.sql("update inbox set read_at = $3 where user_id = $1 and read_at is null and id <= $2")
        .bind(user)
        .bind(last)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// Writes what [`Store::see_in_inbox`] has noted.
pub(crate) async fn read_seen(
    tx: &mut Tx,
    (user, item): (UserId, ItemId),
    (last, now): SeenMark,
) -> Result<()> {
    tx.sql(
        "update inbox set read_at = $4 where user_id = $1 and read_at is null and id <= $3 and item_id in \
         (select id from items where root_id = $2 union all select cast($2 as bigint))",
    )
    .bind(user)
    .bind(item)
    .bind(last)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
