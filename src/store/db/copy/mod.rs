//! Moves a forum: copies every row from one database into another, of either engine, and compares both.

mod error;
mod numbering;
mod references;
mod rows;
mod tables;
mod target;

pub use error::MoveError;

use error::CopyError;
use rows::{CopiedRow, TableReader, TableSum};
use tables::TableShape;

use super::engine::{Connections, Tx};
use super::error::{Error, OpenError, Result};
use super::identity::{decode, encode};
use super::{Store, sqlite};
use crate::database_address::DatabaseAddress;

/// What a move does meanwhile; `total` rows are copied, and then all are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveProgress {
    Copying { total: u64 },
    Comparing { total: u64 },
    Rows(u64),
}

/// A table and the number of rows that were copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedTable {
    pub name: String,
    pub rows: u64,
}

type OnProgress<'p> = &'p mut (dyn FnMut(MoveProgress) + Send);

/// Copies the forum as it is when copying begins into an empty database.
pub async fn move_forum(
    from: &DatabaseAddress,
    to: &DatabaseAddress,
    on_progress: OnProgress<'_>,
) -> Result<Vec<MovedTable>, MoveError> {
    if from == to {
        return Err(MoveError::Same(from.clone(), to.clone()));
    }
    // Opening a database without its key would make another one.
    if let Some(file) = from.file()
        && sqlite::look(file)? == sqlite::FileKind::Stoa
    {
        sqlite::check_key(&sqlite::key_file(file))?;
    }
    let source = Store::open_existing(from).await?;
    let moved = move_from(&source, to, on_progress).await;
    source.close().await;
    moved
}

async fn move_from(
    source: &Store,
    to: &DatabaseAddress,
    on_progress: OnProgress<'_>,
) -> Result<Vec<MovedTable>, MoveError> {
    target::check_schema(source).await?;
    let tables = tables::tables().await.map_err(|e| OpenError::Identity(source.address().clone(), e))?;
    let connections = target::prepare(to, source, &tables).await?;
    let moved = copy(source, (&connections, to), &tables, on_progress).await;
    connections.close().await;
    moved.map_err(|e| MoveError::Unfinished(to.clone(), e))
}

/// One snapshot of the source is written in one transaction, which also removes the target's mark.
async fn copy(
    source: &Store,
    (connections, to): (&Connections, &DatabaseAddress),
    tables: &[TableShape],
    on_progress: OnProgress<'_>,
) -> Result<Vec<MovedTable>, CopyError> {
    let (mut read, mut write) = (source.read.0.snapshot().await?, connections.begin().await?);
    write.allow_pauses().await?;
    let carried: Vec<&TableShape> = tables.iter().filter(|table| table.is_carried()).collect();
    let mut counts = Vec::new();
    for table in &carried {
        counts.push(count(&mut read, table).await.map_err(|e| CopyError::Read(table.name.clone(), e))?);
    }
    let total = counts.iter().sum();
    // Opening the target has made it a forum of its own.
    write.sql("delete from instance where name <> 'moving'").execute().await?;
    write.sql("delete from secrets").execute().await?;
    let references = references::drop_references(&mut write).await?;
    on_progress(MoveProgress::Copying { total });
    let mut sums = Vec::new();
    for (table, count) in carried.iter().zip(counts) {
        let sum = copy_table(&mut read, &mut write, table, on_progress).await?;
        if sum.rows != count {
            return Err(CopyError::Differs(table.name.clone()));
        }
        sums.push(sum);
    }
    for table in tables.iter().filter(|table| table.has_ids()) {
        let id = numbering::last_id(&mut read, table).await;
        let id = id.map_err(|e| CopyError::Read(table.name.clone(), e))?;
        let set = numbering::set_last_id(&mut write, table, id).await;
        set.map_err(|e| CopyError::Write(table.name.clone(), e))?;
    }
    references::check_references(&mut write, references).await?;
    copy_key((source, &mut read), (to, &mut write)).await?;
    on_progress(MoveProgress::Comparing { total });
    let mut moved = Vec::new();
    for (table, sum) in carried.into_iter().zip(sums) {
        compare(&mut write, table, &sum, on_progress).await?;
        moved.push(MovedTable { name: table.name.clone(), rows: sum.rows });
    }
    write.sql("delete from instance where name = 'moving'").execute().await?;
    write.commit().await.map_err(Error::from)?;
    Ok(moved)
}

