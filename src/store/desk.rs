//! What the moderators' desk shows.

use super::{Page, Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::ItemId;

/// An item that waits for a moderator.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Queued {
    pub id: ItemId,
    pub queued_at: Timestamp,
    /// Why a rule put it there; none where members' flags did.
    pub queued_for: Option<String>,
    /// Its author's karma, and how many of their last posts are dead; none where nobody is known as its author.
    pub karma: Option<i64>,
    pub dead: i64,
}

impl Store {
    /// What waits for a moderator, latest first.
    pub async fn queue(&self, page: Page) -> Result<Vec<Queued>> {
        Ok(sqlx::query_as(
            "select i.id, i.queued_at, i.queued_for, u.karma, \
             (select count(*) from (select s.dead from items s where s.author_id = i.author_id \
              and s.kind in ('story', 'job', 'poll') order by s.time desc, s.id desc limit 50) as last_stories where dead is not null) \
             + (select count(*) from (select c.dead from items c where c.author_id = i.author_id \
              and c.kind = 'comment' order by c.time desc, c.id desc limit 50) as last_comments where dead is not null) as dead \
             from items i left join users u on u.id = i.author_id \
             where i.queued_at is not null and (i.queued_at, i.id) < ($1, $2) order by i.queued_at desc, i.id desc limit $3",
        )
        .bind(page.before.0)
        .bind(page.before.1)
        .bind(page.rows)
        .fetch_all(&self.read)
        .await?)
    }
}
