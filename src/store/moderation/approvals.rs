//! Posts that wait for a moderator before they are published. What one moderator decides at one moment is one
//! decision, and is undone as one.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::store::accounts::inbox::{self, ToldPost};
use crate::store::items::rows::adjust_comment_counts;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, log_and_notify};
use crate::store::moderation::sites;
use crate::store::{Change, Result, Store, Tx};

/// Posts that one decision may be about.
pub const MAX_DECIDED: usize = 100;

#[derive(sqlx::FromRow)]
struct HeldPost {
    id: ItemId,
    kind: Kind,
    root_id: ItemId,
    author_id: Option<UserId>,
    /// The author of what it answers.
    answered: Option<UserId>,
    text: String,
}

impl Store {
    /// How many posts of `author` are published, counted up to `most`.
    pub async fn published_posts(&self, author: UserId, most: i64) -> Result<i64> {
        self.read
            .sql(
                "select (select count(*) from (select 1 from items where author_id = $1 and kind in \
                 ('story', 'job', 'poll') and dead is null and deleted_at is null limit $2) as counted) + \
                 (select count(*) from (select 1 from items where author_id = $1 and kind = 'comment' and \
                 dead is null and deleted_at is null limit $2) as counted)",
            )
            .bind(author)
            .bind(most)
            .fetch_scalar()
            .await
    }

    /// Publishes held posts, or declines them. Skips those that wait no longer or are of another version than
    /// the one that was seen; returns how many were decided. A post is published as if it had been written
    /// now.
    pub async fn decide_held(
        &self,
        items: &[(ItemId, i64)],
        approve: bool,
        act: ActionContext<'_>,
    ) -> Result<usize> {
        let mut tx = self.begin().await?;
        let mut decided: usize = 0;
        for (item, version) in items.iter().take(MAX_DECIDED) {
            let Some(post) = waiting_post(&mut tx, *item, *version).await? else { continue };
            if approve {
                publish(&mut tx, &post, act.at).await?;
            } else {
                let decline =
                    "update items set dead = 'killed', queued_at = null, queue_reason = null where id = $1";
                tx.sql(decline).bind(post.id).execute().await?;
            }
            let action = if approve { Action::Approve } else { Action::DeclinePost };
            log_and_notify(&mut tx, (post.id, post.author_id), LogEntry::of(action), act).await?;
            decided = decided.saturating_add(1);
        }
        if decided > 0 {
            self.commit(tx, &[Change::Public]).await?;
        }
        Ok(decided)
    }

    /// Puts back into the queue what the actor approved or declined at a moment, unless it has changed since;
    /// returns how many posts.
    pub async fn undo_decision(&self, decided_at: Timestamp, act: ActionContext<'_>) -> Result<usize> {
        let mut tx = self.begin().await?;
        let posts: Vec<(ItemId, Option<UserId>, Action)> = tx
            .sql(
                "select i.id, i.author_id, m.action from moderation_log m join items i on i.id = m.item_id \
                 where m.action in ('approve', 'decline-post') and m.actor_id = $1 and m.created_at = $2 and \
                 i.deleted_at is null and ((m.action = 'approve' and i.dead is null) or (m.action = \
                 'decline-post' and i.dead = 'killed')) and not exists (select 1 from moderation_log later \
                 where later.item_id = i.id and later.id > m.id) limit 100",
            )
            .bind(act.actor)
            .bind(decided_at)
            .fetch_all()
            .await?;
        for (item, author, action) in &posts {
            if *action == Action::DeclinePost {
                tx.sql("update items set dead = null where id = $1").bind(*item).execute().await?;
                let root: (Kind, ItemId) =
                    tx.sql("select kind, root_id from items where id = $1").bind(*item).fetch_one().await?;
                if root.0 == Kind::Comment {
                    adjust_comment_counts(&mut tx, root.1, 1).await?;
                }
            }
            hold(&mut tx, *item, "a moderator put it back", act.at).await?;
            log_and_notify(&mut tx, (*item, *author), LogEntry::of(Action::Hold), act).await?;
        }
        if !posts.is_empty() {
            self.commit(tx, &[Change::Public]).await?;
        }
        Ok(posts.len())
    }
}

async fn waiting_post(tx: &mut Tx, item: ItemId, version: i64) -> Result<Option<HeldPost>> {
    tx.sql(
        "select i.id, i.kind, i.root_id, i.author_id, p.author_id as answered, i.text from items i left join \
         items p on p.id = i.parent_id where i.id = $1 and i.version = $2 and i.dead = 'held' and \
         i.deleted_at is null",
    )
    .bind(item)
    .bind(version)
    .fetch_optional()
    .await
}

async fn publish(tx: &mut Tx, post: &HeldPost, now: Timestamp) -> Result<()> {
    tx.sql(
        "update items set dead = null, queued_at = null, queue_reason = null, time = $2, rank_time = $2, \
         visible_at = $2 where id = $1",
    )
    .bind(post.id)
    .bind(now)
    .execute()
    .await?;
    let told = ToldPost { id: post.id, author: post.author_id, at: now };
    if post.kind == Kind::Comment {
        adjust_comment_counts(tx, post.root_id, 1).await?;
        inbox::tell_of_comment(tx, told, post.answered, post.root_id, &post.text).await
    } else {
        sites::weigh_story(tx, post.id).await?;
        inbox::tell_of_story(tx, told, &post.text).await
    }
}

/// Withholds a live post until a moderator approves it.
pub(crate) async fn hold(tx: &mut Tx, id: ItemId, why: &str, now: Timestamp) -> Result<()> {
    let held: Option<(Kind, ItemId)> = tx
        .sql(
            "update items set dead = 'held', queued_at = $2, queue_reason = $3 where id = $1 and dead is \
             null and deleted_at is null returning kind, root_id",
        )
        .bind(id)
        .bind(now)
        .bind(why)
        .fetch_optional()
        .await?;
    let Some((kind, root)) = held else { return Ok(()) };
    if kind == Kind::Comment {
        adjust_comment_counts(tx, root, -1).await?;
    }
    Ok(())
}