async fn count(tx: &mut Tx, table: &TableShape) -> Result<u64> {
    let count: i64 = tx.sql_of_schema(table.count()).fetch_scalar().await?;
    u64::try_from(count).map_err(Error::other)
}

async fn copy_table(
    read: &mut Tx,
    write: &mut Tx,
    table: &TableShape,
    on_progress: OnProgress<'_>,
) -> Result<TableSum, CopyError> {
    let mut reader = TableReader::new(table);
    loop {
        let rows = reader.next(read).await.map_err(|e| CopyError::Read(table.name.clone(), e))?;
        if rows.is_empty() {
            return Ok(reader.sum());
        }
        insert(write, table, &rows).await?;
        on_progress(MoveProgress::Rows(rows.len() as u64));
    }
}

async fn insert(write: &mut Tx, table: &TableShape, rows: &[CopiedRow]) -> Result<(), CopyError> {
    let to_postgres = matches!(write, Tx::Postgres(_));
    for row in rows {
        row.check(table, to_postgres)?;
    }
    let insert = write.sql_of_schema(table.insert()).values(rows, |tuple, row| row.bind(table, tuple));
    // All batches but the last have the same text.
    let insert = if rows.len() < table.rows_at_once() { insert.once() } else { insert };
    insert.execute().await.map_err(|e| CopyError::Write(table.name.clone(), e))?;
    Ok(())
}

/// Reads a table of the copy again; fails if it is not as it was read from the source.
async fn compare(
    write: &mut Tx,
    table: &TableShape,
    expected: &TableSum,
    on_progress: OnProgress<'_>,
) -> Result<(), CopyError> {
    let failed = |e| CopyError::ReadBack(table.name.clone(), e);
    let count = count(write, table).await.map_err(failed)?;
    let mut reader = TableReader::new(table);
    loop {
        let rows = reader.next(write).await.map_err(failed)?;
        if rows.is_empty() {
            break;
        }
        on_progress(MoveProgress::Rows(rows.len() as u64));
    }
    if count != expected.rows || reader.sum() != *expected {
        return Err(CopyError::Differs(table.name.clone()));
    }
    Ok(())
}

/// The key of the address hashes is a file beside a SQLite database, and a row on PostgreSQL.
async fn copy_key(
    (source, read): (&Store, &mut Tx),
    (to, write): (&DatabaseAddress, &mut Tx),
) -> Result<(), CopyError> {
    let failed = |e| CopyError::Write("secrets".to_owned(), e);
    let text: String = match source.address().file() {
        Some(file) => {
            let path = sqlite::key_file(file);
            let secret = sqlite::read_key(&path)?;
            encode(&secret.ok_or(OpenError::NoKey(path))?)
        }
        None => {
            let select = "select value from secrets where name = 'ip_hash_key'";
            read.sql(select).fetch_scalar().await.map_err(|e| CopyError::Read("secrets".to_owned(), e))?
        }
    };
    match to.file() {
        Some(file) => {
            let path = sqlite::key_file(file);
            let secret = decode(&text).ok_or_else(|| OpenError::WrongKey(path.clone()))?;
            Ok(sqlite::write_key(file, &path, &secret)?)
        }
        None => {
            let insert = "insert into secrets (name, value) values ('ip_hash_key', $1)";
            write.sql(insert).bind(text).execute().await.map_err(failed).map(drop)
        }
    }
}
