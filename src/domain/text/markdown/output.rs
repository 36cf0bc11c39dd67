use crate::domain::text::visible::{is_shown, is_visible};

/// Maximum bytes of an uninterrupted text node.
const MAX_TEXT_NODE: usize = 4096;

#[derive(Default)]
pub struct Output {
    html: String,
    /// Earliest start of the current text node.
    unbroken_from: usize,
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

    pub fn truncate(&mut self, len: usize) {
        self.html.truncate(len);
        self.unbroken_from = len;
    }

    pub fn tag(&mut self, tag: &str) {
        self.html.push_str(tag);
    }

    pub fn text(&mut self, text: &str) {
        self.is_visible = self.is_visible || text.chars().any(|c| is_visible(c) && is_shown(c));
        self.escaped(text, true);
    }

    pub fn attribute(&mut self, value: &str) {
        self.escaped(value, false);
    }

    /// Escapes text exactly as the sanitiser does.
    fn escaped(&mut self, text: &str, is_text: bool) {
        let mut done = 0;
        for (at, c) in text.char_indices() {
            let entity = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '\u{A0}' => "&nbsp;",
                '"' if !is_text => "&quot;",
                // Entities can encode characters that the source may not contain.
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

    /// Ends the text node with a comment, which the sanitiser removes: html5ever 0.40 takes quadratic time
    /// for text nodes full of `&`.
    fn break_text(&mut self) {
        self.html.push_str("<!---->");
        self.unbroken_from = self.html.len();
    }
}
