//! Fuzz targets on their corpora, and property tests.

pub mod corpora;
pub mod properties;
