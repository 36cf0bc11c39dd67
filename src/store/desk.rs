//! What the moderators' desk shows.

use sqlx::QueryBuilder;

use super::items::select_item;
use super::{Page, Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::{Item, ItemId};
use crate::domain::user::UserId;

/// An item with what moderators know of its author.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Queued {
    pub id: ItemId,
    /// Since when it waits for a moderator.
    pub queued_at: Option<Timestamp>,
    /// Why a rule put it there; none where members' flags did.
    pub queued_for: Option<String>,
    /// Its author's karma, and how many of their last posts are dead; none where nobody is known as its author.
    pub karma: Option<i64>,
    pub dead: i64,
}

/// The items of a condition, each as [`Queued`].
macro_rules! select_queued {
    ($which:literal) => {
        concat!(
            "select i.id, i.queued_at, i.queued_for, u.karma, \
             (select count(*) from (select s.dead from items s where s.author_id = i.author_id \
              and s.kind in ('story', 'job', 'poll') order by s.time desc, s.id desc limit 50) as last_stories where dead is not null) \
             + (select count(*) from (select c.dead from items c where c.author_id = i.author_id \
              and c.kind = 'comment' order by c.time desc, c.id desc limit 50) as last_comments where dead is not null) as dead \
             from items i left join users u on u.id = i.author_id where ",
            $which
        )
    };
}

impl Store {
    /// What waits for a moderator, latest first.
    pub async fn queue(&self, page: Page) -> Result<Vec<Queued>> {
        Ok(sqlx::query_as(select_queued!(
            "i.queued_at is not null and (i.queued_at, i.id) < ($1, $2) order by i.queued_at desc, i.id desc limit $3"
        ))
        .bind(page.before.0)
        .bind(page.before.1)
        .bind(page.rows)
        .fetch_all(&self.read)
        .await?)
    }

    /// One item, whether it waits or not.
    pub async fn queued(&self, item: ItemId) -> Result<Queued> {
        Ok(sqlx::query_as(select_queued!("i.id = $1")).bind(item).fetch_one(&self.read).await?)
    }
}

/// A story that was merged into another.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Duplicate {
    pub id: ItemId,
    pub title: Option<String>,
}

/// A new account, with the ids of its first posts.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct NewAccount {
    pub id: UserId,
    pub name: String,
    pub created: Timestamp,
    pub karma: i64,
    pub inviter: Option<String>,
    pub inviter_shadowed: bool,
}

impl Store {
    /// Where a comment stood before a moderator moved it.
    pub async fn came_from(&self, item: ItemId) -> Result<Option<ItemId>> {
        Ok(sqlx::query_scalar("select came_from from items where id = $1").bind(item).fetch_one(&self.read).await?)
    }

    /// The stories that were merged into one.
    pub async fn duplicates(&self, into: ItemId) -> Result<Vec<Duplicate>> {
        Ok(sqlx::query_as("select id, title from items where merged_into = $1 limit 50")
            .bind(into)
            .fetch_all(&self.read)
            .await?)
    }

    /// The newest members' accounts that people made here, from before a moment and an id.
    pub async fn newest_accounts(&self, before: (Timestamp, UserId), rows: i64) -> Result<Vec<NewAccount>> {
        Ok(sqlx::query_as(
            "select u.id, u.name, u.created, u.karma, i.name as inviter, i.shadowed_at is not null as inviter_shadowed \
             from users u left join users i on i.id = u.invited_by \
             where u.source is null and u.role = 'member' and (u.created, u.id) < ($1, $2) \
             order by u.created desc, u.id desc limit $3",
        )
        .bind(before.0)
        .bind(before.1)
        .bind(rows)
        .fetch_all(&self.read)
        .await?)
    }

    /// The first three stories and the first three comments of each of these people, in no order.
    pub async fn first_posts(&self, people: &[UserId]) -> Result<Vec<Item>> {
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::new(
            "with first (id) as (select p.id from users u join items p on p.id in (select s.id from items s \
             where s.author_id = u.id and s.kind in ('story', 'job', 'poll') order by s.time, s.id limit 3) \
             or p.id in (select c.id from items c where c.author_id = u.id and c.kind = 'comment' order by c.time, c.id limit 3) \
             where u.id in (",
        );
        let mut list = query.separated(", ");
        for person in people {
            list.push_bind(*person);
        }
        query.push(")) ").push(select_item!("where i.id in (select id from first)"));
        Ok(query.build_query_as().fetch_all(&self.read).await?)
    }
}
