//! Moving comments: merging duplicates, and detaching branches. After each transaction depths, roots and
//! visible counts are consistent.

use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::store::moderation::item_actions::{ItemForAction, below, done, find};
use crate::store::moderation::log_entry::ActionContext;
use crate::store::moderation::sites;
use crate::store::{Change, Error, Result, Store, Tx};

impl Store {
    /// Merges a duplicate: its comments move, its URL redirects, its votes stay. Fails with `Conflict` if
    /// either is dead, deleted or merged.
    pub async fn merge(&self, item: ItemId, into: ItemId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let (found, target) = (find(&mut tx, item).await?, find(&mut tx, into).await?);
        if item == into || !found.live || !target.live || !found.kind.is_root() || !target.kind.is_root() {
            return Err(Error::Conflict);
        }
        // The original parent is stored once, to undo the merge.
        tx.sql(
            "update items set detached_from = coalesce(detached_from, parent_id) where parent_id = $1 and \
             kind = \
                'comment'",
        )
        .bind(item)
        .execute()
        .await?;
        tx.sql("update items set parent_id = $2 where parent_id = $1 and kind = 'comment'")
            .bind(item)
            .bind(into)
            .execute()
            .await?;
        let move_comments =
            "update items set root_id = $2 where root_id = $1 and kind = 'comment' returning id";
        let moved: Vec<ItemId> = tx.sql(move_comments).bind(item).bind(into).fetch_scalars().await?;
        moved.into_iter().for_each(|id| tx.item_changes(id));
        // Earlier merges are redirected too, to avoid redirect chains.
        tx.sql("update items set merged_into = $2 where merged_into = $1")
            .bind(item)
            .bind(into)
            .execute()
            .await?;
        tx.sql(
            "update items set dead = 'merged', merged_into = $2, queued_at = null, queue_reason = null \
                where id = $1",
        )
        .bind(item)
        .bind(into)
        .execute()
        .await?;
        recount_comments(&mut tx, item).await?;
        recount_comments(&mut tx, into).await?;
        tx.item_changes(item);
        done(&mut tx, (item, &found), Action::Merge, &format!("into item {into}"), act).await?;
        self.commit(tx, &[Change::Moved]).await
    }

    /// Undoes a merge, with the replies written since. Fails with `Conflict` if it is not merged.
    pub async fn unmerge(&self, item: ItemId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, item).await?;
        let Some(from) = found.merged_into else { return Err(Error::Conflict) };
        tx.sql("update items set dead = null, merged_into = null where id = $1").bind(item).execute().await?;
        sites::weigh_story(&mut tx, item).await?;
        // Comments detached from those that move back follow them.
        loop {
            let moved = tx
                .sql(
                    "update items set parent_id = $1, detached_from = nullif(detached_from, $1) \
                 where parent_id = $2 and kind = 'comment' and detached_from in (select o.id from items o \
                     where \
                 o.root_id = $1)",
                )
                .bind(item)
                .bind(from)
                .execute()
                .await?;
            if moved == 0 {
                break;
            }
            let move_back = concat!(
                below!(),
                "update items set root_id = $1 where id in (select id from below) returning id"
            );
            let moved: Vec<ItemId> = tx.sql(move_back).bind(item).fetch_scalars().await?;
            moved.into_iter().for_each(|id| tx.item_changes(id));
        }
        recount_comments(&mut tx, item).await?;
        recount_comments(&mut tx, from).await?;
        tx.item_changes(item);
        done(&mut tx, (item, &found), Action::Unmerge, &format!("from item {from}"), act).await?;
        self.commit(tx, &[Change::Moved]).await
    }

    /// Moves a comment with its replies to the top level. Fails with `Conflict` if it is there already.
    pub async fn detach(&self, item: ItemId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, item).await?;
        let Some(above) = found.parent_id.filter(|parent| *parent != found.root_id) else {
            return Err(Error::Conflict);
        };
        place_under(&mut tx, item, &found, found.root_id, Some(above)).await?;
        done(&mut tx, (item, &found), Action::Detach, &format!("from below comment {above}"), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Undoes [`Store::detach`]. Fails with `Conflict` if it was not detached, or its former parent is now in
    /// another thread.
    pub async fn reattach(&self, item: ItemId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let found = find(&mut tx, item).await?;
        let Some(to) = found.detached_from else { return Err(Error::Conflict) };
        let above = find(&mut tx, to).await?;
        if above.kind != Kind::Comment || above.root_id != found.root_id {
            return Err(Error::Conflict);
        }
        place_under(&mut tx, item, &found, to, None).await?;
        done(&mut tx, (item, &found), Action::Reattach, &format!("below comment {to}"), act).await?;
        self.commit(tx, &[Change::Public]).await
    }
}

/// Changes a comment's parent and the depths below it; `detached_from` is its former parent.
async fn place_under(
    tx: &mut Tx,
    item: ItemId,
    found: &ItemForAction,
    parent: ItemId,
    detached_from: Option<ItemId>,
) -> Result<()> {
    let above = find(tx, parent).await?;
    tx.sql("update items set parent_id = $2, detached_from = $3 where id = $1")
        .bind(item)
        .bind(parent)
        .bind(detached_from)
        .execute()
        .await?;
    tx.sql(concat!(below!(), "update items set depth = depth + $2 where id in (select id from below)"))
        .bind(item)
        .bind(above.depth.saturating_add(1).saturating_sub(found.depth))
        .execute()
        .await?;
    Ok(())
}

async fn recount_comments(tx: &mut Tx, root: ItemId) -> Result<()> {
    tx.sql(
        "update items set descendants = (select count(*) from items c where c.root_id = $1 and c.kind = \
         'comment' and c.dead is null and c.deleted_at is null) where id = $1",
    )
    .bind(root)
    .execute()
    .await?;
    Ok(())
}
