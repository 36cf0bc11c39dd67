//! Writes a paragraph as Markdown with as few escapes as possible. Follows CommonMark 0.31: flanking (6.2)
//! for `*` and `_`, block starts (4, 5) for line beginnings.

use crate::domain::text::hn_html::emphasis::{DelimiterCounts, EmphasisSpan, is_delimiter};
use crate::domain::text::hn_html::paragraph::{MARK, Mark, Paragraph};
use crate::domain::text::markdown::tables;
use crate::domain::text::urls;

/// `has_references`: `[1]: …` could be read as a used definition.
pub fn write(paragraph: Paragraph, has_references: bool, out: &mut String) {
    let mut text = paragraph.text.trim();
    if let (Some(before), Some(Mark::Break)) = (text.strip_suffix(MARK), paragraph.marks.last()) {
        text = before.trim_end();
    }
    let counts = DelimiterCounts::of(text, &paragraph.marks);
    let mut writer = MarkdownWriter {
        counts,
        has_references,
        out,
        marks: paragraph.marks.into_iter(),
        italic: EmphasisSpan::new("*"),
        bold: EmphasisSpan::new("**"),
        quote_depth: 0,
        is_listing: false,
        is_first: true,
    };
    let mut lines = text.split('\n').map(str::trim_end).filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        writer.line(line, lines.peek().copied());
        writer.is_first = false;
        let end = writer.out.trim_end_matches([' ', '\t']).len();
        writer.out.truncate(end);
        if lines.peek().is_some() {
            writer.out.push('\n');
        }
    }
}

pub fn longest_run(text: &str, of: char) -> usize {
    let mut run = 0;
    text.chars().fold(0, |longest, c| {
        run = if c == of { run + 1 } else { 0 };
        longest.max(run)
    })
}

struct MarkdownWriter<'o> {
    counts: DelimiterCounts,
    has_references: bool,
    out: &'o mut String,
    marks: std::vec::IntoIter<Mark>,
    italic: EmphasisSpan,
    bold: EmphasisSpan,
    quote_depth: usize,
    is_listing: bool,
    is_first: bool,
}

/// Maximum nested markers at the start of a line.
const MAX_MARKERS: usize = 4;

