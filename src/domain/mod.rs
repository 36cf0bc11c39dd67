//! The rules of a forum: pure, no I/O, no async. Errors display the message for the user.

pub mod accent;
pub mod accounts;
pub mod conversations;
pub mod face;
pub mod inbox;
pub mod items;
pub mod limits;
pub mod mail;
pub mod moderation;
pub mod notification;
pub mod search;
pub mod text;
pub mod time;
pub mod url;
pub mod votes;
