pub mod day;
pub mod relative_time;
