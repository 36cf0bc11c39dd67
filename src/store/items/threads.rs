//! What a member's visits, votes and lists mark in threads.

use std::collections::HashMap;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::votes::vote::{Direction, Vote};
use crate::store::items::rows::select_item;
use crate::store::{Change, Result, Store};

/// Idle seconds that end a visit, so that a reload keeps the marks of new comments.
const VISIT: i64 = 30 * MINUTE;

/// How often an unchanged visit is refreshed.
const VISIT_NOTED: i64 = 10 * MINUTE;

#[derive(Debug, Clone, Default)]
pub struct Marks {
    pub votes: HashMap<ItemId, Vote>,
    pub saved: Vec<ItemId>,
    pub hidden: Vec<ItemId>,
    /// In a thread, its root if the member follows it.
    pub followed: Option<ItemId>,
    /// New comments per thread since the last visit; absent if never visited.
    pub unseen: HashMap<ItemId, i64>,
    /// The member's own comments per thread that a shadow-ban hides from others.
    pub own_shadowed_comments: HashMap<ItemId, i64>,
}

#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// Comments after this are new; `None` on a first visit.
    pub since: Option<Timestamp>,
    pub last: Timestamp,
}

impl Visit {
    /// Whether the record is current enough to skip a write.
    pub fn holds(&self, newest: Timestamp, now: Timestamp) -> bool {
        newest <= self.last && (0..VISIT_NOTED).contains(&now.since(self.last))
    }
}

#[derive(sqlx::FromRow)]
struct MarkRow {
    id: ItemId,
    dir: Option<i64>,
    created_at: Option<Timestamp>,
    own: Option<bool>,
    counted: Option<bool>,
    saved: bool,
    hidden: bool,
    followed: bool,
    unseen: Option<i64>,
    own_shadowed_comments: Option<i64>,
}

/// Number of comments in the thread `$root` since `$since` by others than `$user`.
macro_rules! unseen {
    ($root:literal, $since:literal) => {
        concat!(
            "select count(*) from items c where c.root_id = ",
            $root,
            " and c.visible_at > ",
            $since,
            " and c.kind = 'comment' and c.dead is null and c.deleted_at is null and c.author_id is distinct \
             from "
        )
    };
}

/// Number of `$user`'s own comments in the thread `$root` that a shadow-ban hides from others.
macro_rules! own_shadowed_comments {
    ($root:literal) => {
        concat!(
            "select count(*) from items o where o.root_id = ",
            $root,
            " and o.kind = 'comment' and o.dead = 'shadow' and o.deleted_at is null and o.author_id = "
        )
    };
}

impl Store {
    /// All items of a thread, root included, in no particular order.
    pub async fn thread(&self, root: ItemId) -> Result<Vec<Item>> {
        self.read.sql(select_item!("where i.root_id = $1")).bind(root).fetch_all().await
    }

