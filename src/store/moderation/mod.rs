//! Moderation actions, log, rules and sanctions.

pub mod actions;
pub mod approvals;
pub mod ban_takedown;
pub mod item_actions;
pub mod log;
pub mod log_entry;
pub mod notifications;
pub mod queue;
pub mod roles;
pub mod rules;
pub mod sanctions;
pub mod sites;
