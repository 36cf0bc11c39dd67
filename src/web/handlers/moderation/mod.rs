//! The moderators' desk. A page of it is a line in `tabs.rs`; its handler stands in a file beside this one.

pub mod item;
pub mod log;
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
