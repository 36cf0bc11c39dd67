//! Acts of moderators on one item that can each be undone: locks, notices, second chances.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::domain::text;
use crate::store::moderation::actions::{ActionContext, LogEntry, done_to};
use crate::store::{Change, Error, Result, Store, Tx};

/// `with recursive` of item `$1` and all that hangs below it; the statement goes on from there.
macro_rules! below {
    () => {
        "with recursive below (id) as (select cast($1 as bigint) \
         union all select i.id from below b join items i on i.parent_id = b.id) "
    };
}
pub(crate) use below;

/// An item as an act finds it.
#[derive(sqlx::FromRow)]
pub(crate) struct ItemForAction {
    pub kind: Kind,
    pub author_id: Option<UserId>,
    pub parent_id: Option<ItemId>,
    pub root_id: ItemId,
    pub depth: i64,
    pub locked: bool,
    pub live: bool,
    /// Of a shadow-banned author, who takes it for live.
    pub shadowed: bool,
    pub merged_into: Option<ItemId>,
    pub came_from: Option<ItemId>,
}

pub(crate) async fn find(tx: &mut Tx, item: ItemId) -> Result<ItemForAction> {
    tx.sql(
        "select kind, author_id, parent_id, root_id, depth, locked, dead is null and deleted_at is null as live, merged_into, came_from, \
         coalesce(dead = 'shadow', false) as shadowed \
         from items where id = $1",
    )
    .bind(item)
    .fetch_one()
    .await
}

/// Records an act on an item, and tells its author, unless they did it themselves. What is done to a post of somebody shadow-banned is for
/// moderators' eyes: others know nothing of the post, and its author is not to learn that it differs from theirs.
pub(crate) async fn done(
    tx: &mut Tx,
    item: (ItemId, &ItemForAction),
    action: Action,
    detail: &str,
    act: ActionContext<'_>,
) -> Result<()> {
    let (id, found) = item;
    done_to(
        tx,
        (id, found.author_id),
        LogEntry { detail, private: found.shadowed, ..LogEntry::of(action) },
        act,
    )
    .await
}

impl Store {
    /// Locks a thread, or a comment with all that answers it, or opens it again. What is locked leaves the queue.
    ///
    /// # Errors
    /// `Conflict` where it is so already.
    pub async fn lock(&self, item: ItemId, on: bool, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, item).await?;
        if found.locked == on {
            return Err(Error::Conflict);
        }
        // A lock on the head holds for its whole thread; below, each comment carries it, so that none has to ask those above.
        let lock = if found.kind == Kind::Comment {
            concat!(below!(), "update items set locked = $2 where id in (select id from below)")
        } else {
            "update items set locked = $2 where id = $1"
        };
        tx.sql(lock).bind(item).bind(on).execute().await?;
        if on {
            tx.sql("update items set queued_at = null, queued_for = null where id = $1")
                .bind(item)
                .execute()
                .await?;
        }
        done(&mut tx, (item, &found), if on { Action::Lock } else { Action::Unlock }, "", act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Pins a notice, in Markdown, above a thread in place of any that is there, or takes it off.
    ///
    /// # Errors
    /// `Conflict` where there is none to take off.
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

    /// Lets a story rank as if it were from `rank_time`, or with none from when it was submitted.
    ///
    /// # Errors
    /// `Conflict` where it is dead or deleted, or has no second chance to lose.
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
                "update items set rank_time = coalesce($2, time) where id = $1 and dead is null and deleted_at is null \
             and rank_time <> coalesce($2, time)",
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
