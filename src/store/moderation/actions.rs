//! Kills and revisions.

use crate::clock::Timestamp;
use crate::domain::items::item::{DeadReason, ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::domain::notification::DEAD_ALREADY;
use crate::domain::votes::flag::FlagEffect;
use crate::store::items::rows::adjust_comment_counts;
use crate::store::moderation::approvals;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, PostRef, log_and_notify};
use crate::store::moderation::sites;
use crate::store::votes::flags;
use crate::store::{Change, Error, Result, Store, Tx};

/// The item before an edit or its deletion.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Revision {
    pub created_at: Timestamp,
    pub editor: String,
    pub title: Option<String>,
    pub url: Option<String>,
    pub text: String,
}

impl Store {
    pub async fn revisions(&self, item: ItemId) -> Result<Vec<Revision>> {
        self.read.sql(
            "select r.created_at, u.name as editor, r.title, r.url, r.text from revisions r join users u on \
             u.id = \
             r.editor_id where r.item_id = $1 order by r.created_at desc",
        )
        .bind(item)
        .fetch_all()
        .await
    }

    /// Kills or restores an item, upholding or rejecting its flags. Killing what flags killed makes it a
    /// moderator's decision, which vouches cannot reverse. Fails with `Conflict` if nothing would change.
    pub async fn kill(&self, item: ItemId, on: bool, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let declined = if on { None } else { approvals::publish_declined(&mut tx, item, act.at).await? };
        let (post, entry) = match declined {
            Some(post) => (post, LogEntry::of(Action::Unkill)),
            None => set_killed(&mut tx, item, on).await?,
        };
        log_and_notify(&mut tx, post, entry, act).await?;
        self.commit(tx, &[Change::Public]).await
    }
}

/// [`Store::kill`] without the log entry, which it returns with the author.
pub(crate) async fn set_killed(tx: &mut Tx, item: ItemId, on: bool) -> Result<(PostRef, LogEntry<'static>)> {
    let before = flags::subject(tx, item).await?;
    let dead = before.dead.is_some();
    let is_so = if on {
        before.is_killed_by_hand() || matches!(before.dead, Some(DeadReason::Shadow | DeadReason::Merged))
    } else {
        !dead || before.dead == Some(DeadReason::Merged)
    };
    let is_unpublished = matches!(before.dead, Some(DeadReason::Held | DeadReason::Declined));
    if is_so || is_unpublished {
        return Err(Error::Conflict);
    }
    tx.sql("update items set dead = $2, queued_at = null, queue_reason = null where id = $1")
        .bind(item)
        .bind(on.then_some(DeadReason::Killed))
        .execute()
        .await?;
    tx.item_changes(item);
    if before.kind == Kind::Comment && !before.deleted && dead != on {
        adjust_comment_counts(tx, before.root_id, if on { -1 } else { 1 }).await?;
    }
    if !on {
        sites::weigh_story(tx, item).await?;
    }
    flags::decide(tx, item, if on { FlagEffect::Upheld } else { FlagEffect::Rejected }).await?;
    // Shadow-banned authors see it as live and must not learn otherwise.
    let private = before.dead == Some(DeadReason::Shadow);
    let detail = if on && dead { DEAD_ALREADY } else { "" };
    let entry = LogEntry { private, detail, ..LogEntry::of(if on { Action::Kill } else { Action::Unkill }) };
    Ok(((item, before.author_id), entry))
}
