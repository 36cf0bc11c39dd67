//! Conventions of the source code, checked by reading it.

pub mod cycles;
pub mod layering;
pub mod names;
pub mod query_names;
pub mod sizes;
pub mod test_style;
