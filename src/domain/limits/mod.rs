//! The forum's policy and rate limits.

pub mod policy;
pub mod rate_limits;
