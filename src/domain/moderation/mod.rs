pub mod action;
pub mod item_actions;
pub mod permissions;
pub mod post_status;
pub mod roles;
pub mod rules;
pub mod sanctions;
pub mod site_restriction;
