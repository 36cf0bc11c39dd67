//! Stoa: a self-hosted forum of stories, threads and votes.

/// The only reader of time.
pub mod clock;

/// The rules of a forum: pure.
pub mod domain;

/// All SQL.
pub mod store;
