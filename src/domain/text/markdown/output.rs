//! HTML as it is written, before the sanitiser.

use crate::domain::text::visible::{is_shown, is_visible};

/// The bytes of text written without a break.
const MAX_TEXT_NODE: usize = 4096;

#[derive(Default)]
pub struct Output {
    html: String,
    /// Where the text node that is being written may have begun.
    unbroken_from: usize,
    /// Text was written of which something can be seen.
    is_visible: bool,
}

impl Output {
    pub fn as_str(&self) -> &str {
        &self.html
    }

    pub fn len(&self) -> usize {
        self.html.len()
    }

    pub fn is_visible(&self) -> bool {
        self.is_visible
    }

    /// Goes back to where the output was so long.
    pub fn truncate(&mut self, len: usize) {
        self.html.truncate(len);
        self.unbroken_from = len;
    }

    /// Writes a tag, or white space between two.
    pub fn tag(&mut self, tag: &str) {
        self.html.push_str(tag);
    }

    /// Writes text so that it shows as it is.
    pub fn text(&mut self, text: &str) {
        self.is_visible = self.is_visible || text.chars().any(|c| is_visible(c) && is_shown(c));
        self.escaped(text, true);
    }

    /// Writes the value of an attribute.
    pub fn attribute(&mut self, value: &str) {
        self.escaped(value, false);
    }

    /// Writes text with what HTML would read as mark-up replaced, in the same way as the sanitiser.
    fn escaped(&mut self, text: &str, is_text: bool) {
        let mut done = 0;
        for (at, c) in text.char_indices() {
            let entity = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '\u{A0}' => "&nbsp;",
                '"' if !is_text => "&quot;",
                // Entities can still name characters that the source may not hold.
                c if !is_shown(c) => "",
                _ if is_text && self.html.len() + at - done > self.unbroken_from + MAX_TEXT_NODE => {
                    self.html.push_str(text.get(done..at).unwrap_or_default());
                    self.break_text();
                    done = at;
                    continue;
                }
                _ => continue,
            };
            self.html.push_str(text.get(done..at).unwrap_or_default());
            if is_text && self.html.len() > self.unbroken_from + MAX_TEXT_NODE {
                self.break_text();
            }
            self.html.push_str(entity);
            done = at + c.len_utf8();
        }
        self.html.push_str(text.get(done..).unwrap_or_default());
    }

    /// Ends the text node with a comment, which the sanitiser takes out: html5ever 0.40 writes a text node in time that
    /// grows with the square of its length where it is full of `&`.
    fn break_text(&mut self) {
        self.html.push_str("<!---->");
        self.unbroken_from = self.html.len();
    }
}
