//! The database: durability, migrations and queries.

pub mod activity;
pub mod clock_change;
pub mod crash_recovery;
pub mod database_file;
pub mod durability;
pub mod failing_disk;
pub mod full_disk;
pub mod migrations;
mod move_forum;
mod postgres_plans;
pub mod prepared_statements;
pub mod query_counts;
pub mod query_plans;
mod schemas;
