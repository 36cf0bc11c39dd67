//! Calendar days and months, and relative times.

pub mod day;
pub mod month;
pub mod relative_time;
