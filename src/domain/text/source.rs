//! A source made ready for the Markdown parser.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::{lines, links, shown};

/// The source with one kind of line end, without characters that may not be shown, and as `lines` and bare addresses need it.
pub fn prepared(source: &str) -> String {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    protect_urls(lines::prepare(&shown(&source)))
}

/// Escapes the `*`, `_` and their like inside bare addresses, which Markdown would take for emphasis.
fn protect_urls(source: String) -> String {
    let is_mark = |c: char| matches!(c, '*' | '_' | '[' | ']' | '&' | '~');
    let found: Vec<Range<usize>> = links::urls(&source)
        .filter_map(|url| {
            let text = source.get(url.clone())?;
            let trimmed = text.trim_end_matches(['*', '_']);
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
            // A backslash already there keeps its meaning.
            if c == '\\' {
                out.extend(chars.next());
            }
        }
        done = url.end;
    }
    out.push_str(source.get(done..).unwrap_or_default());
    out
}

/// The ranges in which an escape would show or break something: code, links, tags. In order, not overlapping.
fn verbatim(source: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new(source).into_offset_iter() {
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
