//! Markdown source to HTML, and to plain text.

use std::fmt::Write;
use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, Parser, Tag, TagEnd, TextMergeWithOffset};
use unicode_segmentation::UnicodeSegmentation;

use super::lines::MAX_NESTING;
use super::safe::{self, LINK_REL};
use super::source::prepared;
use super::{Html, is_shown, links};

/// The addresses that a text links to when it is rendered: written out, named in Markdown, or of an image.
pub fn linked(source: &str) -> Vec<String> {
    let source = prepared(source);
    let mut page = Page::new(&source);
    for (event, range) in TextMergeWithOffset::new(Parser::new(&source).into_offset_iter()) {
        page.event(event, range);
    }
    page.hrefs
}

/// Markdown source to safe HTML.
///
/// A subset: paragraphs, emphasis, links and bare addresses, quotes, lists, code, mentions. Raw HTML shows as typed, an image
/// as a link to it, a heading as a strong paragraph. Any text is accepted, however long or deep.
pub fn render(source: &str) -> Html {
    let source = prepared(source);
    let mut page = Page::new(&source);
    for (event, range) in TextMergeWithOffset::new(Parser::new(&source).into_offset_iter()) {
        page.event(event, range);
    }
    safe::sanitise(&page.out)
}

/// The whole of a text without its mark-up, white space folded.
pub fn plain(source: &str) -> String {
    excerpt(source, usize::MAX)
}

