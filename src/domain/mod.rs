//! The rules of a forum: pure, no I/O, no async. Each file is a concept; each refusal is a sentence that the person reads.

pub mod accounts;
pub mod items;
pub mod limits;
pub mod moderation;
pub mod notification;
pub mod text;
pub mod time;
pub mod url;
pub mod votes;
