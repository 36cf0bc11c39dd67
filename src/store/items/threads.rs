//! A thread as a whole, and what a member has done in it: votes, saves, visits.

use std::collections::HashMap;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::votes::vote::{Direction, Vote};
use crate::store::items::rows::select_item;
use crate::store::{Change, Result, Store};

/// A visit closes after this many idle seconds, so that a reload keeps the unseen marks.
const VISIT: i64 = 30 * MINUTE;

/// How often an unchanged visit is noted again, so that it is known to go on.
const VISIT_NOTED: i64 = 10 * MINUTE;

/// What a member has done with items: their votes, and which they saved or hid.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    pub votes: HashMap<ItemId, Vote>,
    pub saved: Vec<ItemId>,
    pub hidden: Vec<ItemId>,
    /// Comments that came to a thread since the member last looked; absent where they never did.
    pub unseen: HashMap<ItemId, i64>,
    /// How many comments of the member's own stand in a thread that a shadow-ban keeps from everybody else.
    pub unheard: HashMap<ItemId, i64>,
}

/// A member's visit of a thread.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// The moment since which comments are new to them; none on a first visit.
    pub since: Option<Timestamp>,
    /// When it was noted last.
    pub last: Timestamp,
}

impl Visit {
    /// Whether nothing came since it was noted, so that noting this look would change nothing but cost a write.
    pub fn holds(&self, newest: Timestamp, now: Timestamp) -> bool {
        newest <= self.last && (0..VISIT_NOTED).contains(&now.since(self.last))
    }
}

#[derive(sqlx::FromRow)]
struct MarkRow {
    id: ItemId,
    dir: Option<i64>,
    at: Option<Timestamp>,
    own: Option<bool>,
    counted: Option<bool>,
    saved: bool,
    hidden: bool,
    unseen: Option<i64>,
    unheard: Option<i64>,
}

/// How many comments came to the thread `$root` since `$since` that `$user` did not write.
macro_rules! unseen {
    ($root:literal, $since:literal) => {
        concat!(
            "select count(*) from items c where c.root_id = ",
            $root,
            " and c.visible_at > ",
            $since,
            " and c.kind = 'comment' and c.dead is null and c.deleted_at is null and c.author_id is distinct from "
        )
    };
}

/// How many comments in the thread `$root` a shadow-ban keeps from everybody but their author `$user`.
macro_rules! unheard {
    ($root:literal) => {
        concat!(
            "select count(*) from items o where o.root_id = ",
            $root,
            " and o.kind = 'comment' and o.dead = 'shadow' and o.deleted_at is null and o.author_id = "
        )
    };
}

impl Store {
    /// Everything of a thread, its head too, in no order.
    pub async fn thread(&self, root: ItemId) -> Result<Vec<Item>> {
        self.read.sql(select_item!("where i.root_id = $1")).bind(root).fetch_all().await
    }

    /// Live stories of the same address from before, newest first, at most ten: the earlier discussions.
    pub async fn same_url(&self, id: ItemId) -> Result<Vec<Item>> {
        self.read.sql(select_item!(
            "where i.url_key = (select url_key from items where id = $1) and i.id <> $1 and i.dead is null \
             and i.deleted_at is null and i.time <= (select time from items where id = $1) order by i.time desc limit 10"
        ))
        .bind(id)
        .fetch_all()
        .await
    }

