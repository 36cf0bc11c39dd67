//! Items, lists and threads.

mod archive;
pub mod changed_items;
pub mod edits;
pub mod item;
pub mod lists;
pub mod merge;
pub mod rows;
mod sitemaps;
pub mod threads;
