//! What a write costs the database alone: the statements of the store in a loop, on connections without a
//! pool, a server or PostgreSQL's lock of writers.
//!
//! The statements are those of `Store::vote` and `Store::comment`; change them here when they change there.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{Connection, Result, Row as _, query, query_scalar};
use tokio::runtime::{Builder, Runtime};

use crate::load::Load;
use crate::site::{Site, name};
use crate::work::COMMENT;

/// A connection to a copy of the forum's database, with the store's settings.
fn sqlite(file: &Path) -> BareSqlite {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .pragma("cache_size", "-2000")
        .pragma("mmap_size", "0")
        .pragma("temp_store", "memory")
        .pragma("journal_size_limit", stoa::store::database_file::MAX_WAL_BYTES.to_string());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let db = runtime.block_on(SqliteConnection::connect_with(&options)).unwrap();
    BareSqlite { db, runtime }
}

fn postgres(address: &str) -> BarePostgres {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let db = runtime.block_on(PgConnection::connect(address)).unwrap();
    BarePostgres { db, runtime }
}

const USER: &str = "select id from users where lower(name) = lower($1)";
const WRITER: &str = "select id, name, role, karma, created_at, shadow_banned_at, limited_until, show_dead, \
    theme, comment_order, banned_at, banned_until, ban_reason from users where id = $1";
const VOTE: &str = "select dir, counted, own, created_at from votes where user_id = $1 and item_id = $2";
const DELETE_VOTE: &str = "delete from votes where user_id = $1 and item_id = $2";
const PAST_VOTES: &str = "select v.item_id, i.author_id, v.dir, v.created_at from votes v \
    join items i on i.id = v.item_id where v.user_id = $1 and not v.own \
    order by v.created_at desc, v.item_id limit $2";
const INSERT_VOTE: &str = "insert into votes \
    (user_id, item_id, dir, counted, uncounted_reason, created_at, ip_hash) \
    values ($1, $2, $3, $4, $5, $6, $7) \
    on conflict (user_id, item_id) do update set dir = excluded.dir, counted = excluded.counted, \
    uncounted_reason = excluded.uncounted_reason, created_at = excluded.created_at, \
    ip_hash = excluded.ip_hash";
const ADD_POINTS: &str =
    "update items set score = score + $2, ups = ups + $3, downs = downs + $4 where id = $1";
const ADD_KARMA: &str = "update users set karma = karma + $2 where id = $1";
const SAME_COMMENT: &str = "select id from items where author_id = $1 and kind = 'comment' and time >= $2 \
    and parent_id = $3 and text = $4 and deleted_at is null and (dead is null or dead = 'shadow') \
    order by time, id limit 1";
const INSERT_COMMENT: &str = "insert into items \
    (kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, text, score, dead) \
    values ('comment', $1, $2, $2, $2, $3, $4, $5, $6, 1, $7) returning id";
const INSERT_OWN_VOTE: &str =
    "insert into votes (user_id, item_id, dir, counted, own, created_at) values ($1, $2, 1, true, true, $3)";
const INSERT_TOLD: &str = "insert into inbox (user_id, kind, item_id, created_at) \
    select id, 'reply', $1, $2 from users where id = $4 and id <> $3 and password is not null \
    on conflict (user_id, item_id) do nothing";
const INSERT_HASHES: &str = "insert into ip_hashes (created_at, user_id, item_id, address, subnet, network) \
    values ($1, $2, $3, $4, $5, $6)";
const ADD_DESCENDANT: &str = "update items set descendants = descendants + $2 where id = $1";
const OTHER_DISCUSSION: &str = "select cast(1 as bigint) from items \
    where url_key = (select url_key from items where id = $1) and id <> $1 limit 1";
const INSERT_CHANGE: &str = "insert into changes (node, what) values ($1, $2) returning id";

macro_rules! select_item {
    ($condition:literal) => {
        concat!(
            "select i.id, i.kind, i.author_id, u.name as author, u.created_at as author_created, i.time, ",
            "i.rank_time, i.visible_at, i.edited_at, i.parent_id, i.root_id, i.depth, i.import_rank, ",
            "i.title, i.url, i.site, i.section, i.text, i.version, i.score, i.ups, i.downs, ",
            "i.descendants, i.deleted_at, i.dead, i.locked, i.flags, i.vouches, i.cleared, ",
            "i.merged_into, i.pinned, i.source is not null as imported ",
            "from items i left join users u on u.id = i.author_id where ",
            $condition
        )
    };
}