impl MarkdownWriter<'_> {
    fn line(&mut self, line: &str, next: Option<&str>) {
        let rest = self.line_start(line);
        self.inline(rest, next);
        if next.is_some_and(|next| starts_block(next.trim_start().trim_start_matches(MARK))) {
            self.italic.interrupt(self.out);
            self.bold.interrupt(self.out);
        }
    }

    /// Writes the start of a line so that only quotes and lists keep their meaning; returns the rest.
    /// Emphasis cannot contain blocks: it moves behind the marker and is repeated for each block.
    fn line_start<'a>(&mut self, line: &'a str) -> &'a str {
        let content = line.trim_start();
        let is_span = |mark: &&Mark| matches!(mark, Mark::Italic | Mark::Bold);
        let spans = self.marks.as_slice().iter().take_while(is_span).count();
        let block = content.trim_start_matches(MARK);
        let leading = (content.len() - block.len()) / MARK.len_utf8();
        let rest = if leading <= spans && starts_block(block) {
            let indent = line.get(..line.len() - content.len()).unwrap_or_default();
            let rest = self.markers(block, if self.is_listing { indent } else { "" });
            self.moved_spans(leading, rest)
        } else {
            // A quote continues as long as emphasis in it does.
            if self.quote_depth > 0 && (self.italic.is_written() || self.bold.is_written()) {
                self.out.push_str(&">".repeat(self.quote_depth));
                self.out.push(' ');
            } else {
                self.quote_depth = 0;
            }
            self.is_listing = false;
            self.escape_start(content)
        };
        let after = self.after_spans(rest);
        self.bold.resume(self.out, after);
        self.italic.resume(self.out, after);
        rest
    }

    fn moved_spans<'a>(&mut self, count: usize, mut rest: &'a str) -> &'a str {
        for _ in 0..count {
            self.mark(rest, None);
        }
        while let (true, Some(after)) = (self.ends_span(), rest.strip_prefix(MARK)) {
            self.mark(after, None);
            rest = after.trim_start();
        }
        if count > 0 && self.out.ends_with([' ', '>']) { self.escape_start(rest) } else { rest }
    }

    fn ends_span(&self) -> bool {
        match self.marks.as_slice().first() {
            Some(Mark::Italic) => !self.italic.is_closed(),
            Some(Mark::Bold) => !self.bold.is_closed(),
            _ => false,
        }
    }

    fn markers<'a>(&mut self, mut rest: &'a str, indent: &str) -> &'a str {
        self.is_listing = !rest.starts_with('>');
        self.quote_depth = 0;
        self.out.push_str(indent);
        for _ in 0..MAX_MARKERS {
            if let Some(quoted) = quote(rest) {
                self.quote_depth += usize::from(!self.is_listing);
                rest = quoted.trim_start();
                self.out.push_str(if rest.len() < quoted.len() { "> " } else { ">" });
            } else if let Some((marker, item)) = list_item(rest) {
                self.out.extend([marker, " "]);
                rest = item;
            } else {
                break;
            }
        }
        self.escape_start(rest)
    }

    fn escape_marker<'a>(&mut self, rest: &'a str) -> &'a str {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, mark) = rest.split_at_checked(digits).unwrap_or((rest, ""));
        self.out.push_str(number);
        self.escape_first(mark)
    }

    fn escape_first<'a>(&mut self, rest: &'a str) -> &'a str {
        let mut chars = rest.chars();
        if let Some(first) = chars.next() {
            self.out.push('\\');
            self.out.push(first);
        }
        chars.as_str()
    }

    fn escape_start<'a>(&mut self, mut rest: &'a str) -> &'a str {
        let Some(first) = rest.chars().next() else {
            return rest;
        };
        let run = rest.len() - rest.trim_start_matches(first).len();
        let after = rest.chars().nth(run);
        let spaced = after.is_none_or(char::is_whitespace);
        let alone = rest.chars().all(|c| c == first || c.is_whitespace());
        match first {
            _ if !self.is_first && tables::is_delimiter(rest) => self.escape_first(rest),
            '#' if run <= 6 && spaced => self.escape_first(rest),
            '+' | '-' | '*' if run == 1 && spaced => self.escape_first(rest),
            '-' | '=' | '_' | '*' if alone => self.escape_first(rest),
            '~' if run >= 3 => self.escape_first(rest),
            '`' if run >= 3 => {
                for _ in 0..run {
                    rest = self.escape_first(rest);
                }
                rest
            }
            '>' if quote(rest).is_some() || rest == ">" => self.escape_first(rest),
            '[' if self.has_references && rest.contains("]:") => self.escape_first(rest),
            '0'..='9' => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let (_, mark) = rest.split_at_checked(digits).unwrap_or((rest, ""));
                let mut mark = mark.chars();
                let is_marker = matches!(mark.next(), Some('.' | ')')) && digits <= 9;
                let spaced = mark.next().is_none_or(char::is_whitespace);
                if is_marker && spaced { self.escape_marker(rest) } else { rest }
            }
            _ => rest,
        }
    }

    fn inline(&mut self, line: &str, next_line: Option<&str>) {
        let mut chars = line.char_indices().peekable();
        let mut before = ' ';
        while let Some((at, c)) = chars.next() {
            let tail = line.get(at + c.len_utf8()..).unwrap_or_default();
            let after = chars.peek().map_or(' ', |(_, c)| *c);
            if c == MARK {
                self.mark(tail, next_line);
            } else {
                if self.needs_escape(c, before, after, tail) {
                    self.out.push('\\');
                }
                self.out.push(c);
            }
            before = c;
        }
    }

    fn needs_escape(&self, c: char, before: char, after: char, tail: &str) -> bool {
        match c {
            '\\' => after.is_ascii_punctuation() || after == MARK || tail.is_empty(),
            '`' => self.counts.backticks > 1,
            '*' => self.counts.stars > 1 && is_delimiter(c, before, after),
            '_' => self.counts.underscores > 1 && is_delimiter(c, before, after),
            '~' => self.counts.tildes > 1 && before != '~' && after == '~',
            ']' => after == '(',
            '<' => after == MARK || could_be_tag(tail),
            '&' => is_entity(tail),
            _ => false,
        }
    }

    fn mark(&mut self, tail: &str, next_line: Option<&str>) {
        let mark = self.marks.next();
        let before = self.out.chars().next_back().unwrap_or(' ');
        let after = self.after_spans(tail);
        match mark {
            Some(Mark::Italic) if self.italic.is_closed() && self.bold.is_written() => {
                self.italic.begin_unwritten()
            }
            Some(Mark::Bold) if self.bold.is_closed() && self.italic.is_written() => {
                self.bold.begin_unwritten()
            }
            Some(Mark::Italic) => self.italic.toggle(self.out, before, after),
            Some(Mark::Bold) => self.bold.toggle(self.out, before, after),
            // Before a quote or a list the line ends anyway, and the backslash would be visible.
            Some(Mark::Break) => {
                let line = next_line.unwrap_or_default().trim_start();
                if !line.is_empty() && !starts_block(line.trim_start_matches(MARK)) {
                    self.out.push('\\');
                }
            }
            Some(Mark::Code(code)) => self.code(&code),
            Some(Mark::Link { href, label }) => self.link(&href, label.as_deref(), tail),
            None => {}
        }
    }

    /// The first character of `tail` that is not a placeholder for emphasis.
    fn after_spans(&self, tail: &str) -> char {
        let mut marks = self.marks.as_slice().iter();
        let is_text = |c: &char| *c != MARK || !matches!(marks.next(), Some(Mark::Italic | Mark::Bold));
        tail.chars().find(is_text).unwrap_or(' ')
    }

    fn code(&mut self, code: &str) {
        // Adjacent backticks would form one run.
        if self.out.ends_with('`') && !self.out.ends_with("\\`") {
            return self.literal(code, "\\`*_[]<>&");
        }
        let ticks = "`".repeat(longest_run(code, '`') + 1);
        let pad = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
        self.out.extend([&ticks, pad, code, pad, &ticks]);
    }

    fn literal(&mut self, text: &str, marks: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            if marks.contains(c) {
                self.out.push('\\');
            }
            self.out.push(c);
        }
    }

    fn link(&mut self, href: &str, label: Option<&str>, tail: &str) {
        let is_plain = !href.chars().any(|c| c.is_whitespace() || matches!(c, '<' | '>' | '\\'));
        if label.is_none() && is_plain {
            if self.is_found_bare(href, tail) {
                self.out.push_str(href);
            } else {
                self.out.extend(["<", href, ">"]);
            }
            return;
        }
        if self.out.ends_with('!') {
            self.out.pop();
            self.out.push_str("\\!");
        }
        self.out.push('[');
        let label = label.unwrap_or(href);
        self.literal(label, if label.contains("~~") { "\\`*_[]<>&~" } else { "\\`*_[]<>&" });
        let is_simple = is_plain && !href.contains(['(', ')', '&']);
        self.out.push_str(if is_simple { "](" } else { "](<" });
        self.literal(href, "\\<>&");
        self.out.push_str(if is_simple { ")" } else { ">)" });
    }

    /// Whether autolinking would find exactly this address here.
    fn is_found_bare(&self, href: &str, tail: &str) -> bool {
        let before = self.out.chars().next_back().unwrap_or(' ');
        let after: String = tail.chars().take_while(|c| !c.is_whitespace()).take(40).collect();
        if before == '*' || href.ends_with(['_', '*']) || after.starts_with([MARK, '_', '*', '\\']) {
            return false;
        }
        let start = before.len_utf8();
        let found = urls::urls(&format!("{before}{href}{after}")).next();
        found == Some(start..start + href.len())
    }
}