/// The text alone, white space folded, at most `max_chars` characters; where it is cut it ends with "…".
pub fn excerpt(source: &str, max_chars: usize) -> String {
    let source = prepared(source);
    let mut text = String::new();
    for event in Parser::new(&source) {
        match event {
            Event::Text(t) | Event::Code(t) | Event::Html(t) | Event::InlineHtml(t) => text.push_str(&t),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(end) if !is_inline(end) => text.push(' '),
            _ => {}
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let folded: String = words.join(" ").chars().filter(|c| is_shown(*c)).collect();
    cut(folded, max_chars)
}

fn is_inline(end: TagEnd) -> bool {
    matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link | TagEnd::Image)
}

fn cut(text: String, max_chars: usize) -> String {
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

/// The bytes of text written without a break.
const MAX_TEXT_NODE: usize = 4096;

/// A link that is being written: where its label begins in the output, and its address.
struct OpenLink {
    label: usize,
    href: String,
}

/// The numbers of a list: the first, and the one that comes next.
struct Numbers {
    first: u64,
    next: u64,
}

struct Page<'s> {
    source: &'s str,
    out: String,
    /// Links and images; `None` for one that is not written as a link.
    links: Vec<Option<OpenLink>>,
    /// Addresses linked to so far.
    hrefs: Vec<String>,
    lists: Vec<Option<Numbers>>,
    blocks: usize,
    inlines: usize,
    /// Where in the output the text node that is being written may have begun.
    unbroken_from: usize,
    is_code: bool,
    is_autolink: bool,
    /// The character in front of the next text, as mentions see it.
    before: char,
}

impl<'s> Page<'s> {
    fn new(source: &'s str) -> Self {
        Page {
            source,
            out: String::with_capacity(source.len() + source.len() / 4),
            links: Vec::new(),
            hrefs: Vec::new(),
            lists: Vec::new(),
            blocks: 0,
            inlines: 0,
            unbroken_from: 0,
            is_code: false,
            is_autolink: false,
            before: ' ',
        }
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(end) => self.end(end),
            Event::Text(text) | Event::Html(text) => self.text(&text),
            Event::InlineHtml(text) => self.verbatim(&text),
            Event::Code(text) => {
                self.out.push_str("<code>");
                self.verbatim(&text);
                self.out.push_str("</code>");
                self.before = '`';
            }
            Event::SoftBreak => self.mark("\n"),
            Event::HardBreak => self.mark("<br>\n"),
            Event::Rule => self.mark("<hr>\n"),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.mark("<p>"),
            Tag::Heading { .. } => self.mark("<p><strong>"),
            Tag::CodeBlock(_) => {
                self.is_code = true;
                self.mark("<pre><code>");
            }
            Tag::BlockQuote(_) => self.open_block("<blockquote>\n"),
            Tag::List(first) => {
                match first {
                    None => self.open_block("<ul>\n"),
                    Some(1) => self.open_block("<ol>\n"),
                    Some(n) => self.open_block(&format!("<ol start=\"{n}\">\n")),
                }
                self.lists.push(first.map(|first| Numbers { first, next: first }));
            }
            Tag::Item => self.open_item(range),
            Tag::Emphasis => self.open_inline("<em>"),
            Tag::Strong => self.open_inline("<strong>"),
            Tag::Link { link_type, dest_url, .. } => self.open_link(link_type, dest_url),
            Tag::Image { dest_url, .. } => self.open_link(LinkType::Inline, dest_url),
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.mark("</p>\n"),
            TagEnd::Heading(_) => self.mark("</strong></p>\n"),
            TagEnd::CodeBlock => {
                self.is_code = false;
                self.mark("</code></pre>\n");
            }
            TagEnd::BlockQuote(_) => self.close_block("</blockquote>\n"),
            TagEnd::List(is_numbered) => {
                self.lists.pop();
                self.close_block(if is_numbered { "</ol>\n" } else { "</ul>\n" });
            }
            TagEnd::Item => self.close_block("</li>\n"),
            TagEnd::Emphasis => self.close_inline("</em>"),
            TagEnd::Strong => self.close_inline("</strong>"),
            TagEnd::Link | TagEnd::Image => self.close_link(),
            _ => {}
        }
    }

    /// Writes a tag that text on either side does not touch.
    fn mark(&mut self, tag: &str) {
        self.out.push_str(tag);
        self.before = ' ';
    }

    // A list and its item are two blocks, so that the limit is twice that of the containers.
    fn open_block(&mut self, tag: &str) {
        self.blocks += 1;
        self.mark(if self.blocks <= 2 * MAX_NESTING { tag } else { " " });
    }

    fn close_block(&mut self, tag: &str) {
        self.mark(if self.blocks <= 2 * MAX_NESTING { tag } else { " " });
        self.blocks -= 1;
    }

    fn open_inline(&mut self, tag: &str) {
        self.inlines += 1;
        if self.inlines <= MAX_NESTING {
            self.out.push_str(tag);
        }
    }

    fn close_inline(&mut self, tag: &str) {
        if self.inlines <= MAX_NESTING {
            self.out.push_str(tag);
        }
        self.inlines -= 1;
    }

    /// Markdown counts on from the first number; numbers that someone wrote with gaps, such as years, stay as written.
    /// A list of which all numbers are the same is counted, since that is how many people write one.
    fn open_item(&mut self, range: Range<usize>) {
        let written = self.source.get(range).unwrap_or_default().trim_start();
        let digits = written.find(|c: char| !c.is_ascii_digit()).and_then(|end| written.get(..end));
        let mut tag = "<li>".to_owned();
        if let Some(Some(numbers)) = self.lists.last_mut() {
            let number = digits.and_then(|digits| digits.parse().ok()).unwrap_or(numbers.next);
            if number != numbers.next && number != numbers.first {
                tag = format!("<li value=\"{number}\">");
                numbers.next = number;
            }
            numbers.next += 1;
        }
        self.open_block(&tag);
    }

    fn open_link(&mut self, link_type: LinkType, dest: CowStr<'_>) {
        let href = if link_type == LinkType::Email { format!("mailto:{dest}") } else { dest.into_string() };
        let is_inside = self.links.iter().any(Option::is_some);
        if is_inside || !links::is_linkable(&href) {
            return self.links.push(None);
        }
        self.is_autolink = link_type == LinkType::Autolink;
        self.open_anchor(&href);
        self.links.push(Some(OpenLink { label: self.out.len(), href }));
    }

    fn close_link(&mut self) {
        if let Some(Some(link)) = self.links.pop() {
            if self.out.len() == link.label {
                self.verbatim(&links::label(&link.href));
            }
            self.out.push_str("</a>");
            self.is_autolink = false;
        }
        self.before = '/';
    }

    fn open_anchor(&mut self, href: &str) {
        self.out.push_str("<a href=\"");
        self.escaped(href, false);
        let _ = write!(self.out, "\" rel=\"{LINK_REL}\">");
        self.hrefs.push(href.to_owned());
    }

    fn text(&mut self, text: &str) {
        if self.is_autolink {
            return self.verbatim(&links::label(text));
        }
        if self.is_code || self.links.iter().any(Option::is_some) {
            return self.verbatim(text);
        }
        let mut done = 0;
        for url in links::urls(text) {
            self.words(text.get(done..url.start).unwrap_or_default());
            done = url.end;
            let href = text.get(url).unwrap_or_default();
            if !links::is_linkable(href) {
                self.words(href);
                continue;
            }
            self.open_anchor(href);
            self.verbatim(&links::label(href));
            self.out.push_str("</a>");
            self.before = '/';
        }
        self.words(text.get(done..).unwrap_or_default());
    }

    /// Text without addresses: only mentions to link.
    fn words(&mut self, text: &str) {
        let mut done = 0;
        for mention in links::mentions(text, self.before) {
            self.verbatim(text.get(done..mention.start).unwrap_or_default());
            done = mention.end;
            let name = text.get(mention.start + 1..mention.end).unwrap_or_default();
            let _ = write!(self.out, "<a href=\"/user/{name}\">@{name}</a>");
        }
        self.verbatim(text.get(done..).unwrap_or_default());
        self.before = text.chars().next_back().unwrap_or(self.before);
    }

    /// Writes text so that it shows as it is.
    fn verbatim(&mut self, text: &str) {
        self.escaped(text, true);
    }

    /// Writes text with what HTML would read as mark-up replaced; `is_text` is false within an attribute.
    fn escaped(&mut self, text: &str, is_text: bool) {
        let mut done = 0;
        for (at, c) in text.char_indices() {
            let entity = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                // Entities can still name characters that the source may not hold.
                c if !is_shown(c) => "",
                _ if is_text && self.out.len() + at - done > self.unbroken_from + MAX_TEXT_NODE => {
                    self.out.push_str(text.get(done..at).unwrap_or_default());
                    self.break_text();
                    done = at;
                    continue;
                }
                _ => continue,
            };
            self.out.push_str(text.get(done..at).unwrap_or_default());
            if is_text && self.out.len() > self.unbroken_from + MAX_TEXT_NODE {
                self.break_text();
            }
            self.out.push_str(entity);
            done = at + c.len_utf8();
        }
        self.out.push_str(text.get(done..).unwrap_or_default());
    }

    /// Ends the text node with a comment, which the sanitiser takes out: html5ever 0.40 writes a text node in time that
    /// grows with the square of its length where it is full of `&`.
    fn break_text(&mut self) {
        self.out.push_str("<!---->");
        self.unbroken_from = self.out.len();
    }
}
