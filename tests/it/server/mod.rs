//! The TCP server.

pub mod http1;
pub mod http2;
mod streams;
