//! Commands, configuration and operation of the binary.

pub mod accounts;
mod backup;
pub mod deployment;
pub mod generate;
pub mod help;
pub mod import;
pub mod import_long;
pub mod log;
mod metrics;
mod move_forum;
pub mod operations;
mod reports;
mod search;
pub mod settings;
pub mod test_mail;
