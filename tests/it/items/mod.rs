//! Stories, comments and threads.

pub mod commenting;
pub mod double_submit;
pub mod durations;
pub mod edits;
pub mod face;
pub mod feeds;
pub mod headings;
pub mod known_urls;
pub mod merge;
pub mod paging;
pub mod reading;
pub mod removed_posts;
pub mod rendering;
pub mod reply_delay;
pub mod search;
pub mod shadow_ban;
pub mod statistics;
pub mod submit;
pub mod texts;
pub mod thread;