fn starts_block(line: &str) -> bool {
    quote(line).is_some() || list_item(line).is_some()
}

fn quote(line: &str) -> Option<&str> {
    let quoted = line.strip_prefix('>')?;
    (!quoted.starts_with('=') && !quoted.trim().is_empty()).then_some(quoted)
}

/// Marker and content of a list item: `* a`, `- a`, `1. a`, but not `1986. A year`.
fn list_item(line: &str) -> Option<(&str, &str)> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let end = match line.as_bytes().get(digits)? {
        b'*' | b'-' if digits == 0 => 1,
        b'.' if (1..=3).contains(&digits) => digits + 1,
        _ => return None,
    };
    let (marker, content) = line.split_at_checked(end)?;
    let item = content.trim_start();
    // `* * *` and `- - -` are rules.
    let is_rule = digits == 0 && item.chars().all(|c| marker.contains(c) || c.is_whitespace());
    let is_item = item.len() < content.len() && !item.is_empty() && !is_rule && !tables::is_delimiter(line);
    is_item.then_some((marker, item))
}

/// Whether `<` before `tail` could begin a tag or an autolink. A tag of only letters and digits is shown as
/// typed without an escape.
fn could_be_tag(tail: &str) -> bool {
    if !tail.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
        return false;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    let tail = tail.strip_prefix('/').unwrap_or(tail);
    let after = tail.trim_start_matches(plain);
    !after.is_empty() && !after.starts_with(['>', '<', ',', ';', '(', ')'])
}

fn is_entity(tail: &str) -> bool {
    let name = tail.strip_prefix('#').unwrap_or(tail);
    let end = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    end > 0 && end <= 40 && name.as_bytes().get(end) == Some(&b';')
}
