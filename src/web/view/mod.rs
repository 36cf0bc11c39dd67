//! View models and helpers for templates.

pub mod assets;
pub mod comment;
pub mod form_recovery;
pub mod hidden_story;
pub mod inbox;
pub mod items;
pub mod layout;
pub mod list_pages;
pub mod pagination;
pub mod poll;
pub mod post_status;
pub mod shadowed;
pub mod single_comment;
pub mod unmuted;
pub mod writing;
