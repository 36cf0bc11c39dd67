//! In-memory caches of pages, lists, threads, rendered texts and member state.

pub mod encoding;
pub mod member_cache;
pub mod muted_comments;
pub mod pages;
pub mod ranked_lists;
pub mod rendered_text;
pub mod single_flight;
pub mod threads;
