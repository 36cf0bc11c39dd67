//! Votes, flags and vouches.

pub mod concurrent_votes;
pub mod flag;
pub mod my_lists;
pub mod uncounted;
pub mod visitor_vote;
pub mod vote;