const ITEM: &str = select_item!("i.id = $1");
const ITEM_AND_ROOT: &str =
    select_item!("i.id in (select cast($1 as bigint) union all select root_id from items where id = $1)");

/// The same code for both drivers, whose types have no trait in common.
macro_rules! bare_writes {
    ($name:ident, $connection:ident, $row:ident, $begin:literal) => {
        pub struct $name {
            db: $connection,
            runtime: Runtime,
        }

        impl Bare for $name {
            fn user(&mut self, name: &str) -> i64 {
                let id = query_scalar(USER).bind(name);
                self.runtime.block_on(id.fetch_one(&mut self.db)).unwrap()
            }

            fn vote(&mut self, user: i64, item: i64, up: bool, now: i64) {
                self.runtime.block_on(Self::vote_in(&mut self.db, user, item, up, now)).unwrap();
            }

            fn comment(&mut self, author: i64, parent: i64, text: &str, now: i64) {
                self.runtime.block_on(Self::comment_in(&mut self.db, author, parent, text, now)).unwrap();
            }
        }

        impl $name {
            async fn vote_in(db: &mut $connection, user: i64, item: i64, up: bool, now: i64) -> Result<()> {
                let mut tx = db.begin_with($begin).await?;
                query(WRITER).bind(user).fetch_one(&mut *tx).await?;
                let voted_on = query(ITEM).bind(item).fetch_one(&mut *tx).await?;
                let before = query(VOTE).bind(user).bind(item).fetch_optional(&mut *tx).await?;
                assert_eq!(before.is_some(), !up, "each vote changes something");
                if up {
                    // By the voter's last votes the store judges a vote.
                    query(PAST_VOTES).bind(user).bind(21_i64).fetch_all(&mut *tx).await?;
                    let insert = query(INSERT_VOTE).bind(user).bind(item).bind(1_i64).bind(true);
                    let insert = insert.bind(None::<&str>).bind(now).bind(None::<&[u8]>);
                    insert.execute(&mut *tx).await?;
                } else {
                    query(DELETE_VOTE).bind(user).bind(item).execute(&mut *tx).await?;
                }
                let points = if up { 1_i64 } else { -1 };
                let add = query(ADD_POINTS).bind(item).bind(points).bind(points).bind(0_i64);
                add.execute(&mut *tx).await?;
                let author: Option<i64> = voted_on.get("author_id");
                query(ADD_KARMA).bind(author).bind(points).execute(&mut *tx).await?;
                let what = format!("thread:{item} member:{user} member:{}", author.unwrap_or(user));
                Self::insert_change(&mut tx, &what).await?;
                tx.commit().await
            }

            async fn comment_in(
                db: &mut $connection,
                author: i64,
                parent: i64,
                text: &str,
                now: i64,
            ) -> Result<()> {
                let mut tx = db.begin_with($begin).await?;
                query(WRITER).bind(author).fetch_one(&mut *tx).await?;
                let both = query(ITEM_AND_ROOT).bind(parent).fetch_all(&mut *tx).await?;
                let to = both.iter().find(|row| row.get::<i64, _>("id") == parent).unwrap();
                let same = query(SAME_COMMENT).bind(author).bind(now - 600).bind(parent).bind(text);
                assert!(same.fetch_optional(&mut *tx).await?.is_none(), "each comment is posted");
                Self::insert_comment(&mut tx, author, to, text, now).await?;
                let root: i64 = to.get("root_id");
                query(ADD_DESCENDANT).bind(root).bind(1_i64).execute(&mut *tx).await?;
                query(OTHER_DISCUSSION).bind(root).fetch_optional(&mut *tx).await?;
                Self::insert_change(&mut tx, &format!("thread:{root} lists")).await?;
                tx.commit().await
            }

            /// The comment with its author's own vote and the hashes of the address.
            async fn insert_comment(
                tx: &mut $connection,
                author: i64,
                to: &$row,
                text: &str,
                now: i64,
            ) -> Result<()> {
                let insert = query_scalar(INSERT_COMMENT).bind(author).bind(now);
                let insert = insert.bind(to.get::<i64, _>("id")).bind(to.get::<i64, _>("root_id"));
                let (depth, answered): (i64, Option<i64>) = (to.get("depth"), to.get("author_id"));
                let insert = insert.bind(depth + 1).bind(text).bind(None::<&str>);
                let id: i64 = insert.fetch_one(&mut *tx).await?;
                query(INSERT_OWN_VOTE).bind(author).bind(id).bind(now).execute(&mut *tx).await?;
                query(INSERT_TOLD).bind(id).bind(now).bind(author).bind(answered).execute(&mut *tx).await?;
                let hash = [7_u8; 16];
                let insert = query(INSERT_HASHES).bind(now).bind(author).bind(id);
                insert.bind(&hash[..]).bind(&hash[..]).bind(&hash[..]).execute(&mut *tx).await?;
                Ok(())
            }

            /// What other processes read of the write.
            async fn insert_change(tx: &mut $connection, what: &str) -> Result<()> {
                let insert = query(INSERT_CHANGE).bind("0123456789abcdef").bind(what);
                insert.fetch_one(&mut *tx).await?;
                Ok(())
            }
        }
    };
}

