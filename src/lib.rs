//! Stoa: a self-hosted forum of stories, threads and votes.

/// The only reader of time.
pub mod clock;

/// Every setting, once.
pub mod config;

/// The rules of a forum: pure.
pub mod domain;

/// The guarded client of outgoing requests.
pub mod fetch;

/// All SQL.
pub mod store;
