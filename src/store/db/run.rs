//! Runs a statement on a connection of one engine.

use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, FromRow, IntoArguments, Pool};

use super::engine::{Engine, Open};
use super::error::{Result, is_of_nul};
use super::statement_times::{StatementClock, StatementTimes};

pub trait Fetchable: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send {}

impl<T> Fetchable for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send {}

/// Where statements run on one engine.
pub enum Source<'c, E: Engine> {
    Read(&'c Pool<E>, &'c Arc<StatementTimes>),
    Write(&'c mut Open<E>),
}

impl<'c, E: Engine> Source<'c, E> {
    pub fn reborrow(&mut self) -> Source<'_, E> {
        match self {
            Source::Read(pool, times) => Source::Read(pool, times),
            Source::Write(open) => Source::Write(open),
        }
    }

    pub(super) fn clock(&self) -> Option<StatementClock> {
        match self {
            Source::Read(_, times) => Some(StatementClock::reads(times)),
            Source::Write(open) => open.times.as_ref().map(StatementClock::writes),
        }
    }

    pub(super) async fn connection(self) -> Result<Connection<'c, E>, sqlx::Error> {
        Ok(match self {
            Source::Read(pool, _) => Connection::Read(pool.acquire().await.map_err(|error| match error {
                sqlx::Error::PoolTimedOut if E::IS_SERVER => {
                    sqlx::Error::Io(std::io::Error::other("no connection to the database"))
                }
                error => error,
            })?),
            Source::Write(open) => Connection::Write(open),
        })
    }
}

/// A connection for one statement.
pub enum Connection<'c, E: Engine> {
    Read(PoolConnection<E>),
    Write(&'c mut Open<E>),
}

impl<E: Engine> Connection<'_, E> {
    fn get(&mut self) -> &mut E::Connection {
        match self {
            Connection::Read(connection) => connection,
            Connection::Write(open) => &mut open.transaction,
        }
    }
}

/// A row of either engine.
pub enum Row<'r> {
    Sqlite(&'r SqliteRow),
    Postgres(&'r PgRow),
}

impl Row<'_> {
    pub(super) fn read<T: Fetchable>(self) -> Result<T, sqlx::Error> {
        match self {
            Row::Sqlite(row) => T::from_row(row),
            Row::Postgres(row) => T::from_row(row),
        }
    }
}

impl<'r> From<&'r SqliteRow> for Row<'r> {
    fn from(row: &'r SqliteRow) -> Row<'r> {
        Row::Sqlite(row)
    }
}

impl<'r> From<&'r PgRow> for Row<'r> {
    fn from(row: &'r PgRow) -> Row<'r> {
        Row::Postgres(row)
    }
}

/// Takes a row; a pointer, so that fetching is compiled once for each engine and not for each type.
pub type Take<'t> = &'t mut (dyn FnMut(Row<'_>) -> Result<(), sqlx::Error> + Send);

pub type BoundQuery<E> = Query<'static, E, <E as sqlx::Database>::Arguments>;

impl<E: Engine> Connection<'_, E>
where
    for<'e> &'e mut E::Connection: Executor<'e, Database = E>,
    for<'r> Row<'r>: From<&'r E::Row>,
    E::Arguments: IntoArguments<E>,
{
    pub(super) async fn fetch_each(
        &mut self,
        query: BoundQuery<E>,
        take: Take<'_>,
    ) -> Result<(), sqlx::Error> {
        let mut rows = query.fetch(self.get());
        while let Some(row) = rows.try_next().await? {
            take(Row::from(&row))?;
        }
        Ok(())
    }

    pub(super) async fn fetch_first(
        &mut self,
        query: BoundQuery<E>,
        take: Take<'_>,
    ) -> Result<(), sqlx::Error> {
        match query.fetch_optional(self.get()).await? {
            Some(row) => take(Row::from(&row)),
            None => Ok(()),
        }
    }

    pub(super) async fn execute(&mut self, query: BoundQuery<E>) -> Result<u64, sqlx::Error> {
        query.execute(self.get()).await.map(|done| E::rows_affected(&done))
    }

    pub(super) fn finish<T: Default>(self, done: Result<T, sqlx::Error>) -> Result<T> {
        match (self, done) {
            (_, Ok(done)) => Ok(done),
            (Connection::Read(_), Err(error)) if is_of_nul(&error) => Ok(T::default()),
            (Connection::Read(_), Err(error)) => Err(error.into()),
            (Connection::Write(open), Err(error)) => {
                open.has_failed = true;
                Err(error.into())
            }
        }
    }
}
