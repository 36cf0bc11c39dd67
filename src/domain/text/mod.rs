//! What people write, and how it is shown: Markdown in, safe HTML out.
//!
//! `render` is the only way from a source to [`Html`]; `from_hn_html` brings old Hacker News texts into our Markdown.
//!
//! What a text can cost is bounded: at most 8 levels of nesting are shown, empty cells of tables are bounded (`tables`), and the HTML is at
//! most 8 bytes for each of the source and 1 KB beside (`writer`), whatever the text. Everything takes time in proportion to its length.

mod cut;
mod emphasis;
mod hn;
mod hn_escape;
mod lines;
mod links;
mod markdown;
mod marks;
mod output;
mod paragraph;
mod safe;
mod source;
mod tables;
mod urls;
mod visible;
mod writer;

use std::fmt;

pub use cut::{LONGEST, cut, longest};
pub use hn::from_hn_html;
pub use markdown::{excerpt, is_blank, linked, plain, render, shortened};
pub(super) use visible::is_ignorable;
pub use visible::{has_visible, is_legible, is_shown, shown};

/// Sanitised HTML: the only type that a template prints unescaped. Made only in this module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod size_tests;
#[cfg(test)]
mod tests;
