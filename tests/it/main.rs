//! The forum's behaviour, through its router: one binary, a module per area.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise"
)]

mod accounts;
mod cache;
mod cli;
mod contact;
mod conventions;
mod face;
mod fetch;
mod fuzzing;
mod http;
mod items;
mod live;
mod mail;
mod moderation;
mod nodes;
mod server;
mod snapshots;
mod store;
mod support;
mod votes;
