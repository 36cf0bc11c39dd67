//! Reversible actions on an item: locks, notices, second chances.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::domain::text;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, log_and_notify};
use crate::store::{Change, Error, Result, Store, Tx};

/// `with recursive` of item `$1` and its descendants; takes the rest of the statement.
macro_rules! below {
    () => {
        "with recursive below (id) as (select cast($1 as bigint) \
         union all select i.id from below b join items i on i.parent_id = b.id) "
    };
}
pub(crate) use below;

#[derive(sqlx::FromRow)]
pub(crate) struct ItemForAction {
    pub kind: Kind,
    pub author_id: Option<UserId>,
    pub parent_id: Option<ItemId>,
    pub root_id: ItemId,
    pub depth: i64,
    pub locked: bool,
    pub live: bool,
    /// The author is shadow-banned and sees it as live.
    pub shadowed: bool,
    pub merged_into: Option<ItemId>,
    pub detached_from: Option<ItemId>,
}

pub(crate) async fn find(tx: &mut Tx, item: ItemId) -> Result<ItemForAction> {
    tx.sql(
        "select kind, author_id, parent_id, root_id, depth, locked, dead is null and deleted_at is null as \
         live, merged_into, detached_from, coalesce(dead = 'shadow', false) as shadowed \
         from items where id = $1",
    )
    .bind(item)
    .fetch_one()
    .await
}

/// Logs an action and notifies the author. For posts of shadow-banned authors it is private, so as not to
/// reveal the ban.
pub(crate) async fn done(
    tx: &mut Tx,
    item: (ItemId, &ItemForAction),
    action: Action,
    detail: &str,
    act: ActionContext<'_>,
) -> Result<()> {
    let (id, found) = item;
    log_and_notify(
        tx,
        (id, found.author_id),
        LogEntry { detail, private: found.shadowed, ..LogEntry::of(action) },
        act,
    )
    .await
}

impl Store {
    /// Locks or unlocks a thread or a branch; locking removes it from the queue. Fails with `Conflict` if
    /// nothing would change.
    pub async fn lock(&self, item: ItemId, on: bool, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, item).await?;
        if found.locked == on {
            return Err(Error::Conflict);
        }
        // A root's lock applies to the thread; below, each comment stores it, to avoid checking ancestors.
        let lock = if found.kind == Kind::Comment {
            concat!(below!(), "update items set locked = $2 where id in (select id from below)")
        } else {
            "update items set locked = $2 where id = $1"
        };
        tx.sql(lock).bind(item).bind(on).execute().await?;
        if on {
            tx.sql("update items set queued_at = null, queue_reason = null where id = $1")
                .bind(item)
                .execute()
                .await?;
        }
        done(&mut tx, (item, &found), if on { Action::Lock } else { Action::Unlock }, "", act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Sets or removes a thread's notice. Fails with `Conflict` if there is none to remove.
    pub async fn pin(&self, item: ItemId, notice: Option<&str>, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, item).await?;
        let pinned = tx
            .sql("update items set pinned = $2 where id = $1 and (pinned is not null or $2 is not null)")
            .bind(item)
            .bind(notice)
            .execute()
            .await?;
        if pinned == 0 {
            return Err(Error::Conflict);
        }
        let action = if notice.is_some() { Action::Pin } else { Action::Unpin };
        let words = notice.map(|notice| text::excerpt(notice, 200)).unwrap_or_default();
        done(&mut tx, (item, &found), action, &words, act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Sets or resets a story's ranking time. Fails with `Conflict` if it is dead or deleted, or has no
    /// second chance to remove.
    pub async fn give_second_chance(
        &self,
        item: ItemId,
        rank_time: Option<Timestamp>,
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, item).await?;
        let placed = tx
            .sql(
                "update items set rank_time = coalesce($2, time) where id = $1 and dead is null and \
                 deleted_at is null and rank_time <> coalesce($2, time)",
            )
            .bind(item)
            .bind(rank_time)
            .execute()
            .await?;
        if placed == 0 {
            return Err(Error::Conflict);
        }
        let action = if rank_time.is_some() { Action::SecondChance } else { Action::NoSecondChance };
        done(&mut tx, (item, &found), action, "", act).await?;
        self.commit(tx, &[Change::Public]).await
    }
}
