//! Atom feeds.

pub mod atom;
