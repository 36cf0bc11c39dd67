//! What moderators judge by: the queue, duplicates and new accounts.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::store::items::rows::select_item;
use crate::store::{ItemCursor, Result, Store};

/// People per statement, of two selects each, within SQLite's limit of 500.
const PEOPLE: usize = 100;

/// Upper limit of the number of queued items.
const COUNTED_ITEMS: i64 = 10_000;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Queued {
    pub id: ItemId,
    pub queued_at: Option<Timestamp>,
    /// The matching rule; `None` if queued by flags.
    pub queue_reason: Option<String>,
    /// The author's karma and number of dead recent posts, if known.
    pub karma: Option<i64>,
    pub dead: i64,
}

/// `select` of [`Queued`] items by a condition.
macro_rules! select_queued {
    ($which:literal) => {
        concat!(
            "select i.id, i.queued_at, i.queue_reason, u.karma, \
             (select count(*) from (select s.dead from items s where s.author_id = i.author_id \
              and s.kind in ('story', 'job', 'poll') order by s.time desc, s.id desc limit 50) as \
             last_stories where dead <> 'held') \
             + (select count(*) from (select c.dead from items c where c.author_id = i.author_id \
              and c.kind = 'comment' order by c.time desc, c.id desc limit 50) as last_comments where dead \
             <> 'held') as dead from items i left join users u on u.id = i.author_id where ",
            $which
        )
    };
}

impl Store {
    pub async fn queue(&self, page: ItemCursor) -> Result<Vec<Queued>> {
        self.read.sql(select_queued!(
            "i.queued_at is not null and (i.queued_at, i.id) < ($1, $2) order by i.queued_at desc, i.id desc \
             limit $3"
        ))
        .bind(page.before.0)
        .bind(page.before.1)
        .bind(page.rows)
        .fetch_all()
        .await
    }

    /// Up to [`COUNTED_ITEMS`].
    pub async fn queue_size(&self) -> Result<i64> {
        let select =
            "select count(*) from (select 1 from items where queued_at is not null limit $1) as queued_items";
        self.read.sql(select).bind(COUNTED_ITEMS).fetch_scalar().await
    }

    pub async fn queued(&self, item: ItemId) -> Result<Queued> {
        self.read.sql(select_queued!("i.id = $1")).bind(item).fetch_one().await
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Duplicate {
    pub id: ItemId,
    pub title: Option<String>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct NewAccount {
    pub id: UserId,
    pub name: String,
    pub created_at: Timestamp,
    pub karma: i64,
    pub inviter: Option<String>,
    pub inviter_shadowed: bool,
}

impl Store {
    pub async fn detached_from(&self, item: ItemId) -> Result<Option<ItemId>> {
        self.read.sql("select detached_from from items where id = $1").bind(item).fetch_scalar().await
    }

    pub async fn duplicates(&self, into: ItemId) -> Result<Vec<Duplicate>> {
        self.read
            .sql("select id, title from items where merged_into = $1 limit 50")
            .bind(into)
            .fetch_all()
            .await
    }

    /// Excludes accounts created by an import.
    pub async fn newest_accounts(&self, before: (Timestamp, UserId), rows: i64) -> Result<Vec<NewAccount>> {
        self.read
            .sql(
                "select u.id, u.name, u.created_at, u.karma, i.name as inviter, i.shadow_banned_at is not \
                 null as \
             inviter_shadowed from users u left join users i on i.id = u.invited_by \
             where u.source is null and u.role = 'member' and (u.created_at, u.id) < ($1, $2) \
             order by u.created_at desc, u.id desc limit $3",
            )
            .bind(before.0)
            .bind(before.1)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// The first three stories and comments of each user, in no particular order.
    pub async fn first_posts(&self, people: &[UserId]) -> Result<Vec<Item>> {
        let mut posts = Vec::new();
        for people in people.chunks(PEOPLE) {
            let mut query = self.read.sql("with first (id) as (");
            for (at, person) in people.iter().enumerate() {
                query = query
                    .push(if at > 0 { " union all " } else { "" })
                    .push("select id from (select s.id from items s where s.author_id = ")
                    .push_bind(*person)
                    .push(
                        " and s.kind in ('story', 'job', 'poll') order by s.time, s.id limit 3) as \
                         first_stories union all select id from (select c.id from items c where c.author_id \
                         = ",
                    )
                    .push_bind(*person)
                    .push(" and c.kind = 'comment' order by c.time, c.id limit 3) as first_comments");
            }
            let query = query.push(") ").push(select_item!("where i.id in (select id from first)"));
            posts.extend(query.once().fetch_all::<Item>().await?);
        }
        Ok(posts)
    }
}
