//! Rows are written before those that they refer to, so references are checked when all are there. On SQLite
//! the connection enforces none meanwhile.

use super::error::CopyError;
use crate::store::db::engine::Tx;
use crate::store::db::error::Result;

/// Removes PostgreSQL's foreign keys; returns the statements that add them again.
pub async fn drop_references(tx: &mut Tx) -> Result<Vec<String>> {
    if let Tx::Sqlite(_) = tx {
        return Ok(Vec::new());
    }
    let select = "select format('alter table %I drop constraint %I', t.relname, c.conname), \
                  format('alter table %I add constraint %I %s', t.relname, c.conname, \
                  pg_get_constraintdef(c.oid)) \
                  from pg_constraint c join pg_class t on t.oid = c.conrelid \
                  join pg_namespace n on n.oid = c.connamespace and n.nspname = current_schema() \
                  where c.contype = 'f' order by c.oid";
    let found: Vec<(String, String)> = tx.sql(select).fetch_all().await?;
    let mut added_later = Vec::new();
    for (drop, add) in found {
        tx.sql_of_schema(drop).once().execute().await?;
        added_later.push(add);
    }
    Ok(added_later)
}

/// Adds the foreign keys again, by which they are checked.
pub async fn check_references(tx: &mut Tx, added: Vec<String>) -> Result<(), CopyError> {
    for add in added {
        tx.sql_of_schema(add).once().execute().await.map_err(CopyError::Constraints)?;
    }
    if let Tx::Sqlite(_) = tx {
        let broken = tx.sql("pragma foreign_key_check").fetch_optional::<(String,)>().await;
        if let Some((table,)) = broken.map_err(CopyError::Constraints)? {
            return Err(CopyError::References(table));
        }
    }
    Ok(())
}
