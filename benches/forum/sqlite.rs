//! What a write costs the database alone: the statements of the store in a loop, on one connection without a
//! pool or a server, with the store's settings, on a copy of the forum's database.
//!
//! The statements are those of `Store::vote` and `Store::comment`; change them here when they change there.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{Connection, Result, Row as _, query, query_scalar};
use tokio::runtime::{Builder, Runtime};

pub struct BareDatabase {
    db: SqliteConnection,
    runtime: Runtime,
}

impl BareDatabase {
    pub fn open(file: &Path) -> BareDatabase {
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
        BareDatabase { db, runtime }
    }

    pub fn user(&mut self, name: &str) -> i64 {
        let id = query_scalar("select id from users where lower(name) = lower($1)").bind(name);
        self.runtime.block_on(id.fetch_one(&mut self.db)).unwrap()
    }

    /// Casts a vote, or withdraws it.
    pub fn vote(&mut self, user: i64, item: i64, up: bool, now: i64) {
        self.runtime.block_on(vote(&mut self.db, user, item, up, now)).unwrap();
    }

    pub fn comment(&mut self, author: i64, parent: i64, text: &str, now: i64) {
        self.runtime.block_on(comment(&mut self.db, author, parent, text, now)).unwrap();
    }
}

const WRITER: &str = "select id, name, role, karma, created_at, shadow_banned_at, limited_until, show_dead, \
                      theme, \
    comment_order, replies_read_at, banned_at, banned_until, ban_reason from users where id = $1";

macro_rules! select_item {
    ($condition:literal) => {
        concat!(
            "select i.id, i.kind, i.author_id, u.name as author, u.created_at as author_created, i.time, ",
            "i.rank_time, i.visible_at, i.edited_at, i.parent_id, i.root_id, i.depth, i.import_rank, \
             i.title, ",
            "i.url, i.site, i.section, i.text, i.version, i.score, i.ups, i.downs, i.descendants, ",
            "i.deleted_at, i.dead, i.locked, i.flags, i.vouches, i.cleared, i.merged_into, i.pinned, ",
            "i.source is not null as imported from items i left join users u on u.id = i.author_id where ",
            $condition
        )
    };
}

async fn vote(db: &mut SqliteConnection, user: i64, item: i64, up: bool, now: i64) -> Result<()> {
    let mut tx = db.begin_with("begin immediate").await?;
    query(WRITER).bind(user).fetch_one(&mut *tx).await?;
    let voted_on = query(select_item!("i.id = $1")).bind(item).fetch_one(&mut *tx).await?;
    let before = query("select dir, counted, own, created_at from votes where user_id = $1 and item_id = $2");
    let before = before.bind(user).bind(item).fetch_optional(&mut *tx).await?;
    assert_eq!(before.is_some(), !up, "each vote changes something");
    if up {
        cast(&mut tx, user, item, now).await?;
    } else {
        let delete = query("delete from votes where user_id = $1 and item_id = $2");
        delete.bind(user).bind(item).execute(&mut *tx).await?;
    }
    let points = if up { 1 } else { -1 };
    query("update items set score = score + $2, ups = ups + $3, downs = downs + $4 where id = $1")
        .bind(item)
        .bind(points)
        .bind(points)
        .bind(0)
        .execute(&mut *tx)
        .await?;
    let author: Option<i64> = voted_on.get("author_id");
    let karma = query("update users set karma = karma + $2 where id = $1").bind(author).bind(points);
    karma.execute(&mut *tx).await?;
    tx.commit().await
}

/// Reads the voter's last votes, by which the store judges a vote, and adds the vote.
async fn cast(tx: &mut SqliteConnection, user: i64, item: i64, now: i64) -> Result<()> {
    let past = query(
        "select v.item_id, i.author_id, v.dir, v.created_at from votes v join items i on i.id = v.item_id \
         where v.user_id = $1 and not v.own order by v.created_at desc, v.item_id limit $2",
    );
    past.bind(user).bind(21).fetch_all(&mut *tx).await?;
    query(
        "insert into votes (user_id, item_id, dir, counted, uncounted_reason, created_at, ip_hash) \
         values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (user_id, item_id) do update set dir = excluded.dir, counted = excluded.counted, \
         uncounted_reason = excluded.uncounted_reason, created_at = excluded.created_at, ip_hash = \
         excluded.ip_hash",
    )
    .bind(user)
    .bind(item)
    .bind(1)
    .bind(true)
    .bind(None::<&str>)
    .bind(now)
    .bind(None::<&[u8]>)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn comment(db: &mut SqliteConnection, author: i64, parent: i64, text: &str, now: i64) -> Result<()> {
    let mut tx = db.begin_with("begin immediate").await?;
    query(WRITER).bind(author).fetch_one(&mut *tx).await?;
    let both: &str =
        select_item!("i.id in (select cast($1 as bigint) union all select root_id from items where id = $1)");
    let both = query(both).bind(parent).fetch_all(&mut *tx).await?;
    let parent_row = both.iter().find(|row| row.get::<i64, _>("id") == parent).unwrap();
    let first = query(
        "select id from items where author_id = $1 and kind = 'comment' and time >= $2 and parent_id = $3 \
         and text = $4 and deleted_at is null and (dead is null or dead = 'shadow') \
         order by time, id limit 1",
    );
    let first = first.bind(author).bind(now - 600).bind(parent).bind(text).fetch_optional(&mut *tx).await?;
    assert!(first.is_none(), "each comment is posted");
    insert_comment(&mut tx, author, parent_row, text, now).await?;
    let root: i64 = parent_row.get("root_id");
    let descendants = query("update items set descendants = descendants + $2 where id = $1");
    descendants.bind(root).bind(1).execute(&mut *tx).await?;
    let other = query(
        "select cast(1 as bigint) from items \
         where url_key = (select url_key from items where id = $1) and id <> $1 limit 1",
    );
    other.bind(root).fetch_optional(&mut *tx).await?;
    tx.commit().await
}

/// The comment with its author's own vote and the hashes of the address.
async fn insert_comment(
    tx: &mut SqliteConnection,
    author: i64,
    parent: &SqliteRow,
    text: &str,
    now: i64,
) -> Result<()> {
    let id: i64 = query_scalar(
        "insert into items (kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, \
         reply_to, text, score, dead) values ('comment', $1, $2, $2, $2, $3, $4, $5, $6, $7, 1, $8) \
         returning id",
    )
    .bind(author)
    .bind(now)
    .bind(parent.get::<i64, _>("id"))
    .bind(parent.get::<i64, _>("root_id"))
    .bind(parent.get::<i64, _>("depth") + 1)
    .bind(parent.get::<Option<i64>, _>("author_id"))
    .bind(text)
    .bind(None::<&str>)
    .fetch_one(&mut *tx)
    .await?;
    let own_vote = "insert into votes (user_id, item_id, dir, counted, own, created_at) \
        values ($1, $2, 1, true, true, $3)";
    query(own_vote).bind(author).bind(id).bind(now).execute(&mut *tx).await?;
    let hash = [7_u8; 16];
    query(
        "insert into ip_hashes (created_at, user_id, item_id, address, subnet, network) values ($1, $2, \
           $3, $4, $5, $6)",
    )
    .bind(now)
    .bind(author)
    .bind(id)
    .bind(&hash[..])
    .bind(&hash[..])
    .bind(&hash[..])
    .execute(&mut *tx)
    .await?;
    Ok(())
}
