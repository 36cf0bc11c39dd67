//! Stories, comments and their lists: reading, submitting, replying, editing and deleting.

pub mod arrival;
pub mod comments;
pub mod delete;
mod earlier_discussions;
pub mod edit;
pub mod item;
pub mod lists;
pub mod reply;
pub mod submit;
