//! Calendar days and relative times.

pub mod day;
pub mod relative_time;
