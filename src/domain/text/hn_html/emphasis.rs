//! Emphasis in Markdown: which `*` and `_` could be delimiters, and writing ours so that they are.
//!
//! CommonMark 0.31, section 6.2; taking every symbol as punctuation errs towards an escape too many.

use crate::domain::text::hn_html::paragraph::{MARK, Mark};

/// How many delimiters a paragraph has that could begin or end something: one alone needs no escape.
pub struct DelimiterCounts {
    pub stars: usize,
    pub underscores: usize,
    pub backticks: usize,
    /// Runs of two or more.
    pub tildes: usize,
}

impl DelimiterCounts {
    pub fn of(text: &str, marks: &[Mark]) -> Self {
        let spans = marks.iter().filter(|mark| matches!(mark, Mark::Italic | Mark::Bold)).count();
        let code = marks.iter().filter(|mark| matches!(mark, Mark::Code(_))).count();
        let mut counts = DelimiterCounts { stars: spans, underscores: 0, backticks: code, tildes: 0 };
        let mut before = ' ';
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let after = chars.peek().copied().unwrap_or(' ');
            match c {
                '*' if is_delimiter(c, before, after) => counts.stars += 1,
                '_' if is_delimiter(c, before, after) => counts.underscores += 1,
                '`' if before != '`' => counts.backticks += 1,
                '~' if before != '~' && after == '~' => counts.tildes += 1,
                _ => {}
            }
            before = c;
        }
        counts
    }
}

fn is_punctuation(c: char) -> bool {
    c == MARK || !(c.is_alphanumeric() || c.is_whitespace())
}

fn opens(before: char, after: char) -> bool {
    !after.is_whitespace() && (!is_punctuation(after) || before.is_whitespace() || is_punctuation(before))
}

/// Whether `*` or `_` between these characters could begin or end an emphasis.
pub fn is_delimiter(delimiter: char, before: char, after: char) -> bool {
    let intraword = delimiter == '_' && before.is_alphanumeric() && after.is_alphanumeric();
    !(intraword || before.is_whitespace() && after.is_whitespace())
}

#[derive(Clone, Copy)]
enum State {
    Closed,
    /// Open; its delimiter stands at this place of the output.
    Open(usize),
    /// Open, but Markdown would not see its delimiter as one.
    Unwritten,
}

/// An emphasis.
pub struct EmphasisSpan {
    delimiter: &'static str,
    state: State,
    /// It ended with the line and begins again in the next.
    reopens: bool,
}

impl EmphasisSpan {
    pub fn new(delimiter: &'static str) -> Self {
        EmphasisSpan { delimiter, state: State::Closed, reopens: false }
    }

    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    pub fn is_written(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Begins or ends it; where Markdown could not see its end, its beginning is taken back. Delimiters never touch, since
    /// a run of them reads in more than one way.
    pub fn toggle(&mut self, out: &mut String, before: char, after: char) {
        self.state = match self.state {
            State::Closed if opens(before, after) && !ends_with_delimiter(out) => {
                let start = out.len();
                out.push_str(self.delimiter);
                State::Open(start)
            }
            State::Closed => State::Unwritten,
            State::Open(start) => {
                if opens(after, before) {
                    out.push_str(self.delimiter);
                } else {
                    out.replace_range(start..start + self.delimiter.len(), "");
                }
                State::Closed
            }
            State::Unwritten => State::Closed,
        };
    }

    /// Begins inside another emphasis, which alone is written.
    pub fn begin_unwritten(&mut self) {
        self.state = State::Unwritten;
    }

    pub fn interrupt(&mut self, out: &mut String) {
        if self.is_written() {
            let before = out.chars().next_back().unwrap_or(' ');
            self.toggle(out, before, ' ');
            self.reopens = true;
        }
    }

    pub fn resume(&mut self, out: &mut String, after: char) {
        if std::mem::take(&mut self.reopens) {
            self.toggle(out, ' ', after);
        }
    }
}

/// Whether text ends with a `*` or a backtick that is not escaped.
fn ends_with_delimiter(text: &str) -> bool {
    text.ends_with(['*', '`']) && !text.ends_with("\\*") && !text.ends_with("\\`")
}
