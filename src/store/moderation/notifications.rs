use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::notification::Notification;
use crate::store::accounts::inbox;
use crate::store::moderation::log_entry::{ActionContext, LogEntry};
use crate::store::{Result, Store, Tx};

/// What a notification has beyond the log entry.
#[derive(Clone, Copy, Default)]
pub(crate) struct Terms<'a> {
    pub detail: &'a str,
    /// When it expires.
    pub until: Option<Timestamp>,
    /// How many of their posts it affected.
    pub posts: usize,
}

impl Store {
    /// In no particular order.
    pub async fn notifications(&self, ids: &[i64]) -> Result<Vec<Notification>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = self.read.sql(
            "select id, user_id, created_at, action, item_id, actor_id, reason, detail, until, posts from \
             notifications where id in ",
        );
        query.list(ids).fetch_all().await
    }
}

pub(crate) async fn notify(
    tx: &mut Tx,
    user: UserId,
    entry: LogEntry<'_>,
    terms: Terms<'_>,
    act: ActionContext<'_>,
) -> Result<()> {
    let id = tx.sql(
        "insert into notifications (user_id, created_at, action, item_id, actor_id, reason, detail, until, \
         posts) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
    )
    .bind(user)
    .bind(act.at)
    .bind(entry.action)
    .bind(entry.item)
    .bind(act.actor)
    .bind(act.reason)
    .bind(terms.detail)
    .bind(terms.until)
    .bind(i64::try_from(terms.posts).unwrap_or(i64::MAX))
    .fetch_scalar()
    .await?;
    inbox::tell_of_notification(tx, user, id, act.at).await
}
