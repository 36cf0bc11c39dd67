//! Markdown emphasis: which `*` and `_` could be delimiters, and how to write ours. CommonMark 0.31, section
//! 6.2; every symbol counts as punctuation, which may add an escape.

use crate::domain::text::hn_html::paragraph::{MARK, Mark};

/// Potential delimiters in a paragraph: a single one needs no escape.
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

pub fn is_delimiter(delimiter: char, before: char, after: char) -> bool {
    let intraword = delimiter == '_' && before.is_alphanumeric() && after.is_alphanumeric();
    !(intraword || before.is_whitespace() && after.is_whitespace())
}

#[derive(Clone, Copy)]
enum State {
    Closed,
    /// The position of its delimiter in the output.
    Open(usize),
    Unwritten,
}

pub struct EmphasisSpan {
    delimiter: &'static str,
    state: State,
    /// It ended with the line and is reopened in the next.
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

    /// Opens or closes the emphasis; if the closing delimiter would not be recognised, the opening one is
    /// removed. Adjacent delimiters are avoided, since a run is ambiguous.
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

    /// Nested in emphasis of the same kind, which alone is written.
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

fn ends_with_delimiter(text: &str) -> bool {
    text.ends_with(['*', '`']) && !text.ends_with("\\*") && !text.ends_with("\\`")
}
