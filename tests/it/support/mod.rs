//! Test helpers.

pub mod app;
pub mod authenticator;
pub mod database;
pub mod fixtures;
pub mod metrics;
pub mod page;
pub mod page_parts;
pub mod program;
pub mod sentences;
pub mod smtp;
