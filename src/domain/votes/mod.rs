pub mod flag;
pub mod uncounted;
pub mod vote;
