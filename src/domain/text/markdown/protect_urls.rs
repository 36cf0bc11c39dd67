//! Escapes Markdown inside bare URLs before parsing.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::domain::text::markdown::prepare;
use crate::domain::text::urls::urls;
use crate::domain::text::visible::without_hidden;

const OPTIONS: Options = Options::ENABLE_STRIKETHROUGH.union(Options::ENABLE_TABLES);

/// The text for the parser, and the source that it was made from.
pub struct Prepared {
    /// The source with normalised line ends and without invisible characters.
    source: String,
    text: String,
    ends: Vec<usize>,
}

impl Prepared {
    pub fn new(source: &str) -> Prepared {
        let source = without_hidden(&source.replace("\r\n", "\n").replace('\r', "\n"));
        let (text, ends) = prepare::prepare(&source);
        Prepared { text: protect_urls(text), source, ends }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn events(&self) -> pulldown_cmark::OffsetIter<'_> {
        Parser::new_ext(&self.text, OPTIONS).into_offset_iter()
    }

    /// Only `~~` strikes through: people write `~5 minutes`.
    pub fn is_struck(&self, passage: &Range<usize>) -> bool {
        self.text.get(passage.start..).is_some_and(|text| text.starts_with("~~"))
    }

    /// The source range of a range of lines of `text`.
    pub fn source_of(&self, lines: Range<usize>) -> Range<usize> {
        let end_of =
            |count: usize| count.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        end_of(lines.start)..end_of(lines.end)
    }

    pub fn source(&self) -> &str {
        &self.source
    }
}

/// Counts lines up to increasing positions.
#[derive(Default)]
pub struct LineCount {
    at: usize,
    lines: usize,
}

impl LineCount {
    pub fn before(&mut self, text: &str, at: usize) -> usize {
        let passed = text.as_bytes().get(self.at..at).unwrap_or_default();
        self.lines += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at = self.at.max(at);
        self.lines
    }
}

/// Escapes `*`, `_` and the like inside bare URLs.
fn protect_urls(source: String) -> String {
    let is_mark = |c: char| matches!(c, '*' | '_' | '[' | ']' | '&' | '~');
    let found: Vec<Range<usize>> = urls(&source)
        .filter_map(|url| {
            let text = source.get(url.clone())?;
            let trimmed = text.trim_end_matches('_');
            trimmed.contains(is_mark).then(|| url.start..url.start + trimmed.len())
        })
        .collect();
    if found.is_empty() {
        return source;
    }
    let mut taken = verbatim(&source).into_iter().peekable();
    let mut out = String::with_capacity(source.len() + 64);
    let mut done = 0;
    for url in found {
        while taken.next_if(|range| range.end <= url.start).is_some() {}
        if taken.peek().is_some_and(|range| range.start < url.end) {
            continue;
        }
        out.push_str(source.get(done..url.start).unwrap_or_default());
        let mut chars = source.get(url.clone()).unwrap_or_default().chars();
        while let Some(c) = chars.next() {
            if is_mark(c) {
                out.push('\\');
            }
            out.push(c);
            // An existing backslash keeps its meaning.
            if c == '\\' {
                out.extend(chars.next());
            }
        }
        done = url.end;
    }
    out.push_str(source.get(done..).unwrap_or_default());
    out
}

/// Ranges where escapes are visible or harmful: code, links, tags; sorted and disjoint.
fn verbatim(source: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new_ext(source, OPTIONS).into_offset_iter() {
        let is_verbatim = matches!(
            event,
            Event::Code(_)
                | Event::Html(_)
                | Event::InlineHtml(_)
                | Event::Start(Tag::CodeBlock(_) | Tag::Link { .. } | Tag::Image { .. })
        );
        if is_verbatim && ranges.last().is_none_or(|last| last.end <= range.start) {
            ranges.push(range);
        }
    }
    ranges
}
