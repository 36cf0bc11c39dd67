use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::mail::content::SecurityEvent;
use crate::domain::notification::Notification;
use crate::store::accounts::inbox;
use crate::store::mail::security::security_mail;
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

/// Tells a member in their inbox, and by mail: at once if it is about the security of their account, else as
/// they want what is in the inbox.
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
    let event = SecurityEvent::of_action(entry.action);
    inbox::tell_of_notification(tx, user, id, act.at, event.is_none()).await?;
    match event {
        Some(event) => security_mail(tx, user, event, act.at).await,
        None => Ok(()),
    }
}
