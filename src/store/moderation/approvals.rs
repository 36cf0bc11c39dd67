//! Posts that wait for a moderator before they are published. What one moderator decides at one moment is one
//! decision, and is undone as one.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{DeadReason, ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::store::accounts::inbox::{self, ToldPost};
use crate::store::items::rows::adjust_comment_counts;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, PostRef, log_and_notify};
use crate::store::moderation::sites;
use crate::store::{Change, Result, Store, Tx};

/// Posts that one decision may be about.
pub const MAX_DECIDED: usize = 100;

#[derive(sqlx::FromRow)]
struct UnpublishedPost {
    id: ItemId,
    kind: Kind,
    root_id: ItemId,
    author_id: Option<UserId>,
    /// The author of what it answers.
    answered: Option<UserId>,
    text: String,
    version: i64,
    dead: DeadReason,
}

impl Store {
    /// How many posts the actor approved or declined at a moment.
    pub async fn decided_at(&self, actor: UserId, action: Action, at: Timestamp) -> Result<i64> {
        let count =
            "select count(*) from moderation_log where actor_id = $1 and action = $2 and created_at = $3";
        self.read.sql(count).bind(actor).bind(action).bind(at).fetch_scalar().await
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
            let Some(post) = unpublished(&mut tx, *item).await? else { continue };
            if post.dead != DeadReason::Held || post.version != *version {
                continue;
            }
            if approve {
                publish(&mut tx, &post, act.at).await?;
            } else {
                let decline =
                    "update items set dead = 'declined', queued_at = null, queue_reason = null where id = $1";
                tx.sql(decline).bind(post.id).execute().await?;
                tx.item_changes(post.id);
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

    /// Puts back into the queue what the actor approved or declined at a moment; returns how many posts. What
    /// was decided on since, or has replies by now, stays as it is.
    pub async fn undo_decision(
        &self,
        decided_at: Timestamp,
        approved: bool,
        act: ActionContext<'_>,
    ) -> Result<usize> {
        let mut tx = self.begin().await?;
        let (action, dead) = if approved { (Action::Approve, "") } else { (Action::DeclinePost, "declined") };
        let posts: Vec<PostRef> = tx
            .sql(
                "select i.id, i.author_id from moderation_log m join items i on i.id = m.item_id where \
                 m.action = $1 and m.actor_id = $2 and m.created_at = $3 and i.deleted_at is null and \
                 coalesce(i.dead, '') = $4 and not exists (select 1 from moderation_log later where \
                 later.item_id = i.id and later.id > m.id) and not exists (select 1 from items c where \
                 c.parent_id = i.id) limit $5",
            )
            .bind(action)
            .bind(act.actor)
            .bind(decided_at)
            .bind(dead)
            .bind(i64::try_from(MAX_DECIDED).unwrap_or(i64::MAX))
            .fetch_all()
            .await?;
        for post in &posts {
            withhold(&mut tx, post.0, "a moderator put it back", act.at).await?;
            log_and_notify(&mut tx, *post, LogEntry::of(Action::Hold), act).await?;
        }
        if !posts.is_empty() {
            self.commit(tx, &[Change::Public]).await?;
        }
        Ok(posts.len())
    }
}

async fn unpublished(tx: &mut Tx, item: ItemId) -> Result<Option<UnpublishedPost>> {
    tx.sql(
        "select i.id, i.kind, i.root_id, i.author_id, p.author_id as answered, i.text, i.version, i.dead \
         from items i left join items p on p.id = i.parent_id where i.id = $1 and i.dead in ('held', \
         'declined') and i.deleted_at is null",
    )
    .bind(item)
    .fetch_optional()
    .await
}

/// Publishes a post if it was declined.
pub(super) async fn publish_declined(tx: &mut Tx, item: ItemId, now: Timestamp) -> Result<Option<PostRef>> {
    match unpublished(tx, item).await?.filter(|post| post.dead == DeadReason::Declined) {
        Some(post) => publish(tx, &post, now).await.map(|()| Some((post.id, post.author_id))),
        None => Ok(None),
    }
}

async fn publish(tx: &mut Tx, post: &UnpublishedPost, now: Timestamp) -> Result<()> {
    tx.sql(
        "update items set dead = null, queued_at = null, queue_reason = null, time = $2, rank_time = $2, \
         visible_at = $2 where id = $1",
    )
    .bind(post.id)
    .bind(now)
    .execute()
    .await?;
    tx.item_changes(post.id);
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
    let is_live = tx.sql("select 1 from items where id = $1 and dead is null and deleted_at is null");
    if is_live.bind(id).exists().await? { withhold(tx, id, why, now).await } else { Ok(()) }
}

/// The same of a live post, or of one that was declined.
async fn withhold(tx: &mut Tx, id: ItemId, why: &str, now: Timestamp) -> Result<()> {
    let before = "select kind, root_id, dead is null from items where id = $1";
    let (kind, root, was_live): (Kind, ItemId, bool) = tx.sql(before).bind(id).fetch_one().await?;
    tx.sql("update items set dead = 'held', queued_at = $2, queue_reason = $3 where id = $1")
        .bind(id)
        .bind(now)
        .bind(why)
        .execute()
        .await?;
    tx.item_changes(id);
    if kind == Kind::Comment && was_live {
        adjust_comment_counts(tx, root, -1).await?;
    }
    Ok(())
}
