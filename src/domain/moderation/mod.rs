//! Moderators' permissions and actions, content rules and sanctions.

pub mod action;
pub mod first_posts;
pub mod item_actions;
pub mod permissions;
pub mod post_status;
pub mod roles;
pub mod rules;
pub mod sanctions;
pub mod site_restriction;
