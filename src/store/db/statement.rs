//! The seam to sqlx: the store writes SQL, binds values and fetches rows here, and names no type of sqlx's.

use std::borrow::Cow;

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
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
pub struct Tx {
    pub(super) transaction: Transaction<'static, Sqlite>,
    /// Whether a statement failed; it cannot be committed then.
    pub(super) has_failed: bool,
}

pub enum Db<'c> {
    Read(&'c SqlitePool),
    Write(&'c mut Tx),
}

impl<'c> From<&'c ReadPool> for Db<'c> {
    fn from(pool: &'c ReadPool) -> Db<'c> {
        Db::Read(&pool.0)
    }
}

impl<'c> From<&'c mut Tx> for Db<'c> {
    fn from(tx: &'c mut Tx) -> Db<'c> {
        Db::Write(tx)
    }
}

impl<'c> Db<'c> {
    pub fn reborrow(&mut self) -> Db<'_> {
        match self {
            Db::Read(pool) => Db::Read(pool),
            Db::Write(tx) => Db::Write(tx),
        }
    }

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
        let Statement { db, text, arguments, persistent } = $statement;
        let query = |arguments| sqlx::$kind(AssertSqlSafe(text), arguments).persistent(persistent);
        let arguments = arguments.map_err(sqlx::Error::Encode);
        match db {
            Db::Read(pool) => query(arguments?).$method(pool).await?,
            Db::Write(tx) => {
                let done = match arguments {
                    Ok(arguments) => query(arguments).$method(&mut *tx.transaction).await,
                    Err(error) => Err(error),
                };
                tx.has_failed |= done.as_ref().is_err_and(|error| !matches!(error, sqlx::Error::RowNotFound));
                done?
            }
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

    /// Appends `(?, ?, ?)`. Takes from 1 to 32,766 values, SQLite's limit for a statement.
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
