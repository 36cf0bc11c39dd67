//! A line-based pass that adapts the source before parsing.
//!
//! It follows the container rules of CommonMark 0.31 (section 5, and "phase 1" of its appendix) far enough to
//! know each line's containers and code, and
//! - ends a quote at the first line without `>` (no lazy continuation);
//! - limits nesting, which slows down the parser;
//! - escapes raw HTML, so that it is shown as typed;
//! - preserves `[1]: https://…` as text unless `[text][1]` uses it, for footnotes;
//! - preserves tables with far more cells than typed as text.

use std::collections::HashSet;

use crate::domain::text::markdown::block_markers::{
    definition, fence, folded, is_heading, is_rule, list_marker, opens_html, used_labels,
};
use crate::domain::text::markdown::tables;

/// Maximum open quotes and list items; deeper `>` are dropped, deeper bullets are shown as typed.
pub const MAX_NESTING: usize = 8;

/// Longer runs of blank lines are cut, even in code: each costs time in proportion to the nesting.
const MAX_BLANK_LINES: usize = 64;

#[derive(Clone, Copy)]
enum Container {
    Quote,
    /// Column offset of the item's content.
    Item(usize),
}

struct Fence {
    mark: char,
    len: usize,
    depth: usize,
}

/// The unread part of a line, and its column, for tabs.
#[derive(Clone, Copy)]
struct LineCursor<'a> {
    rest: &'a str,
    column: usize,
    /// Columns of a half-used tab.
    spare: usize,
}

impl<'a> LineCursor<'a> {
    fn indent(&self) -> usize {
        let mut column = self.column;
        for b in self.rest.bytes() {
            match b {
                b' ' => column += 1,
                b'\t' => column += 4 - column % 4,
                _ => break,
            }
        }
        column - self.column + self.spare
    }

    fn content(&self) -> &'a str {
        self.rest.trim_start_matches([' ', '\t'])
    }

    fn is_blank(&self) -> bool {
        self.content().is_empty()
    }

    fn skip(&mut self, mut columns: usize) {
        while columns > 0 {
            if self.spare > 0 {
                self.spare -= 1;
                columns -= 1;
            } else if let Some(rest) = self.rest.strip_prefix(' ') {
                self.rest = rest;
                self.column += 1;
                columns -= 1;
            } else if let Some(rest) = self.rest.strip_prefix('\t') {
                self.rest = rest;
                self.spare = 4 - self.column % 4;
                self.column += self.spare;
            } else {
                return;
            }
        }
    }

    fn skip_content(&mut self, bytes: usize) {
        let content = self.content();
        self.column += self.indent() + bytes;
        self.spare = 0;
        self.rest = content.get(bytes..).unwrap_or_default();
    }

    /// Skips `>` and one optional space.
    fn quote(&mut self) -> bool {
        let here = self.indent() <= 3 && self.content().starts_with('>');
        if here {
            self.skip_content(1);
            self.skip(1);
        }
        here
    }
}

/// Returns the prepared source and the end of each of its lines in `source`.
pub fn prepare(source: &str) -> (String, Vec<usize>) {
    let mut pass = Pass {
        out: String::with_capacity(source.len() + source.len() / 16 + 16),
        ends: Vec::new(),
        begin: 0,
        end: 0,
        used: used_labels(source),
        oversized: tables::oversized(source),
        open: Vec::new(),
        fence: None,
        in_paragraph: false,
        blanks: 0,
    };
    for (number, line) in source.split_inclusive('\n').enumerate() {
        pass.begin = pass.end;
        pass.end += line.len();
        pass.line(number, line.strip_suffix('\n').unwrap_or(line));
    }
    (pass.out, pass.ends)
}

struct Pass {
    out: String,
    ends: Vec<usize>,
    begin: usize,
    end: usize,
    used: HashSet<String>,
    oversized: HashSet<usize>,
    open: Vec<Container>,
    fence: Option<Fence>,
    in_paragraph: bool,
    blanks: usize,
}

impl Pass {
    fn line(&mut self, number: usize, line: &str) {
        let mut cursor = LineCursor { rest: line, column: 0, spare: 0 };
        let matched = self.matched(&mut cursor);
        if self.is_in_fence(cursor, matched) {
            return self.push_line(line, cursor.is_blank());
        }
        if cursor.is_blank() {
            self.in_paragraph = false;
            self.open.truncate(matched);
            return self.push_line(line, true);
        }
        let mut continues = self.in_paragraph && matched == self.open.len();
        if continues && self.oversized.contains(&number) {
            let mut kept = line;
            self.escape(&mut kept, cursor.content());
            return self.push_line(kept, false);
        }
        let rest_open = self.open.len();
        let mut kept = line;
        let started = self.containers(&mut cursor, matched, &mut continues, &mut kept);
        let content = cursor.content();
        let is_lazy = self.in_paragraph && !started && matched < rest_open && !starts_leaf(&cursor);
        let leaves_quote = self.open.get(matched..).unwrap_or_default().iter();
        if is_lazy && leaves_quote.clone().any(|c| matches!(c, Container::Quote)) {
            self.open.truncate(matched);
            self.leave_quote();
            kept = content;
        } else if !is_lazy && !started {
            self.open.truncate(matched);
        }
        self.leaf(kept, &cursor, continues || is_lazy);
    }

