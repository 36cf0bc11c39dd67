//! What differs between the engines' SQL.

use sqlx::database::HasStatementCache;
use sqlx::postgres::PgQueryResult;
use sqlx::sqlite::SqliteQueryResult;
use sqlx::{AssertSqlSafe, Database, Pool, Postgres, SqlSafeStr, Sqlite, Transaction};

use std::sync::Arc;

use super::error::Result;
use super::generations::Generations;
use super::statement_times::StatementTimes;
use crate::domain::accounts::ip_hash::IpHashKey;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;

/// A database engine that Stoa runs on.
pub trait Engine: Database + HasStatementCache {
    /// Begins a write transaction, which waits until no other is open, in this process or another.
    const BEGIN: &'static str;
    /// Begins a transaction that only reads, and sees one state of the database throughout.
    const SNAPSHOT: &'static str;
    /// Selects the highest item id ever used, as an integer of 64 bits.
    const LAST_ITEM_ID: &'static str;

    /// Whether a reader waits for a connection because the server is gone, rather than for other readers.
    const IS_SERVER: bool;

    fn rows_affected(done: &Self::QueryResult) -> u64;
}

impl Engine for Sqlite {
    // Upgrading a read transaction could not be retried.
    const BEGIN: &'static str = "begin immediate";
    const SNAPSHOT: &'static str = "begin";
    const LAST_ITEM_ID: &'static str =
        "select coalesce(max(seq), 0) from sqlite_sequence where name = 'items'";
    const IS_SERVER: bool = false;

    fn rows_affected(done: &SqliteQueryResult) -> u64 {
        done.rows_affected()
    }
}

macro_rules! begin_postgres {
    ($locks:literal) => {
        concat!(
            "begin isolation level read committed; set local lock_timeout = '5s'; ",
            "set local idle_in_transaction_session_timeout = '10s'; ",
            $locks
        )
    };
}

/// Shares the lock of writers with other writes that go on side by side, and waits for those of this member.
fn begin_beside(member: Option<UserId>) -> String {
    let begin = begin_postgres!("select pg_advisory_xact_lock_shared(1400139617)");
    // Two members with the same key wait for one another.
    let key = member.map(|member| member.0 % i64::from(i32::MAX));
    let lock = key.map(|key| format!(", pg_advisory_xact_lock(1400139617, {key})"));
    format!("{begin}{}", lock.unwrap_or_default())
}

/// Taken by writes that go on side by side, as their last lock, so that ids of `changes` are in the order of
/// commits.
const TAKE_TURN: &str = "select pg_advisory_xact_lock(1400139618)";

impl Engine for Postgres {
    // The lock is held until the commit is visible, so that ids of `changes` are in the order of commits. At
    // read committed, each statement sees what was committed before the lock was taken.
    // A node that dies within a transaction must not hold the lock for as long as the server believes in it.
    const BEGIN: &'static str = begin_postgres!("select pg_advisory_xact_lock(1400139617)");
    const SNAPSHOT: &'static str = "begin isolation level repeatable read read only";
    const LAST_ITEM_ID: &'static str =
        "select case when is_called then last_value else 0 end from items_id_seq";
    const IS_SERVER: bool = true;

    fn rows_affected(done: &PgQueryResult) -> u64 {
        done.rows_affected()
    }
}

/// Connections to a database of either engine.
#[derive(Debug, Clone)]
pub enum Connections {
    Sqlite(Pool<Sqlite>),
    Postgres(Pool<Postgres>),
}

impl Connections {
    pub async fn close(&self) {
        match self {
            Connections::Sqlite(pool) => pool.close().await,
            Connections::Postgres(pool) => pool.close().await,
        }
    }

    pub(super) async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Connections::Sqlite(pool) => Tx::Sqlite(Open::begin(pool, Sqlite::BEGIN).await?),
            Connections::Postgres(pool) => begin_on_postgres(pool, Postgres::BEGIN, true).await?,
        })
    }

    /// Begins a write that on PostgreSQL goes on beside others of its kind, except those of the same member.
    pub(super) async fn begin_beside(&self, member: Option<UserId>) -> Result<Tx> {
        match self {
            Connections::Sqlite(_) => self.begin().await,
            Connections::Postgres(pool) => {
                begin_on_postgres(pool, AssertSqlSafe(begin_beside(member)), false).await
            }
        }
    }

    pub(super) async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Connections::Sqlite(pool) => Tx::Sqlite(Open::begin(pool, Sqlite::SNAPSHOT).await?),
            Connections::Postgres(pool) => Tx::Postgres(Open::begin(pool, Postgres::SNAPSHOT).await?),
        })
    }
}

async fn begin_on_postgres(
    pool: &Pool<Postgres>,
    begin: impl SqlSafeStr + Send + 'static,
    is_alone: bool,
) -> Result<Tx> {
    let pool = pool.clone();
    // A task of its own runs to its end: a cancelled `begin` would leave the lock to an idle connection.
    let begin = tokio::spawn(async move { Open::begin(&pool, begin).await });
    let open = begin.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
    Ok(Tx::Postgres(Open { is_alone, ..open }))
}

