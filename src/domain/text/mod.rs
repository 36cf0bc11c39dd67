//! What people write, and how it is shown: Markdown in, safe HTML out.
//!
//! `render` is the only way from a source to [`Html`]; `from_hn_html` brings old Hacker News texts into our Markdown.
//!
//! What a text can cost is bounded: at most 8 levels of nesting are shown, empty cells of tables are bounded (`tables`), and the HTML is at
//! most 8 bytes for each of the source and 1 KB beside (`writer`), whatever the text. Everything takes time in proportion to its length.

mod cut;
mod links;
mod markdown;
mod urls;
mod visible;

pub use cut::{LONGEST, cut, longest};
pub use markdown::{excerpt, is_blank, linked, plain, render, shortened};
pub(super) use visible::is_ignorable;
pub use visible::{has_visible, is_legible, is_shown, without_hidden};

pub use crate::domain::text::hn_html::from_hn_html;
pub use crate::domain::text::sanitize::Html;

/// `said`, and the reason after it where there is one, as a sentence.
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
