//! Fuzzing.

pub mod corpora;
pub mod properties;
