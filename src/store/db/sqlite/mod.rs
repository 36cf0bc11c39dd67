//! SQLite: one file, with one writer and several readers.

mod backup;
mod check;
mod checkpoint;
mod connection;
mod file;
mod key;
mod migrations;
mod open;
mod writer;

pub use backup::{copy, copy_file, is_in_use, keep_private, may_replace};
pub use check::{CheckError, check};
pub use checkpoint::{CheckpointResult, checkpoint, wal_bytes};
pub use connection::MAX_WAL_BYTES;
pub(in crate::store::db) use file::{FileKind, look};
pub use file::{beside, free_beside, remove};
pub use key::{check_key, copy_key, key_file};
pub(in crate::store::db) use key::{read as read_key, write_key};
pub(in crate::store::db) use migrations::{MIGRATIONS, in_memory};
pub(in crate::store::db) use open::{alone, close};
pub use open::{open, upgrade};
pub(in crate::store::db) use writer::data_version;
