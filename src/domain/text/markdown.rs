pub mod block_markers;
pub mod html_writer;
pub mod output;
pub mod prepare;
pub mod protect_urls;
pub mod tables;

use pulldown_cmark::{Event, Tag, TagEnd, TextMergeWithOffset};
use unicode_segmentation::UnicodeSegmentation;

use super::visible::{is_shown, is_visible};
use crate::domain::text::cut::longest;
use crate::domain::text::markdown::html_writer::HtmlWriter;
use crate::domain::text::markdown::protect_urls::Prepared;
use crate::domain::text::sanitize::{self, Html};

/// Of a text that is longer than any that is stored, only the beginning is read.
fn prepared(source: &str) -> Prepared {
    Prepared::new(&longest(source))
}

/// Markdown source to safe HTML.
///
/// A subset: paragraphs, emphasis, links and bare addresses, quotes, lists, code, tables, mentions. Raw HTML
/// shows as typed, an image as a link to it, a heading as a strong paragraph. Any text is accepted, however
/// long or deep; marks that would make the HTML many times as long as the text show as typed.
pub fn render(source: &str) -> Html {
    let source = prepared(source);
    sanitize::sanitise(write_html(&source).out.as_str())
}

/// The URLs of the rendered text's links.
pub fn linked(source: &str) -> Vec<String> {
    let source = prepared(source);
    write_html(&source).hrefs
}

/// The names that the rendered text links to by `@`, in order, each once whatever its case.
pub fn mentioned(source: &str) -> Vec<String> {
    let source = prepared(source);
    let mut names: Vec<String> = Vec::new();
    for name in write_html(&source).mentions {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            names.push(name);
        }
    }
    names
}

/// Whether the rendered text has no visible content.
pub fn is_blank(source: &str) -> bool {
    let source = prepared(source);
    !write_html(&source).out.is_visible()
}

fn write_html(source: &Prepared) -> HtmlWriter<'_> {
    let mut writer = HtmlWriter::new(source);
    for (event, range) in TextMergeWithOffset::new(source.events()) {
        writer.event(event, range);
    }
    writer
}

pub fn plain(source: &str) -> String {
    excerpt(source, usize::MAX)
}

/// The first `max_chars` visible characters without mark-up, with "…" if cut.
pub fn excerpt(source: &str, max_chars: usize) -> String {
    let source = prepared(source);
    let mut text = String::new();
    for (event, range) in source.events() {
        match event {
            Event::Text(t) | Event::Code(t) | Event::Html(t) | Event::InlineHtml(t) => text.push_str(&t),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::Start(Tag::Strikethrough) | Event::End(TagEnd::Strikethrough)
                if !source.is_struck(&range) =>
            {
                text.push('~')
            }
            Event::End(end) if !is_inline(end) => text.push(' '),
            _ => {}
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let folded: String = words.join(" ").chars().filter(|c| is_shown(*c)).collect();
    shortened(folded.trim_start_matches(|c| !is_visible(c)).to_owned(), max_chars)
}

fn is_inline(end: TagEnd) -> bool {
    matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
}

pub fn shortened(text: String, max_chars: usize) -> String {
    if text.char_indices().nth(max_chars).is_none() {
        return text;
    }
    let mut room = max_chars.saturating_sub(1);
    let fits = text.graphemes(true).take_while(|grapheme| {
        let len = grapheme.chars().count();
        let fits = len <= room;
        room = room.saturating_sub(len);
        fits
    });
    let kept: String = fits.collect();
    if max_chars == 0 { kept } else { format!("{}…", kept.trim_end()) }
}
