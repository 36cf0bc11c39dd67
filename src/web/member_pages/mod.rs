//! Pages for members, assembled from shared cached segments and the viewer's own.

pub mod comment_slots;
mod found_rows;
pub mod gzip_segments;
pub mod list_rows;
pub mod thread_html;
pub mod viewer_traits;
