//! The highest id that a table ever gave, so that none is given twice.

use super::tables::TableShape;
use crate::store::db::engine::Tx;
use crate::store::db::error::Result;

pub async fn last_id(tx: &mut Tx, table: &TableShape) -> Result<i64> {
    let name = &table.name;
    let select = match tx {
        Tx::Postgres(_) => format!(
            "select greatest(coalesce(max(id), 0), coalesce(pg_sequence_last_value({}), 0)) from \"{name}\"",
            sequence(name)
        ),
        Tx::Sqlite(_) if table.has_autoincrement => format!(
            "select max(coalesce(max(id), 0), \
             coalesce((select seq from sqlite_sequence where name = '{name}'), 0)) from \"{name}\""
        ),
        Tx::Sqlite(_) => format!("select coalesce(max(id), 0) from \"{name}\""),
    };
    tx.sql_of_schema(select).fetch_scalar().await
}

/// SQLite gives the next id by itself, except where it never gives one twice.
pub async fn set_last_id(tx: &mut Tx, table: &TableShape, id: i64) -> Result<()> {
    if id < 1 {
        return Ok(());
    }
    let name = &table.name;
    match tx {
        Tx::Postgres(_) => {
            let set = format!("select setval({}, $1)", sequence(name));
            tx.sql_of_schema(set).bind(id).exists().await?;
        }
        Tx::Sqlite(_) if table.has_autoincrement => {
            tx.sql("delete from sqlite_sequence where name = $1").bind(name.as_str()).execute().await?;
            let insert = "insert into sqlite_sequence (name, seq) values ($1, $2)";
            tx.sql(insert).bind(name.as_str()).bind(id).execute().await?;
        }
        Tx::Sqlite(_) => {}
    }
    Ok(())
}

fn sequence(table: &str) -> String {
    format!("cast(pg_get_serial_sequence('{table}', 'id') as regclass)")
}