    /// What `user` has done with the rows of a list.
    pub async fn marks(&self, user: UserId, ids: &[ItemId]) -> Result<Marks> {
        if ids.is_empty() {
            return Ok(Marks::default());
        }
        let visits = self.looks.visits(user, ids);
        let query = self.read.sql(
            "select i.id, v.dir, v.at, v.own, v.counted, exists (select 1 from saved s where s.user_id = ",
        );
        let rows: Vec<MarkRow> = query
            .push_bind(user)
            .push(" and s.item_id = i.id) as saved, exists (select 1 from hidden h where h.user_id = ")
            .push_bind(user)
            .push(" and h.item_id = i.id) as hidden, (")
            .push(unseen!("i.id", "t.last"))
            .push_bind(user)
            .push(") as unseen, (")
            .push(unheard!("i.id"))
            .push_bind(user)
            .push(") as unheard from items i left join votes v on v.item_id = i.id and v.user_id = ")
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

    /// What `user` has done in a thread.
    pub async fn thread_marks(&self, user: UserId, root: ItemId) -> Result<Marks> {
        let rows: Vec<MarkRow> = self.read.sql(
            "select i.id, v.dir, v.at, v.own, v.counted, s.item_id is not null as saved, h.item_id is not null as hidden, cast(null as bigint) as unseen, cast(null as bigint) as unheard \
             from items i left join votes v on v.item_id = i.id and v.user_id = $1 \
             left join saved s on s.item_id = i.id and s.user_id = $1 left join hidden h on h.item_id = i.id and h.user_id = $1 \
             where i.root_id = $2 and (v.item_id is not null or s.item_id is not null or h.item_id is not null)",
        )
        .bind(user)
        .bind(root)
        .fetch_all()
        .await?;
        Ok(collect(rows))
    }

    /// Notes that a member looks at a thread whose newest comment is from `newest`.
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
                    .sql("select since, last from visits where user_id = $1 and root_id = $2")
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
            // A first visit has nothing to compare with: comments from now on are new.
            None => now,
        };
        self.looks.note_visit(user, root, (since, now));
        self.generations.invalidate(&[Change::Member(user)]);
        Ok(Visit { since: seen.map(|_| since), last: now })
    }

    /// Saves an item for a member, or no longer.
    pub async fn save(&self, user: UserId, item: ItemId, on: bool, now: Timestamp) -> Result<()> {
        let query = if on {
            "insert into saved (user_id, item_id, at) values ($1, $2, $3) on conflict do nothing"
        } else {
            "delete from saved where user_id = $1 and item_id = $2"
        };
        self.mark(query, user, item, on.then_some(now)).await
    }

    /// Hides a story from a member's lists, or no longer.
    pub async fn hide(&self, user: UserId, item: ItemId, on: bool, now: Timestamp) -> Result<()> {
        let query = if on {
            "insert into hidden (user_id, item_id, at) values ($1, $2, $3) on conflict do nothing"
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

    /// What a member saved, latest first, from row `skip` on.
    pub async fn saved(&self, user: UserId, skip: i64, rows: i64) -> Result<Vec<ItemId>> {
        let query =
            "select item_id from saved where user_id = $1 order by at desc, item_id limit $2 offset $3";
        self.own_list(query, user, skip, rows).await
    }

    /// What a member hid, latest first.
    pub async fn hidden(&self, user: UserId, skip: i64, rows: i64) -> Result<Vec<ItemId>> {
        let query =
            "select item_id from hidden where user_id = $1 order by at desc, item_id limit $2 offset $3";
        self.own_list(query, user, skip, rows).await
    }

    /// What a member voted up, latest first.
    pub async fn upvoted(&self, user: UserId, skip: i64, rows: i64) -> Result<Vec<ItemId>> {
        let query = "select item_id from votes where user_id = $1 and not own and dir = 1 \
                     order by at desc, item_id limit $2 offset $3";
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
        if let (Some(dir), Some(at)) = (row.dir.and_then(Direction::from_points), row.at) {
            let (own, counted) = (row.own.unwrap_or(false), row.counted.unwrap_or(true));
            marks.votes.insert(row.id, Vote { dir, at, own, counted });
        }
        if row.saved {
            marks.saved.push(row.id);
        }
        if row.hidden {
            marks.hidden.push(row.id);
        }
        if let Some(unseen) = row.unseen.filter(|n| *n > 0) {
            marks.unseen.insert(row.id, unseen);
        }
        if let Some(unheard) = row.unheard.filter(|n| *n > 0) {
            marks.unheard.insert(row.id, unheard);
        }
    }
    marks
}
