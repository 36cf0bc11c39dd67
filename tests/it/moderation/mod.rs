//! Moderators' actions, pages, rules and log.

pub mod approvals;
pub mod audit;
pub mod ban_takedown;
pub mod log;
pub mod log_rows;
pub mod pages;
pub mod post_status;
pub mod queue;
pub mod roles;
pub mod rules;
pub mod sanctions;
pub mod sites;
