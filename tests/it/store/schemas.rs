//! Both engines have the same tables, columns, keys and indices.

use std::collections::BTreeSet;

use stoa::store::Store;

use crate::support::database::{self, TestConnection};

/// Table, column, type and whether it may be null; a primary key is never null.
const SQLITE_COLUMNS: &str = "select t.name, c.name, \
    case lower(c.type) when 'integer' then 'bigint' when 'blob' then 'bytea' else lower(c.type) end, \
    c.\"notnull\" or c.pk > 0 \
    from sqlite_master t join pragma_table_info(t.name) c where t.type = 'table'";
const POSTGRES_COLUMNS: &str = "select table_name, column_name, data_type, is_nullable = 'NO' \
    from information_schema.columns where table_schema = 'public'";

/// Table, column and the table that it refers to.
const SQLITE_KEYS: &str = "select t.name, f.\"from\", f.\"table\" \
    from sqlite_master t join pragma_foreign_key_list(t.name) f where t.type = 'table'";
const POSTGRES_KEYS: &str = "select cast(cast(c.conrelid as regclass) as text), a.attname, \
    cast(cast(c.confrelid as regclass) as text) from pg_constraint c \
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] where c.contype = 'f'";

/// Name, table, whether it is unique, and each column's number, name and direction. Expressions have no name.
const SQLITE_INDEX_COLUMNS: &str = "select m.name, m.tbl_name, m.sql like 'create unique%', x.seqno, \
    coalesce(x.name, ''), x.\"desc\" from sqlite_master m join pragma_index_xinfo(m.name) x \
    where m.type = 'index' and m.sql is not null and x.key";
const POSTGRES_INDEX_COLUMNS: &str = "select i.relname, t.relname, x.indisunique, k.n - 1, \
    coalesce(a.attname, ''), cast(x.indoption[k.n - 1] as int) & 1 = 1 \
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid \
    join pg_namespace s on s.oid = t.relnamespace and s.nspname = 'public' \
    cross join lateral generate_series(1, cast(x.indnkeyatts as int)) k (n) \
    left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[k.n - 1] and a.attnum > 0 \
    where not x.indisprimary";

/// Name and condition of the partial indices.
const SQLITE_CONDITIONS: &str = "select name, substr(sql, instr(sql, ' where ') + 7) from sqlite_master \
    where type = 'index' and sql like '% where %'";
const POSTGRES_CONDITIONS: &str = "select cast(cast(indexrelid as regclass) as text), \
    pg_get_expr(indpred, indrelid) from pg_index where indpred is not null";

async fn rows(db: &mut TestConnection, query: &str) -> BTreeSet<String> {
    let rows = db.texts(query).await.into_iter().map(|row| row.join(" "));
    rows.filter(|row| !row.starts_with("_sqlx") && !row.starts_with("sqlite_")).collect()
}

/// A condition by what it names, as the engines write it in different ways.
fn words(conditions: BTreeSet<String>) -> BTreeSet<(String, BTreeSet<String>)> {
    let grammar = ["and", "or", "is", "not", "null", "in", "any", "array", "text"];
    let words = |condition: &str| {
        let words = condition.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_lowercase);
        words.filter(|word| !word.is_empty() && !grammar.contains(&word.as_str())).collect()
    };
    let parts = conditions.iter().filter_map(|row| row.split_once(char::is_whitespace));
    parts.map(|(name, condition)| (name.to_owned(), words(condition))).collect()
}

#[tokio::test]
async fn both_engines_have_the_same_schema() {
    if database::cluster().is_none() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("stoa.db");
    Store::open(&file).await.expect("a database").close().await;
    let mut sqlite = TestConnection::to(&file.as_path().into()).await;
    let mut postgres = TestConnection::to(&database::new_database(dir.path()).await).await;
    for (of_sqlite, of_postgres, least) in [
        (SQLITE_COLUMNS, POSTGRES_COLUMNS, 150),
        (SQLITE_KEYS, POSTGRES_KEYS, 30),
        (SQLITE_INDEX_COLUMNS, POSTGRES_INDEX_COLUMNS, 130),
    ] {
        let expected = rows(&mut sqlite, of_sqlite).await;
        assert!(expected.len() > least, "{}: {of_sqlite}", expected.len());
        let found = rows(&mut postgres, of_postgres).await;
        let differing: Vec<_> = expected.symmetric_difference(&found).collect();
        assert!(differing.is_empty(), "in one of both: {differing:#?}");
    }
    let expected = words(rows(&mut sqlite, SQLITE_CONDITIONS).await);
    assert!(expected.len() > 25, "{}", expected.len());
    assert_eq!(words(rows(&mut postgres, POSTGRES_CONDITIONS).await), expected);
}
