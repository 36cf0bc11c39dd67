//! The layers that need what all requests share.

pub mod admission;
