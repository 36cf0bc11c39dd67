//! Rows of any table, in a form that is the same on both engines.

use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, FromRow, Row, TypeInfo, ValueRef};

use super::error::CopyError;
use super::tables::{ColumnKind, TableShape};
use crate::store::db::engine::Tx;
use crate::store::db::error::Result;
use crate::store::db::statement::{Statement, Tuple};

/// A boolean is 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellValue {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

pub struct CopiedRow(Vec<CellValue>);

impl<'r> FromRow<'r, SqliteRow> for CopiedRow {
    fn from_row(row: &'r SqliteRow) -> Result<CopiedRow, sqlx::Error> {
        CopiedRow::read(row)
    }
}

impl<'r> FromRow<'r, PgRow> for CopiedRow {
    fn from_row(row: &'r PgRow) -> Result<CopiedRow, sqlx::Error> {
        CopiedRow::read(row)
    }
}

impl CopiedRow {
    fn read<'r, R: Row>(row: &'r R) -> Result<CopiedRow, sqlx::Error>
    where
        usize: ColumnIndex<R>,
        i64: Decode<'r, R::Database>,
        bool: Decode<'r, R::Database>,
        String: Decode<'r, R::Database>,
        Vec<u8>: Decode<'r, R::Database>,
    {
        let cell = |at: usize| {
            let raw = row.try_get_raw(at)?;
            if raw.is_null() {
                return Ok(CellValue::Null);
            }
            let kind = raw.type_info().name().to_owned();
            match kind.as_str() {
                "INTEGER" | "INT8" => row.try_get_unchecked(at).map(CellValue::Integer),
                "BOOL" => row.try_get_unchecked(at).map(|is: bool| CellValue::Integer(i64::from(is))),
                "TEXT" => row.try_get_unchecked(at).map(CellValue::Text),
                "BLOB" | "BYTEA" => row.try_get_unchecked(at).map(CellValue::Bytes),
                other => Err(sqlx::Error::Decode(format!("a value of the type {other}").into())),
            }
        };
        (0..row.len()).map(cell).collect::<Result<_, _>>().map(CopiedRow)
    }

    /// Fails if the columns cannot hold the values, or PostgreSQL can hold them on no account.
    pub fn check(&self, table: &TableShape, to_postgres: bool) -> Result<(), CopyError> {
        for (value, (_, kind)) in self.0.iter().zip(&table.columns) {
            match (value, kind) {
                (CellValue::Text(text), ColumnKind::Text) if to_postgres && text.contains('\0') => {
                    return Err(CopyError::Nul(table.name.clone()));
                }
                (CellValue::Null, _)
                | (CellValue::Integer(_), ColumnKind::Integer)
                | (CellValue::Integer(0 | 1), ColumnKind::Boolean)
                | (CellValue::Text(_), ColumnKind::Text)
                | (CellValue::Bytes(_), ColumnKind::Bytes) => {}
                _ => return Err(CopyError::Type(table.name.clone())),
            }
        }
        Ok(())
    }

    /// Nulls are bound with the type of their column, which PostgreSQL needs to know.
    pub fn bind(&self, table: &TableShape, tuple: &mut Tuple<'_, '_>) {
        for (value, (_, kind)) in self.0.iter().zip(&table.columns) {
            match kind {
                ColumnKind::Integer => tuple.bind(value.integer()),
                ColumnKind::Boolean => tuple.bind(value.integer().map(|number| number != 0)),
                ColumnKind::Text => tuple.bind(value.text()),
                ColumnKind::Bytes => tuple.bind(value.bytes()),
            };
        }
    }

    fn add_to(&self, hash: &mut Sha256) {
        for value in &self.0 {
            match value {
                CellValue::Null => hash.update(b"n"),
                CellValue::Integer(number) => {
                    hash.update(b"i");
                    hash.update(number.to_be_bytes());
                }
                CellValue::Text(text) => add_bytes(hash, b't', text.as_bytes()),
                CellValue::Bytes(bytes) => add_bytes(hash, b'b', bytes),
            }
        }
    }
}

fn add_bytes(hash: &mut Sha256, kind: u8, bytes: &[u8]) {
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

impl CellValue {
    fn integer(&self) -> Option<i64> {
        if let CellValue::Integer(number) = self { Some(*number) } else { None }
    }

    fn text(&self) -> Option<&str> {
        if let CellValue::Text(text) = self { Some(text) } else { None }
    }

    fn bytes(&self) -> Option<&[u8]> {
        if let CellValue::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    fn bind_to<'c>(&self, statement: Statement<'c>) -> Statement<'c> {
        match self {
            CellValue::Null => statement.bind(None::<i64>),
            CellValue::Integer(number) => statement.bind(*number),
            CellValue::Text(text) => statement.bind(text.as_str()),
            CellValue::Bytes(bytes) => statement.bind(bytes.as_slice()),
        }
    }
}

/// Reads a table batch by batch, in the order of its key, and sums it up.
pub struct TableReader<'t> {
    table: &'t TableShape,
    /// The key of the last row that was read.
    after: Option<Vec<CellValue>>,
    is_at_end: bool,
    rows: u64,
    hash: Sha256,
}

/// How many rows a table has, and the checksum of them all.
#[derive(Debug, PartialEq, Eq)]
pub struct TableSum {
    pub rows: u64,
    checksum: [u8; 32],
}

impl<'t> TableReader<'t> {
    pub fn new(table: &'t TableShape) -> TableReader<'t> {
        TableReader { table, after: None, is_at_end: false, rows: 0, hash: Sha256::new() }
    }

    /// The next rows; none at the end.
    pub async fn next(&mut self, tx: &mut Tx) -> Result<Vec<CopiedRow>> {
        if self.is_at_end {
            return Ok(Vec::new());
        }
        let mut select = tx.sql_of_schema(self.table.select(self.after.is_none()));
        for value in self.after.iter().flatten() {
            select = value.bind_to(select);
        }
        let rows: Vec<CopiedRow> = select.fetch_all().await?;
        self.is_at_end = rows.len() < self.table.rows_at_once();
        self.rows += rows.len() as u64;
        rows.iter().for_each(|row| row.add_to(&mut self.hash));
        if let Some(CopiedRow(last)) = rows.last() {
            self.after = Some(self.table.key.iter().filter_map(|at| last.get(*at)).cloned().collect());
        }
        Ok(rows)
    }

    pub fn sum(self) -> TableSum {
        TableSum { rows: self.rows, checksum: self.hash.finalize().into() }
    }
}
