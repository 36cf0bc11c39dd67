//! Feeds.

pub mod atom;
