//! Votes, flags, saves and hidden stories.

pub mod flag;
pub mod my_lists;
pub mod pending_vote;
pub mod vote;
