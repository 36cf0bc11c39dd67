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
pub use visible::has_visible;

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

/// Whether a character may be shown. Bidirectional overrides and isolates can make a text read as something else;
/// control characters and non-characters are not allowed in the XML of feeds.
pub(super) fn is_shown(c: char) -> bool {
    !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
        && (matches!(c, '\n' | '\t') || !c.is_control())
}

/// A text as it was typed, without the characters that may not be shown.
pub fn shown(text: &str) -> String {
    text.chars().filter(|c| is_shown(*c)).collect()
}

#[cfg(test)]
mod size_tests;
#[cfg(test)]
mod tests;
