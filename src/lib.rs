//! Stoa: a self-hosted forum of stories, threads and votes.

pub mod cli;
pub mod clock;
pub mod config;
pub mod database_address;
pub mod domain;
pub mod fair_semaphore;
pub mod fetch;
pub mod jobs;
pub mod logging;
pub mod mail;
pub mod metrics;
pub mod search;
pub mod server;
pub mod smtp_url;
pub mod store;
pub mod timeouts;
pub mod web;
