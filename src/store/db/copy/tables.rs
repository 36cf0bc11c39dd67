//! The tables of the schema, as the migrations make them.

use sqlx::Connection;

use crate::store::db::error::{Error, Result};
use crate::store::db::sqlite;

/// Tables that are not carried: they concern the processes that run on a database.
const OF_PROCESSES: [&str; 3] = ["changes", "leases", "rate_buckets"];

/// Values bound by one statement at most; SQLite's limit is 32,766.
const MAX_VALUES: usize = 16_000;
const MAX_ROWS: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Integer,
    Boolean,
    Text,
    Bytes,
}

#[derive(Debug)]
pub struct TableShape {
    pub name: String,
    pub columns: Vec<(String, ColumnKind)>,
    /// The columns of its primary key, by their places in `columns`.
    pub key: Vec<usize>,
    /// Whether SQLite keeps its highest id too.
    pub has_autoincrement: bool,
}

#[derive(sqlx::FromRow)]
struct ColumnShape {
    table_name: String,
    column_name: String,
    kind: String,
    /// From 1; 0 if it is not part of the key.
    place_in_key: i64,
    has_autoincrement: bool,
}

/// All tables of the newest schema, also those that are not carried.
pub async fn tables() -> Result<Vec<TableShape>> {
    let mut db = sqlite::in_memory(&sqlite::MIGRATIONS).await?;
    let columns: Vec<ColumnShape> = sqlx::query_as(
        "select t.name as table_name, c.name as column_name, lower(c.type) as kind, c.pk as place_in_key, \
         t.sql like '%autoincrement%' as has_autoincrement \
         from sqlite_master t join pragma_table_info(t.name) c \
         where t.type = 'table' and substr(t.name, 1, 7) <> 'sqlite_' and substr(t.name, 1, 6) <> '_sqlx_' \
         order by t.rowid, c.cid",
    )
    .fetch_all(&mut db)
    .await?;
    db.close().await?;
    let tables = columns.chunk_by(|one, next| one.table_name == next.table_name);
    tables.map(TableShape::of).collect()
}

impl TableShape {
    fn of(found: &[ColumnShape]) -> Result<TableShape> {
        let unknown = |what: &str| Error::other(std::io::Error::other(what.to_owned()));
        let first = found.first().ok_or_else(|| unknown("a table without columns"))?;
        let kind = |column: &ColumnShape| {
            let kind = match column.kind.as_str() {
                "integer" => ColumnKind::Integer,
                "boolean" => ColumnKind::Boolean,
                "text" => ColumnKind::Text,
                "blob" => ColumnKind::Bytes,
                other => return Err(unknown(&format!("a column of the type {other}"))),
            };
            Ok((column.column_name.clone(), kind))
        };
        let mut key: Vec<(i64, usize)> =
            found.iter().enumerate().map(|(at, column)| (column.place_in_key, at)).collect();
        key.retain(|(place, _)| *place > 0);
        key.sort_unstable();
        if key.is_empty() {
            return Err(unknown(&format!("the table {} without a key", first.table_name)));
        }
        Ok(TableShape {
            name: first.table_name.clone(),
            columns: found.iter().map(kind).collect::<Result<_>>()?,
            key: key.into_iter().map(|(_, at)| at).collect(),
            has_autoincrement: first.has_autoincrement,
        })
    }

    pub fn is_carried(&self) -> bool {
        !OF_PROCESSES.contains(&self.name.as_str())
    }

    /// Whether opening a new database fills it already.
    pub fn is_of_identity(&self) -> bool {
        ["instance", "secrets"].contains(&self.name.as_str())
    }

    /// Whether the database numbers its rows.
    pub fn has_ids(&self) -> bool {
        let [at] = self.key[..] else { return false };
        self.columns.get(at).is_some_and(|(name, kind)| name == "id" && *kind == ColumnKind::Integer)
    }

    pub fn rows_at_once(&self) -> usize {
        (MAX_VALUES / self.columns.len()).clamp(1, MAX_ROWS)
    }

    /// Which rows are carried: not the mark of a move, and not the key, which may be a file.
    fn condition(&self) -> &'static str {
        match self.name.as_str() {
            "instance" => "name <> 'moving'",
            "secrets" => "name <> 'ip_hash_key'",
            _ => "true",
        }
    }

    /// Selects rows in the order of the key, from the first one on or after a key that is bound.
    pub fn select(&self, is_first: bool) -> String {
        let key = listed(self.key.iter().filter_map(|at| self.columns.get(*at)));
        let bound: Vec<String> = (1..=self.key.len()).map(|nth| format!("${nth}")).collect();
        let after = if is_first { String::new() } else { format!(" and ({key}) > ({})", bound.join(", ")) };
        format!(
            "select {} from \"{}\" where {}{after} order by {key} limit {}",
            listed(&self.columns),
            self.name,
            self.condition(),
            self.rows_at_once()
        )
    }

    pub fn count(&self) -> String {
        format!("select count(*) from \"{}\" where {}", self.name, self.condition())
    }

    /// Selects a row, if there is any.
    pub fn any(&self) -> String {
        format!("select 1 from \"{}\" limit 1", self.name)
    }

    pub fn insert(&self) -> String {
        format!("insert into \"{}\" ({}) ", self.name, listed(&self.columns))
    }
}

fn listed<'c>(columns: impl IntoIterator<Item = &'c (String, ColumnKind)>) -> String {
    let quoted: Vec<String> = columns.into_iter().map(|(name, _)| format!("\"{name}\"")).collect();
    quoted.join(", ")
}
