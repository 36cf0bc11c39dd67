//! In-memory caches: consistency, single flight and response memory.

pub mod consistency;
pub mod pages;
pub mod response_memory;
pub mod single_flight;
pub mod upgrade;
