//! User-written text: Markdown to safe HTML. `render` is the only way from a source to [`Html`]. Cost is
//! bounded: at most 8 levels of nesting and 8 bytes of HTML per byte of source plus 1 KB (`html_writer`), in
//! linear time.

mod cut;
mod links;
mod markdown;
pub mod phrases;
mod urls;
mod visible;

pub use cut::{MAX_TEXT_BYTES, cut, longest};
pub use markdown::{excerpt, is_blank, linked, mentioned, plain, render, shortened};
pub(super) use visible::is_ignorable;
pub use visible::{has_visible, is_legible, is_shown, without_hidden};

pub use crate::domain::text::hn_html::from_hn_html;
pub use crate::domain::text::sanitize::Html;

pub fn with_reason(said: &str, reason: Option<&str>) -> String {
    match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        None => format!("{said}."),
        Some(reason) if reason.ends_with(['.', '!', '?', '…']) => format!("{said}: {reason}"),
        Some(reason) => format!("{said}: {reason}."),
    }
}

mod hn_html;
pub mod plural;
mod sanitize;
#[cfg(test)]
mod size_tests;
#[cfg(test)]
mod tests;
