use std::borrow::Cow;

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, FromRow, Sqlite, Transaction, Type};

use super::error::Result;

pub trait Bindable<'v>: Encode<'v, Sqlite> + Type<Sqlite> {}

impl<'v, T: Encode<'v, Sqlite> + Type<Sqlite>> Bindable<'v> for T {}

pub trait Fetchable: for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

impl<T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin> Fetchable for T {}

/// Reader connections. Queries are read to the end, outside of transactions: a long snapshot would block WAL
/// checkpoints.
#[derive(Debug, Clone)]
pub struct ReadPool(pub(super) SqlitePool);

/// A write transaction, rolled back unless committed.
pub struct Tx(pub(super) Transaction<'static, Sqlite>);

pub enum Db<'c> {
    Read(&'c SqlitePool),
    Write(&'c mut SqliteConnection),
}

impl<'c> From<&'c ReadPool> for Db<'c> {
    fn from(pool: &'c ReadPool) -> Db<'c> {
        Db::Read(&pool.0)
    }
}

impl<'c> From<&'c mut Tx> for Db<'c> {
    fn from(tx: &'c mut Tx) -> Db<'c> {
        Db::Write(&mut tx.0)
    }
}

impl<'c> Db<'c> {
    pub fn sql(self, text: &'static str) -> Statement<'c> {
        Statement {
            db: self,
            text: Cow::Borrowed(text),
            arguments: Ok(SqliteArguments::default()),
            persistent: true,
        }
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

    /// The highest item id ever used, by the database or an import.
    pub async fn last_item_id(&mut self) -> Result<i64> {
        self.sql("select coalesce(max(seq), 0) from sqlite_sequence where name = 'items'")
            .fetch_scalar()
            .await
    }
}

/// Either SQL with `$1`, `$2` and so on, bound in this order, or built with `push_bind`, `list` and `values`.
pub struct Statement<'c> {
    db: Db<'c>,
    text: Cow<'static, str>,
    arguments: Result<SqliteArguments, BoxDynError>,
    persistent: bool,
}

macro_rules! run {
    ($statement:ident, $kind:ident, $method:ident) => {{
        let arguments = $statement.arguments.map_err(sqlx::Error::Encode)?;
        let query = sqlx::$kind(AssertSqlSafe($statement.text), arguments).persistent($statement.persistent);
        match $statement.db {
            Db::Read(pool) => query.$method(pool).await?,
            Db::Write(connection) => query.$method(connection).await?,
        }
    }};
}

impl Statement<'_> {
    pub fn bind<'v>(mut self, value: impl Bindable<'v>) -> Self {
        self.add(value);
        self
    }

    fn add<'v>(&mut self, value: impl Bindable<'v>) {
        if let Ok(arguments) = &mut self.arguments
            && let Err(error) = arguments.add(value)
        {
            self.arguments = Err(error);
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
        self.text.to_mut().push('?');
        self.add(value);
    }

    /// Appends `(?, ?, ?)`.
    pub fn list<'v, T: Bindable<'v>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        let mut tuple = Tuple::begin(&mut self);
        for value in values {
            tuple.bind(value);
        }
        self.push(")")
    }

    /// Appends `values (?, ?), (?, ?)`, each row bound by `bind`.
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
        self
    }

    /// Skips the prepared statement cache, for SQL that is rarely repeated.
    pub fn once(mut self) -> Self {
        self.persistent = false;
        self
    }

    pub async fn execute(self) -> Result<u64> {
        Ok(run!(self, query_with, execute).rows_affected())
    }

    pub async fn exists(self) -> Result<bool> {
        Ok(run!(self, query_with, fetch_optional).is_some())
    }

    pub async fn fetch_all<T: Fetchable>(self) -> Result<Vec<T>> {
        Ok(run!(self, query_as_with, fetch_all))
    }

    pub async fn fetch_optional<T: Fetchable>(self) -> Result<Option<T>> {
        Ok(run!(self, query_as_with, fetch_optional))
    }

    /// Fails with `NotFound` if there is no row.
    pub async fn fetch_one<T: Fetchable>(self) -> Result<T> {
        Ok(run!(self, query_as_with, fetch_one))
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

pub struct Tuple<'s, 'c> {
    statement: &'s mut Statement<'c>,
    separator: &'static str,
}

impl<'s, 'c> Tuple<'s, 'c> {
    fn begin(statement: &'s mut Statement<'c>) -> Tuple<'s, 'c> {
        Tuple { statement, separator: "(" }
    }

    pub fn bind<'v>(&mut self, value: impl Bindable<'v>) -> &mut Self {
        self.statement.text.to_mut().push_str(self.separator);
        self.separator = ", ";
        self.statement.place(value);
        self
    }
}
