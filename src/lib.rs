//! Stoa: a self-hosted forum of stories, threads and votes.

/// The commands.
pub mod cli;
/// The only reader of time.
pub mod clock;
/// Every setting, once.
pub mod config;
/// The rules of a forum: pure.
pub mod domain;
/// The semaphore behind every limit of concurrency.
pub mod fair_semaphore;
/// The guarded client of outgoing requests.
pub mod fetch;
/// Work outside requests.
pub mod jobs;
/// What is logged.
pub mod logging;
/// Answering over TCP.
pub mod server;
/// All SQL.
pub mod store;
/// Connection and request timeouts.
pub mod timeouts;
/// All HTTP.
pub mod web;