    /// The newest `rows` comments of a thread that everybody has been able to see since after `since`, newest
    /// first.
    pub async fn comments_since(&self, root: ItemId, since: Timestamp, rows: i64) -> Result<Vec<Item>> {
        self.read
            .sql(select_item!(
                "where i.root_id = $1 and i.visible_at > $2 and i.kind = 'comment' and i.dead is null and \
             i.deleted_at is null order by i.visible_at desc, i.id desc limit $3"
            ))
            .bind(root)
            .bind(since)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// Up to ten earlier live stories of the same URL, newest first.
    pub async fn same_url(&self, id: ItemId) -> Result<Vec<Item>> {
        self.read.sql(select_item!(
            "where i.url_key = (select url_key from items where id = $1) and i.id <> $1 and i.dead is null \
             and i.deleted_at is null and i.time <= (select time from items where id = $1) order by i.time \
             desc limit 10"
        ))
        .bind(id)
        .fetch_all()
        .await
    }

    pub async fn marks(&self, user: UserId, ids: &[ItemId]) -> Result<Marks> {
        if ids.is_empty() {
            return Ok(Marks::default());
        }
        let visits = self.looks.visits(user, ids);
        let query = self.read.sql(
            "select i.id, v.dir, v.created_at, v.own, v.counted, exists (select 1 from saved s where \
             s.user_id = ",
        );
        let rows: Vec<MarkRow> = query
            .push_bind(user)
            .push(" and s.item_id = i.id) as saved, exists (select 1 from hidden h where h.user_id = ")
            .push_bind(user)
            .push(" and h.item_id = i.id) as hidden, false as followed, (")
            .push(unseen!("i.id", "t.last_seen_at"))
            .push_bind(user)
            .push(") as unseen, (")
            .push(own_shadowed_comments!("i.id"))
            .push_bind(user)
            .push(
                ") as own_shadowed_comments from items i \
                 left join votes v on v.item_id = i.id and v.user_id = ",
            )
            .push_bind(user)
            .push(" left join visits t on t.root_id = i.id and t.user_id = ")
            .push_bind(user)
            .push(" where i.id in ")
            .list(ids)
            .fetch_all()
            .await?;
        let mut marks = collect(rows);
        for (root, last) in visits {
            let query = self.read.sql(concat!(unseen!("$1", "$2"), "$3")).bind(root).bind(last).bind(user);
            match query.fetch_scalar().await? {
                0 => marks.unseen.remove(&root),
                unseen => marks.unseen.insert(root, unseen),
            };
        }
        Ok(marks)
    }

    pub async fn thread_marks(&self, user: UserId, root: ItemId) -> Result<Marks> {
        let rows: Vec<MarkRow> = self.read.sql(
            "select i.id, v.dir, v.created_at, v.own, v.counted, s.item_id is not null as saved, h.item_id \
             is not null as hidden, f.target is not null as followed, cast(null as bigint) as \
             unseen, cast(null as bigint) as own_shadowed_comments \
             from items i left join votes v on v.item_id = i.id and v.user_id = $1 \
             left join saved s on s.item_id = i.id and s.user_id = $1 left join hidden h on h.item_id = i.id \
             and h.user_id = $1 left join follows f on f.user_id = $1 and f.kind = 'thread' and f.target = \
             i.id and i.id = i.root_id \
             where i.root_id = $2 and (v.item_id is not null or s.item_id is not null or h.item_id is not \
             null or f.target is not null)",
        )
        .bind(user)
        .bind(root)
        .fetch_all()
        .await?;
        Ok(collect(rows))
    }

    /// Records a visit; `newest` is the time of the thread's newest comment.
    pub async fn visit(
        &self,
        user: UserId,
        root: ItemId,
        newest: Timestamp,
        now: Timestamp,
    ) -> Result<Visit> {
        let seen: Option<(Timestamp, Timestamp)> = match self.looks.visit(user, root) {
            Some(visited) => Some(visited),
            None => {
                self.read
                    .sql("select unread_since, last_seen_at from visits where user_id = $1 and root_id = $2")
                    .bind(user)
                    .bind(root)
                    .fetch_optional()
                    .await?
            }
        };
        if let Some((since, last)) = seen {
            let visit = Visit { since: Some(since), last };
            if visit.holds(newest, now) {
                return Ok(visit);
            }
        }
        let since = match seen {
            Some((since, last)) if now.since(last) <= VISIT => since.min(now),
            Some((_, last)) => last,
            // On a first visit there is nothing to compare with: later comments are new.
            None => now,
        };
        self.looks.note_visit(user, root, (since, now));
        self.generations.invalidate(&[Change::Member(user)]);
        Ok(Visit { since: seen.map(|_| since), last: now })
    }

    pub async fn save(&self, user: UserId, item: ItemId, on: bool, now: Timestamp) -> Result<()> {
        let query = if on {
            "insert into saved (user_id, item_id, created_at) values ($1, $2, $3) on conflict do nothing"
        } else {
            "delete from saved where user_id = $1 and item_id = $2"
        };
        self.mark(query, user, item, on.then_some(now)).await
    }

    pub async fn hide(&self, user: UserId, item: ItemId, on: bool, now: Timestamp) -> Result<()> {
        let query = if on {
            "insert into hidden (user_id, item_id, created_at) values ($1, $2, $3) on conflict do nothing"
        } else {
            "delete from hidden where user_id = $1 and item_id = $2"
        };
        self.mark(query, user, item, on.then_some(now)).await
    }

    async fn mark(
        &self,
        query: &'static str,
        user: UserId,
        item: ItemId,
        at: Option<Timestamp>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let query = tx.sql(query).bind(user).bind(item);
        let query = match at {
            Some(at) => query.bind(at),
            None => query,
        };
        query.execute().await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Latest first.
    pub async fn saved(&self, user: UserId, skip: i64, rows: i64) -> Result<Vec<ItemId>> {
        let query = "select item_id from saved where user_id = $1 order by created_at desc, item_id limit $2 \
                     offset $3";
        self.own_list(query, user, skip, rows).await
    }

    /// Latest first.
    pub async fn hidden(&self, user: UserId, skip: i64, rows: i64) -> Result<Vec<ItemId>> {
        let query = "select item_id from hidden where user_id = $1 order by created_at desc, item_id limit \
                     $2 offset $3";
        self.own_list(query, user, skip, rows).await
    }

    /// Latest first.
    pub async fn upvoted(&self, user: UserId, skip: i64, rows: i64) -> Result<Vec<ItemId>> {
        let query = "select item_id from votes where user_id = $1 and not own and dir = 1 \
                     order by created_at desc, item_id limit $2 offset $3";
        self.own_list(query, user, skip, rows).await
    }

    pub(crate) async fn own_list(
        &self,
        query: &'static str,
        user: UserId,
        skip: i64,
        rows: i64,
    ) -> Result<Vec<ItemId>> {
        self.read.sql(query).bind(user).bind(rows).bind(skip).fetch_scalars().await
    }
}

fn collect(rows: Vec<MarkRow>) -> Marks {
    let mut marks = Marks::default();
    for row in rows {
        if let (Some(dir), Some(at)) = (row.dir.and_then(Direction::from_points), row.created_at) {
            let (own, counted) = (row.own.unwrap_or(false), row.counted.unwrap_or(true));
            marks.votes.insert(row.id, Vote { dir, at, own, counted });
        }
        if row.saved {
            marks.saved.push(row.id);
        }
        if row.hidden {
            marks.hidden.push(row.id);
        }
        if row.followed {
            marks.followed = Some(row.id);
        }
        if let Some(unseen) = row.unseen.filter(|n| *n > 0) {
            marks.unseen.insert(row.id, unseen);
        }
        if let Some(own_shadowed_comments) = row.own_shadowed_comments.filter(|n| *n > 0) {
            marks.own_shadowed_comments.insert(row.id, own_shadowed_comments);
        }
    }
    marks
}
