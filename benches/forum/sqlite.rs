//! What a write costs the database alone, transaction by transaction, on one connection without a pool or a server, with the store's
//! settings, on a copy of the forum's own file.
//!
//! A comment's statements are those of `Store::comment`, word for word: whoever changes one there changes it here. A vote is a transaction
//! of its own here, as it would be written by hand, and changes the same rows; the store writes those that come together in one.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Result, query, query_as, query_scalar};
use tokio::runtime::{Builder, Runtime};

pub struct Bare {
    db: SqliteConnection,
    runtime: Runtime,
}

impl Bare {
    pub fn open(file: &Path) -> Bare {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .pragma("cache_size", "-2000")
            .pragma("mmap_size", "0")
            .pragma("temp_store", "memory")
            .pragma("journal_size_limit", stoa::store::LOG.to_string());
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let db = runtime.block_on(SqliteConnection::connect_with(&options)).unwrap();
        Bare { db, runtime }
    }

    pub fn user(&mut self, name: &str) -> i64 {
        let id = query_scalar("select id from users where lower(name) = lower($1)").bind(name).fetch_one(&mut self.db);
        self.runtime.block_on(id).unwrap()
    }

    /// A vote cast, or taken back.
    pub fn vote(&mut self, user: i64, item: i64, up: bool, now: i64) {
        self.runtime.block_on(vote(&mut self.db, user, item, up, now)).unwrap();
    }

    pub fn comment(&mut self, author: i64, parent: i64, text: &str, now: i64) {
        self.runtime.block_on(comment(&mut self.db, author, parent, text, now)).unwrap();
    }
}

async fn vote(db: &mut SqliteConnection, user: i64, item: i64, up: bool, now: i64) -> Result<()> {
    let mut tx = db.begin_with("begin immediate").await?;
    let standing: Option<(i64, bool, bool, i64)> =
        query_as("select dir, counted, own, at from votes where user_id = $1 and item_id = $2")
            .bind(user)
            .bind(item)
            .fetch_optional(&mut *tx)
            .await?;
    assert_eq!(standing.is_some(), !up, "each vote changes something");
    let change = if up {
        query(
            "insert into votes (user_id, item_id, dir, counted, at) values ($1, $2, $3, $4, $5) \
             on conflict (user_id, item_id) do update set dir = excluded.dir, counted = excluded.counted, at = excluded.at",
        )
        .bind(user)
        .bind(item)
        .bind(1)
        .bind(true)
        .bind(now)
    } else {
        query("delete from votes where user_id = $1 and item_id = $2").bind(user).bind(item)
    };
    change.execute(&mut *tx).await?;
    let points = if up { 1 } else { -1 };
    let author: Option<i64> = query_scalar(
        "update items set score = score + $2, ups = ups + $3, downs = downs + $4 where id = $1 \
         returning case when kind = 'pollopt' then null else author_id end",
    )
    .bind(item)
    .bind(points)
    .bind(points)
    .bind(0)
    .fetch_one(&mut *tx)
    .await?;
    query("update users set karma = karma + $2 where id = $1").bind(author).bind(points).execute(&mut *tx).await?;
    let _score: i64 = query_scalar("select score from items where id = $1").bind(item).fetch_one(&mut *tx).await?;
    tx.commit().await
}

async fn comment(db: &mut SqliteConnection, author: i64, parent: i64, text: &str, now: i64) -> Result<()> {
    let mut tx = db.begin_with("begin immediate").await?;
    let (root, depth, to): (i64, i64, Option<i64>) = query_as(
        "select p.root_id, p.depth, p.author_id from items p join items r on r.id = p.root_id \
         where p.id = $1 and p.deleted_at is null and r.deleted_at is null and not p.locked and not r.locked \
         and (p.dead is null or p.author_id = $2) and (r.dead is null or r.author_id = $2)",
    )
    .bind(parent)
    .bind(author)
    .fetch_one(&mut *tx)
    .await?;
    let id: i64 = query_scalar(
        "insert into items (kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, reply_to, text, score, dead) \
         values ('comment', $1, $2, $2, $2, $3, $4, $5, $6, $7, 1, $8) returning id",
    )
    .bind(author)
    .bind(now)
    .bind(parent)
    .bind(root)
    .bind(depth + 1)
    .bind(to)
    .bind(text)
    .bind(None::<&str>)
    .fetch_one(&mut *tx)
    .await?;
    query("insert into votes (user_id, item_id, dir, counted, own, at) values ($1, $2, 1, true, true, $3)")
        .bind(author)
        .bind(id)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    // The hashes of an address and its networks.
    let hash = [7_u8; 16];
    query("insert into origins (at, user_id, item_id, near, middle, wide) values ($1, $2, $3, $4, $5, $6)")
        .bind(now)
        .bind(author)
        .bind(id)
        .bind(&hash[..])
        .bind(&hash[..])
        .bind(&hash[..])
        .execute(&mut *tx)
        .await?;
    query("update items set descendants = descendants + $2 where id = $1").bind(root).bind(1).execute(&mut *tx).await?;
    tx.commit().await
}
