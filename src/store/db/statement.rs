//! The seam to sqlx: the store writes SQL, binds values and fetches rows here, and names no type of sqlx's.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, Postgres, Sqlite, Type};
use tokio::time::Instant;

use super::engine::{Connections, Tx};
use super::error::{Error, Result};
pub use super::run::Fetchable;
use super::run::{Source, Take};
use super::statement_times::StatementTimes;

pub trait Bindable<'v>: Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres> {}

impl<'v, T> Bindable<'v> for T where
    T: Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres>
{
}

/// Reader connections. Queries are read to the end, outside of transactions: a long snapshot would block WAL
/// checkpoints.
#[derive(Debug, Clone)]
pub struct ReadPool(pub(super) Connections, pub(super) Arc<StatementTimes>);

/// Where statements run: on a reader connection or in a write transaction.
pub enum Db<'c> {
    Sqlite(Source<'c, Sqlite>),
    Postgres(Source<'c, Postgres>),
}

impl<'c> From<&'c ReadPool> for Db<'c> {
    fn from(pool: &'c ReadPool) -> Db<'c> {
        match &pool.0 {
            Connections::Sqlite(connections) => Db::Sqlite(Source::Read(connections, &pool.1)),
            Connections::Postgres(connections) => Db::Postgres(Source::Read(connections, &pool.1)),
        }
    }
}

impl<'c> From<&'c mut Tx> for Db<'c> {
    fn from(tx: &'c mut Tx) -> Db<'c> {
        match tx {
            Tx::Sqlite(open) => Db::Sqlite(Source::Write(open)),
            Tx::Postgres(open) => Db::Postgres(Source::Write(open)),
        }
    }
}

impl<'c> Db<'c> {
    pub fn reborrow(&mut self) -> Db<'_> {
        match self {
            Db::Sqlite(source) => Db::Sqlite(source.reborrow()),
            Db::Postgres(source) => Db::Postgres(source.reborrow()),
        }
    }

    pub fn sql(self, text: &'static str) -> Statement<'c> {
        self.statement(Cow::Borrowed(text))
    }

    fn statement(self, text: Cow<'static, str>) -> Statement<'c> {
        let target = match self {
            Db::Sqlite(source) => Target::Sqlite(source, SqliteArguments::default()),
            Db::Postgres(source) => Target::Postgres(source, PgArguments::default()),
        };
        Statement { target, text, error: None, persistent: true }
    }
}

impl ReadPool {
    pub fn sql(&self, text: &'static str) -> Statement<'_> {
        Db::from(self).sql(text)
    }
}

impl Tx {
    pub fn sql(&mut self, text: &'static str) -> Statement<'_> {
        Db::from(self).sql(text)
    }

    /// Runs SQL made of the schema's own names.
    pub(super) fn sql_of_schema(&mut self, text: String) -> Statement<'_> {
        Db::from(self).statement(Cow::Owned(text))
    }
}

/// Either SQL with `$1`, `$2` and so on, bound in this order, or built with `push_bind`, `list` and `values`.
pub struct Statement<'c> {
    target: Target<'c>,
    text: Cow<'static, str>,
    /// The first value that could not be bound.
    error: Option<BoxDynError>,
    persistent: bool,
}

enum Target<'c> {
    Sqlite(Source<'c, Sqlite>, SqliteArguments),
    Postgres(Source<'c, Postgres>, PgArguments),
}

macro_rules! run {
    ($statement:ident, $method:ident $(, $take:expr)?) => {{
        let Statement { target, text, error, persistent } = $statement;
        match target {
            Target::Sqlite(source, arguments) => {
                run!(@on source, arguments, text, error, persistent, $method $(, $take)?)
            }
            Target::Postgres(source, arguments) => {
                run!(@on source, arguments, text, error, persistent, $method $(, $take)?)
            }
        }
    }};
    (@on $source:ident, $arguments:ident, $text:ident, $error:ident, $persistent:ident, $method:ident
     $(, $take:expr)?) => {{
        let clock = $source.clock();
        let mut connection = $source.connection().await?;
        let (began, timed) = (Instant::now(), $text.clone());
        let done = match $error {
            Some(error) => Err(sqlx::Error::Encode(error)),
            None => {
                let query = sqlx::query_with(AssertSqlSafe($text), $arguments).persistent($persistent);
                connection.$method(query $(, $take)?).await
            }
        };
        if let Some(clock) = clock {
            clock.record(began.elapsed(), &timed);
        }
        connection.finish(done)
    }};
}

impl Statement<'_> {
    pub fn bind<'v>(mut self, value: impl Bindable<'v>) -> Self {
        self.add(value);
        self
    }

    fn add<'v>(&mut self, value: impl Bindable<'v>) {
        let added = match &mut self.target {
            Target::Sqlite(_, arguments) => arguments.add(value),
            Target::Postgres(_, arguments) => arguments.add(value),
        };
        if let Err(error) = added {
            self.error.get_or_insert(error);
        }
    }

    /// Keeps writes that go on beside this one from changing the rows of the table named `i`.
    pub fn for_update_of_i(self) -> Self {
        match self.target {
            Target::Sqlite(..) => self,
            Target::Postgres(..) => self.push(" for no key update of i"),
        }
    }

    pub fn push(mut self, text: &'static str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    pub fn push_bind<'v>(mut self, value: impl Bindable<'v>) -> Self {
        self.place(value);
        self
    }

    fn place<'v>(&mut self, value: impl Bindable<'v>) {
        self.add(value);
        let text = self.text.to_mut();
        // Writing to a string cannot fail.
        let _ = match &self.target {
            Target::Sqlite(_, arguments) => arguments.format_placeholder(text),
            Target::Postgres(_, arguments) => arguments.format_placeholder(text),
        };
    }

    /// Appends `(?, ?, ?)`, which SQLite numbers apart from `$1`: a statement has one kind. Takes from 1 to
    /// 32,766 values, SQLite's limit for a statement.
    pub fn list<'v, T: Bindable<'v>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        let mut tuple = Tuple::begin(&mut self);
        for value in values {
            tuple.bind(value);
        }
        debug_assert_ne!(tuple.separator, FIRST, "a list of no values");
        self.push(")")
    }

    /// Appends `values (?, ?), (?, ?)`, each row bound by `bind`. Takes from 1 to 32,766 values in all.
    pub fn values<R>(
        mut self,
        rows: impl IntoIterator<Item = R>,
        mut bind: impl FnMut(&mut Tuple<'_, '_>, R),
    ) -> Self {
        let mut before = "values ";
        for row in rows {
            self.text.to_mut().push_str(before);
            bind(&mut Tuple::begin(&mut self), row);
            self.text.to_mut().push(')');
            before = ", ";
        }
        debug_assert_eq!(before, ", ", "no rows");
        self
    }

    /// Skips the prepared statement cache, for SQL that is rarely repeated.
    pub fn once(mut self) -> Self {
        self.persistent = false;
        self
    }

    pub async fn execute(self) -> Result<u64> {
        run!(self, execute)
    }

    pub async fn exists(self) -> Result<bool> {
        let mut found = false;
        self.first(&mut |_| {
            found = true;
            Ok(())
        })
        .await?;
        Ok(found)
    }

    async fn first(self, take: Take<'_>) -> Result<()> {
        run!(self, fetch_first, take)
    }

    async fn each(self, take: Take<'_>) -> Result<()> {
        run!(self, fetch_each, take)
    }

    pub async fn fetch_all<T: Fetchable>(self) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.each(&mut |row| {
            rows.push(row.read()?);
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    pub async fn fetch_optional<T: Fetchable>(self) -> Result<Option<T>> {
        let mut found = None;
        self.first(&mut |row| {
            found = Some(row.read()?);
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// Fails with `NotFound` if there is no row.
    pub async fn fetch_one<T: Fetchable>(self) -> Result<T> {
        self.fetch_optional().await?.ok_or(Error::NotFound)
    }

    pub async fn fetch_scalars<T>(self) -> Result<Vec<T>>
    where
        (T,): Fetchable,
    {
        Ok(self.fetch_all::<(T,)>().await?.into_iter().map(|(value,)| value).collect())
    }

    pub async fn fetch_optional_scalar<T>(self) -> Result<Option<T>>
    where
        (T,): Fetchable,
    {
        Ok(self.fetch_optional::<(T,)>().await?.map(|(value,)| value))
    }

    /// Fails with `NotFound` if there is no row.
    pub async fn fetch_scalar<T>(self) -> Result<T>
    where
        (T,): Fetchable,
    {
        Ok(self.fetch_one::<(T,)>().await?.0)
    }
}

const FIRST: &str = "(";

pub struct Tuple<'s, 'c> {
    statement: &'s mut Statement<'c>,
    separator: &'static str,
}

impl<'s, 'c> Tuple<'s, 'c> {
    fn begin(statement: &'s mut Statement<'c>) -> Tuple<'s, 'c> {
        Tuple { statement, separator: FIRST }
    }

    pub fn bind<'v>(&mut self, value: impl Bindable<'v>) -> &mut Self {
        self.statement.text.to_mut().push_str(self.separator);
        self.separator = ", ";
        self.statement.place(value);
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{Error, Store};

    #[tokio::test]
    async fn a_transaction_of_which_a_statement_failed_is_not_committed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("stoa.db")).await.unwrap();
        let insert = "insert into settings (name, value) values ('a', 'b')";
        let mut tx = store.begin().await.unwrap();
        tx.sql(insert).execute().await.unwrap();
        assert!(matches!(tx.sql(insert).execute().await, Err(Error::Conflict)));
        assert!(store.commit(tx, &[]).await.is_err());
        let mut tx = store.begin().await.unwrap();
        let none = tx.sql("select value from settings").fetch_scalar::<String>().await;
        assert!(matches!(none, Err(Error::NotFound)), "it was rolled back: {none:?}");
        tx.sql(insert).execute().await.unwrap();
        store.commit(tx, &[]).await.unwrap();
    }
}