/// An open database, before it is a forum's store.
pub struct Opened {
    pub read: Connections,
    pub write: Connections,
    pub generations: Arc<Generations>,
    /// Unless it is in the database.
    pub ip_hash_key: Option<IpHashKey>,
}

/// A write transaction, or a snapshot, rolled back unless committed.
pub enum Tx {
    Sqlite(Open<Sqlite>),
    Postgres(Open<Postgres>),
}

/// An open transaction on one engine.
pub struct Open<E: Engine> {
    pub(super) transaction: Transaction<'static, E>,
    /// Whether a statement failed; it cannot be committed then.
    pub(super) has_failed: bool,
    /// Whether it goes on beside no other write.
    is_alone: bool,
    pub(super) times: Option<Arc<StatementTimes>>,
    /// Members whose private state it changes, beside what its commit names.
    touched: Vec<UserId>,
    /// The items of which it changes what is public.
    changed_items: Vec<ItemId>,
}

impl<E: Engine> Open<E> {
    async fn begin(pool: &Pool<E>, how: impl SqlSafeStr) -> Result<Open<E>, sqlx::Error> {
        let transaction = pool.begin_with(how).await?;
        Ok(Open {
            transaction,
            has_failed: false,
            is_alone: true,
            times: None,
            touched: Vec::new(),
            changed_items: Vec::new(),
        })
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        if self.has_failed {
            return Err(sqlx::Error::Protocol("a statement of the transaction failed".to_owned()));
        }
        self.transaction.commit().await
    }
}

impl Tx {
    pub(super) fn timed(self, times: &Arc<StatementTimes>) -> Tx {
        let times = Some(Arc::clone(times));
        match self {
            Tx::Sqlite(open) => Tx::Sqlite(Open { times, ..open }),
            Tx::Postgres(open) => Tx::Postgres(Open { times, ..open }),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        match self {
            Tx::Sqlite(open) => open.has_failed,
            Tx::Postgres(open) => open.has_failed,
        }
    }

    /// Notes that it changes the private state of this member: the commit tells it.
    pub fn touch(&mut self, user: UserId) {
        match self {
            Tx::Sqlite(open) => open.touched.push(user),
            Tx::Postgres(open) => open.touched.push(user),
        }
    }

    pub(super) fn take_touched(&mut self) -> Vec<UserId> {
        match self {
            Tx::Sqlite(open) => std::mem::take(&mut open.touched),
            Tx::Postgres(open) => std::mem::take(&mut open.touched),
        }
    }

    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Tx::Sqlite(open) => open.commit().await,
            Tx::Postgres(open) => open.commit().await,
        }
    }

    /// Says that what is public of an item changes: whether it is seen, its words, or its thread.
    pub fn item_changes(&mut self, id: ItemId) {
        match self {
            Tx::Sqlite(open) => open.changed_items.push(id),
            Tx::Postgres(open) => open.changed_items.push(id),
        }
    }

    /// The items that changed, each once.
    pub(super) fn changed_items(&mut self) -> Vec<ItemId> {
        let mut changed = match self {
            Tx::Sqlite(open) => std::mem::take(&mut open.changed_items),
            Tx::Postgres(open) => std::mem::take(&mut open.changed_items),
        };
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Waits until no write that goes on beside this one can commit before it.
    pub(super) async fn take_turn(&mut self) -> Result<()> {
        match self {
            Tx::Postgres(open) if !open.is_alone => self.sql(TAKE_TURN).execute().await.map(drop),
            Tx::Sqlite(_) | Tx::Postgres(_) => Ok(()),
        }
    }

    /// Lets the transaction wait for another database between its statements.
    pub async fn allow_pauses(&mut self) -> Result<()> {
        match self {
            Tx::Sqlite(_) => Ok(()),
            Tx::Postgres(_) => {
                let set = "set local idle_in_transaction_session_timeout = 0";
                self.sql(set).execute().await.map(drop)
            }
        }
    }

    /// The highest item id ever used, by the database or an import.
    pub async fn last_item_id(&mut self) -> Result<i64> {
        let select = match self {
            Tx::Sqlite(_) => Sqlite::LAST_ITEM_ID,
            Tx::Postgres(_) => Postgres::LAST_ITEM_ID,
        };
        self.sql(select).fetch_scalar().await
    }

    /// Lets new items have ids above all that exist, after items were inserted with ids of their own.
    pub async fn skip_used_item_ids(&mut self) -> Result<()> {
        match self {
            // The engine does so by itself.
            Tx::Sqlite(_) => Ok(()),
            Tx::Postgres(_) => {
                let set = "select setval('items_id_seq', greatest(max(items.id), \
                           (select last_value from items_id_seq))) from items";
                self.sql(set).exists().await.map(drop)
            }
        }
    }
}