    /// The number of open containers that continue in this line; advances past their markers.
    fn matched(&self, cursor: &mut LineCursor<'_>) -> usize {
        let goes_on = |container: &&Container| match **container {
            Container::Quote => cursor.quote(),
            Container::Item(_) if cursor.is_blank() => true,
            Container::Item(indent) if cursor.indent() >= indent => {
                cursor.skip(indent);
                true
            }
            Container::Item(_) => false,
        };
        self.open.iter().take_while(goes_on).count()
    }

    /// Whether the line is content or the end of a fenced code block.
    fn is_in_fence(&mut self, cursor: LineCursor<'_>, matched: usize) -> bool {
        let Some(open) = &self.fence else {
            return false;
        };
        if matched < open.depth {
            self.fence = None;
            return false;
        }
        let content = cursor.content();
        let run = content.chars().take_while(|c| *c == open.mark).count();
        let is_end = run >= open.len && cursor.indent() <= 3;
        if is_end && content.get(run..).is_some_and(|after| after.trim().is_empty()) {
            self.fence = None;
        }
        true
    }

    /// Opens the containers that begin in this line. `kept` is the unwritten part of the line.
    fn containers<'a>(
        &mut self,
        cursor: &mut LineCursor<'a>,
        matched: usize,
        continues: &mut bool,
        kept: &mut &'a str,
    ) -> bool {
        let mut started = false;
        while cursor.indent() <= 3 {
            let content = cursor.content();
            let marker = if content.starts_with('>') {
                None
            } else if let (false, Some(len)) = (is_rule(content), list_marker(content, *continues)) {
                Some(len)
            } else {
                break;
            };
            if !started && matched < self.open.len() {
                self.open.truncate(matched);
            }
            let is_full = self.open.len() >= MAX_NESTING;
            match marker {
                None if is_full => {
                    self.push_until(kept, content);
                    cursor.quote();
                    *kept = cursor.rest;
                    continue;
                }
                None => {
                    cursor.quote();
                    self.open.push(Container::Quote);
                }
                Some(len) if is_full => {
                    self.escape(kept, content.get(len - 1..).unwrap_or_default());
                    break;
                }
                Some(len) => self.open_item(cursor, len),
            }
            started = true;
            *continues = false;
        }
        started
    }

    fn open_item(&mut self, cursor: &mut LineCursor<'_>, marker: usize) {
        let before = cursor.indent();
        cursor.skip_content(marker);
        let gap = cursor.indent();
        // Five or more columns are one column and indented code; an empty item counts as one column.
        let gap = if cursor.is_blank() || gap > 4 { 1 } else { gap };
        cursor.skip(gap);
        self.open.push(Container::Item(before + marker + gap));
    }

    fn leaf<'a>(&mut self, mut kept: &'a str, cursor: &LineCursor<'a>, continues: bool) {
        let content = cursor.content();
        let is_code = !continues && cursor.indent() > 3;
        self.in_paragraph = !is_code && !content.is_empty() && !starts_leaf(cursor);
        if let (false, true, Some((mark, len))) = (is_code, cursor.indent() <= 3, fence(content)) {
            self.fence = Some(Fence { mark, len, depth: self.open.len() });
        }
        let vanishes = |label: &str| !continues && !self.used.contains(&folded(label));
        if !is_code && (opens_html(content) || definition(content).is_some_and(vanishes)) {
            self.escape(&mut kept, content);
        }
        if continues && content.trim_end().bytes().all(|b| b == b'=') {
            self.in_paragraph = false;
        }
        self.push_line(kept, false);
    }

    /// Ends the quote with a blank line inside the remaining containers.
    fn leave_quote(&mut self) {
        let mut marks = String::new();
        for container in &self.open {
            match container {
                Container::Quote => marks.push_str("> "),
                Container::Item(indent) => marks.extend(std::iter::repeat_n(' ', *indent)),
            }
        }
        self.out.push_str(marks.trim_end());
        self.out.push('\n');
        self.ends.push(self.begin);
        self.out.push_str(&marks);
    }

    fn push_until(&mut self, kept: &str, tail: &str) {
        let end = kept.len().saturating_sub(tail.len());
        self.out.push_str(kept.get(..end).unwrap_or(kept));
    }

    fn escape<'a>(&mut self, kept: &mut &'a str, tail: &'a str) {
        self.push_until(kept, tail);
        self.out.push('\\');
        *kept = tail;
    }

    fn push_line(&mut self, line: &str, is_blank: bool) {
        self.blanks = if is_blank { self.blanks + 1 } else { 0 };
        if self.blanks <= MAX_BLANK_LINES {
            self.out.push_str(line);
            self.out.push('\n');
            self.ends.push(self.end);
        }
    }
}

/// Whether the line begins a block that interrupts a paragraph.
fn starts_leaf(cursor: &LineCursor<'_>) -> bool {
    let content = cursor.content();
    cursor.indent() <= 3 && (is_rule(content) || is_heading(content) || fence(content).is_some())
}
