//! Middleware that needs the shared state.

pub mod admission;
pub mod canonical_url;
pub mod error_pages;
pub mod form_recovery;
pub mod members_only;
pub mod outer;
pub mod own_writes;
pub mod page_cache;
pub mod referer;
pub mod refusal;
pub mod request_end;
