//! The forum's behaviour, through its router: one binary, a module per area.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise"
)]

mod app;
mod cache;
mod discuss;
mod durable;
mod fetch;
mod import;
mod join;
mod operate;
mod read;
mod submit;
mod thread;
mod vote;
