pub mod policy;
pub mod rate_limits;