/// Writes by members on stories of their own.
pub struct BareWrites<B> {
    bare: B,
    /// Members, and the stories that only they vote and comment on.
    pairs: Vec<(i64, i64)>,
    turn: usize,
    now: i64,
}

impl BareWrites<BareSqlite> {
    /// All members' on one connection.
    pub fn on_sqlite(site: &Site) -> BareWrites<BareSqlite> {
        let mut bare = sqlite(&site.copy());
        let pairs =
            site.shares().enumerate().flat_map(|(nth, (_, stories))| pairs(bare.user(&name(nth)), stories));
        BareWrites::new(pairs.collect(), bare)
    }
}

impl BareWrites<BarePostgres> {
    /// Each member's on a connection of their own.
    pub fn on_postgres(site: &Site, address: &str) -> Vec<BareWrites<BarePostgres>> {
        let share = |(nth, (_, stories))| {
            let mut bare = postgres(address);
            BareWrites::new(pairs(bare.user(&name(nth)), stories).collect(), bare)
        };
        site.shares().enumerate().map(share).collect()
    }
}

fn pairs(user: i64, stories: Vec<i64>) -> impl Iterator<Item = (i64, i64)> {
    stories.into_iter().map(move |story| (user, story))
}

impl<B: Bare> BareWrites<B> {
    fn new(pairs: Vec<(i64, i64)>, bare: B) -> BareWrites<B> {
        BareWrites { bare, pairs, turn: 0, now: jiff::Timestamp::now().as_second() }
    }

    /// For `long`; each vote is withdrawn again.
    pub fn run(&mut self, are_votes: bool, long: Duration) -> Load {
        self.turn = self.turn.next_multiple_of(2);
        let load = Load::alone(long, || if are_votes { self.vote() } else { self.comment() });
        if are_votes && load.times.len() % 2 == 1 {
            self.vote();
        }
        load
    }

    fn vote(&mut self) {
        let (user, story) = self.pairs[self.turn / 2 % self.pairs.len()];
        self.bare.vote(user, story, self.turn.is_multiple_of(2), self.now);
        self.turn += 1;
    }

    fn comment(&mut self) {
        let (user, story) = self.pairs[self.turn % self.pairs.len()];
        self.bare.comment(user, story, &format!("{COMMENT} without a forum {:08}", self.turn), self.now);
        self.turn += 1;
    }
}

/// A connection that votes and comments.
pub trait Bare {
    fn user(&mut self, name: &str) -> i64;
    /// Casts a vote, or withdraws it.
    fn vote(&mut self, user: i64, item: i64, up: bool, now: i64);
    fn comment(&mut self, author: i64, parent: i64, text: &str, now: i64);
}

bare_writes!(BareSqlite, SqliteConnection, SqliteRow, "begin immediate");
bare_writes!(BarePostgres, PgConnection, PgRow, "begin");
