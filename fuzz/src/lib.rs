//! What the fuzz targets ask, which the integration tests ask of the corpora too.

#[path = "../../tests/it/fuzzing/properties.rs"]
pub mod properties;
