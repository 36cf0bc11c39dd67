//! Cutting a long text where it harms the least, before it is rendered.

use std::borrow::Cow;

use pulldown_cmark::{CodeBlockKind, Event, Tag};
use unicode_segmentation::UnicodeSegmentation;

use super::markdown::is_blank;
use crate::domain::text::markdown::protect_urls::{LineCount, Prepared};

/// The longest text that is kept, in bytes: four times what the longest post takes, for what comes from elsewhere.
pub const LONGEST: usize = 256 * 1024;

/// What stands at the end of a text that was cut: a paragraph of its own.
const MARK: &str = "\n\n…";

/// The longest fence that is closed again where a text is cut within code.
const LONGEST_FENCE: usize = 64;

/// A text of more than `max_chars` characters, cut; none where it is no longer, or shows nothing up to there.
pub fn cut(source: &str, max_chars: usize) -> Option<String> {
    let (limit, _) = source.char_indices().nth(max_chars)?;
    let cut = before(source, limit);
    (!is_blank(cut.trim_end_matches(MARK))).then_some(cut)
}

/// A text as it is kept: cut where it is longer than [`LONGEST`].
pub fn longest(source: &str) -> Cow<'_, str> {
    if source.len() <= LONGEST {
        Cow::Borrowed(source)
    } else {
        Cow::Owned(before(source, LONGEST - LONGEST_FENCE - 2 * MARK.len()))
    }
}

/// The text before `limit`, cut behind a whole block, or else a line, or else a word, unless a quarter would be lost by that.
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

/// Where the last block begins, and the fence around it, where it is code.
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

/// Where the last line, or else the last word, or else the last character as a reader counts them, ends in a text that goes on.
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
            let source = part.repeat(LONGEST / part.len() + 1_000);
            let kept = longest(&source);
            assert!(kept.len() <= LONGEST, "{}", kept.len());
            assert!(render(&source).as_str().trim_end().ends_with("<p>…</p>"), "{part}");
            assert_eq!(longest(&kept), kept, "{part}");
        }
        assert_eq!(longest("short\r\n"), "short\r\n");
    }
}
