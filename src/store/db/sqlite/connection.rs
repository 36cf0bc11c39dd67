use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::file;

/// Maximum WAL size after a checkpoint, in bytes: 4,000 pages, where SQLite's automatic checkpoint begins at
/// 1,000. It grows further only while there are always readers.
pub const MAX_WAL_BYTES: u64 = 16 * 1024 * 1024;

pub(in crate::store::db) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file::absolute(path))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cache_size", "-2000")
        .pragma("mmap_size", "0")
        .pragma("temp_store", "memory")
        .pragma("journal_size_limit", MAX_WAL_BYTES.to_string())
        // The default of 100 is less than the store's statements, about 260, so that many were prepared anew.
        .statement_cache_capacity(500)
        .row_buffer_size(1_000)
}

/// Connections without a maximum age: `data_version` is counted per connection, and a new one might repeat a
/// number.
pub(in crate::store::db) fn lasting(connections: u32) -> SqlitePoolOptions {
    let pool = SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false);
    pool.max_lifetime(None).idle_timeout(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_connection_is_renewed_for_its_age() {
        let pool = lasting(1);
        assert_eq!((pool.get_max_lifetime(), pool.get_idle_timeout()), (None, None));
    }
}
