//! Cuts Markdown sources that are too long.

use std::borrow::Cow;

use pulldown_cmark::{CodeBlockKind, Event, Tag};
use unicode_segmentation::UnicodeSegmentation;

use super::markdown::is_blank;
use crate::domain::text::markdown::protect_urls::{LineCount, Prepared};

/// Maximum bytes of a stored text: four times the longest post, for imported texts.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Appended to a truncated text as its own paragraph.
const MARK: &str = "\n\n…";

/// Longest fence that is closed after a cut inside code.
const LONGEST_FENCE: usize = 64;

/// `None` if the text is not too long, or nothing before the cut is visible.
pub fn cut(source: &str, max_chars: usize) -> Option<String> {
    let (limit, _) = source.char_indices().nth(max_chars)?;
    let cut = before(source, limit);
    (!is_blank(cut.trim_end_matches(MARK))).then_some(cut)
}

pub fn longest(source: &str) -> Cow<'_, str> {
    if source.len() <= MAX_TEXT_BYTES {
        Cow::Borrowed(source)
    } else {
        Cow::Owned(before(source, MAX_TEXT_BYTES - LONGEST_FENCE - 2 * MARK.len()))
    }
}

fn before(source: &str, limit: usize) -> String {
    let head = Prepared::new(source.get(..source.floor_char_boundary(limit)).unwrap_or(source).trim_end());
    let least = head.source().len() / 4 * 3;
    let (start, fence) = last_block(&head);
    let (end, fence) = if start >= least { (start, None) } else { (last_word(head.source(), least), fence) };
    let mut text = head.source().get(..end).unwrap_or_default().trim_end().to_owned();
    if let Some(fence) = fence {
        text.push('\n');
        text.push_str(fence);
    }
    text + MARK
}

fn last_block(head: &Prepared) -> (usize, Option<&str>) {
    let (mut depth, mut last, mut is_fenced) = (0_usize, 0, false);
    for (event, range) in head.events() {
        match event {
            Event::Start(tag) => {
                if depth == 0 {
                    (last, is_fenced) =
                        (range.start, matches!(tag, Tag::CodeBlock(CodeBlockKind::Fenced(_))));
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 => (last, is_fenced) = (range.start, false),
            _ => {}
        }
    }
    let line = LineCount::default().before(head.text(), last);
    let start = head.source_of(line..line).start;
    let block = head.source().get(start..).unwrap_or_default().trim_start();
    let mark = block.chars().next().filter(|_| is_fenced);
    let run = mark.map(|mark| block.len() - block.trim_start_matches(mark).len());
    (start, run.filter(|run| *run <= LONGEST_FENCE).and_then(|run| block.get(..run)))
}

fn last_word(head: &str, least: usize) -> usize {
    let ends = [head.rfind('\n'), head.rfind(char::is_whitespace)];
    let grapheme = || head.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
    ends.into_iter().flatten().find(|end| *end >= least).unwrap_or_else(grapheme)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::render;

    #[test]
    fn a_text_is_cut_behind_a_block_a_line_or_a_word() {
        for (source, chars, expected) in [
            ("one two", 7, None),
            ("one two three\n\nfour five", 20, Some("one two three\n\n…")),
            ("one\n\ntwo three four five", 22, Some("one\n\ntwo three four\n\n…")),
            ("one two three four\n\nfive six", 22, Some("one two three four\n\n…")),
            ("one two three\nfour five six", 17, Some("one two three\n\n…")),
            ("abcdefghé\u{301}ij", 9, Some("abcdefgh\n\n…")),
            ("```rust\none two\nthree four\n```\n", 20, Some("```rust\none two\n```\n\n…")),
            ("one two three\n\n~~~~\nx\n~~~~\n", 18, Some("one two three\n\n…")),
            ("- one two\n- three four\n- five", 25, Some("- one two\n- three four\n\n…")),
            ("> one two\r\n> three four", 22, Some("> one two\n> three\n\n…")),
            (&format!("{}x", "\u{200B}".repeat(9_000)), 8_000, None),
        ] {
            assert_eq!(cut(source, chars).as_deref(), expected, "{source}");
        }
    }

    #[test]
    fn what_is_kept_of_a_text_ends_with_a_mark_and_leaves_nothing_open() {
        for part in ["word ", "é", "```\na\n", "> > - a\n", "**b ", "| a | b |\n|---|---|\n", "\n"] {
            let source = part.repeat(MAX_TEXT_BYTES / part.len() + 1_000);
            let kept = longest(&source);
            assert!(kept.len() <= MAX_TEXT_BYTES, "{}", kept.len());
            assert!(render(&source).as_str().trim_end().ends_with("<p>…</p>"), "{part}");
            assert_eq!(longest(&kept), kept, "{part}");
        }
        assert_eq!(longest("short\r\n"), "short\r\n");
    }
}
