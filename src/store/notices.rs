//! What moderation has told a member; it stands among their replies.

use super::{Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::ItemId;
use crate::domain::user::UserId;

/// One thing that a member was told.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Notice {
    pub id: i64,
    pub at: Timestamp,
    /// The act that it tells of, as the log names it.
    pub act: String,
    /// The item that it is about, if it is about one.
    pub item_id: Option<ItemId>,
    /// A plain sentence.
    pub text: String,
}

impl Store {
    /// What `user` was told, newest first, from before a moment and an id.
    pub async fn notices(&self, user: UserId, before: (Timestamp, i64), rows: i64) -> Result<Vec<Notice>> {
        self.read
            .sql(
                "select id, at, act, item_id, text from notices where user_id = $1 and (at, id) < ($2, $3) \
             order by at desc, id desc limit $4",
            )
            .bind(user)
            .bind(before.0)
            .bind(before.1)
            .bind(rows)
            .fetch_all()
            .await
    }
}
