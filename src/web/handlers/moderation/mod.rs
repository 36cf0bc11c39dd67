//! The moderators' pages; `tabs.rs` lists them.

pub mod item;
pub mod log;
pub mod mail;
pub mod new_accounts;
pub mod queue;
pub mod review_item;
pub mod revisions;
pub mod rules;
pub mod signup_requests;
pub mod sites;
pub mod tabs;
pub mod team;
pub mod uncounted_votes;
pub mod undo;
pub mod user;
