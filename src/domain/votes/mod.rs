//! Votes and flags, and which of them count.

pub mod flag;
pub mod uncounted;
pub mod vote;
