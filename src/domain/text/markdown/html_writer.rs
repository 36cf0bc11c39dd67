//! Writes HTML from parser events, bounded by the size of the source.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use crate::domain::text::links;
use crate::domain::text::markdown::output::Output;
use crate::domain::text::markdown::prepare::MAX_NESTING;
use crate::domain::text::markdown::protect_urls::{LineCount, Prepared};
use crate::domain::text::sanitize::LINK_REL;
use crate::domain::text::urls::urls;

/// Maximum bytes of HTML per byte of source, and the allowance of a short text.
pub const GROWTH: usize = 8;
pub const SLACK: usize = 1024;
/// Overhead of a block that is shown as typed.
const RESERVE: usize = 16;

/// Maximum nested emphasis; with a heading, a link and code that makes eight.
const MAX_EMPHASES: usize = 5;

struct OpenLink {
    label: usize,
    href: String,
}

struct ListCounter {
    first: u64,
    next: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum TablePart {
    Head,
    Body,
}

struct BlockStart {
    out: usize,
    hrefs: usize,
    mentions: usize,
    line: usize,
}

pub struct HtmlWriter<'s> {
    source: &'s Prepared,
    pub out: Output,
    pub hrefs: Vec<String>,
    /// Names that are linked, without `@`.
    pub mentions: Vec<String>,
    lines: LineCount,
    block: BlockStart,
    depth: usize,
    nesting: usize,
    emphases: usize,
    /// `None` for a link that is not written.
    links: Vec<Option<OpenLink>>,
    lists: Vec<Option<ListCounter>>,
    table: TablePart,
    is_code: bool,
    is_autolink: bool,
    /// The preceding character, for mentions.
    before: char,
}

impl<'s> HtmlWriter<'s> {
    pub fn new(source: &'s Prepared) -> Self {
        HtmlWriter {
            source,
            out: Output::default(),
            hrefs: Vec::new(),
            mentions: Vec::new(),
            lines: LineCount::default(),
            block: BlockStart { out: 0, hrefs: 0, mentions: 0, line: 0 },
            depth: 0,
            nesting: 0,
            emphases: 0,
            links: Vec::new(),
            lists: Vec::new(),
            table: TablePart::Head,
            is_code: false,
            is_autolink: false,
            before: ' ',
        }
    }

    pub fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        if self.depth == 0 {
            let line = self.lines.before(self.source.text(), range.start);
            let (hrefs, mentions) = (self.hrefs.len(), self.mentions.len());
            self.block = BlockStart { out: self.out.len(), hrefs, mentions, line };
        }
        let end = range.end;
        match event {
            Event::Start(tag) => {
                self.depth += 1;
                self.start(tag, range);
            }
            Event::End(tag) => {
                self.end(tag, &range);
                self.depth = self.depth.saturating_sub(1);
            }
            Event::Text(text) | Event::Html(text) => self.text(&text),
            Event::InlineHtml(text) => self.out.text(&text),
            Event::Code(text) => {
                self.out.tag("<code>");
                self.out.text(&text);
                self.out.tag("</code>");
                self.before = '`';
            }
            Event::SoftBreak => self.mark("\n"),
            Event::HardBreak => self.mark("<br>\n"),
            Event::Rule => self.mark("<hr>\n"),
            _ => {}
        }
        if self.depth == 0 {
            self.end_block(end);
        }
    }

    /// Ends a top-level block; if the HTML is too long, the block is shown as typed.
    fn end_block(&mut self, end: usize) {
        let text = self.source.text();
        let mut line = self.lines.before(text, end);
        let is_within_line = text.get(..end).is_some_and(|text| !text.ends_with('\n'));
        line += usize::from(is_within_line);
        let written = self.source.source_of(self.block.line..line);
        if self.out.len() + RESERVE > GROWTH * written.end + SLACK {
            self.out.truncate(self.block.out);
            self.hrefs.truncate(self.block.hrefs);
            self.mentions.truncate(self.block.mentions);
            self.as_typed(written);
        }
    }

    fn as_typed(&mut self, written: Range<usize>) {
        let source = self.source;
        let mut is_open = false;
        for line in source.source().get(written).unwrap_or_default().lines() {
            let is_blank = line.trim().is_empty();
            match (is_open, is_blank) {
                (false, true) => continue,
                (true, true) => self.mark("</p>\n"),
                (false, false) => self.mark("<p>"),
                (true, false) => self.mark("\n"),
            }
            is_open = !is_blank;
            self.out.text(line.trim());
        }
        if is_open {
            self.mark("</p>\n");
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.mark("<p>"),
            Tag::Heading { .. } => self.mark("<p><strong>"),
            Tag::CodeBlock(_) => {
                self.is_code = true;
                self.mark("<pre tabindex=\"0\"><code>");
            }
            Tag::BlockQuote(_) => self.open_container("<blockquote>\n"),
            Tag::List(first) => {
                match first {
                    None => self.around_items("<ul>\n"),
                    Some(1) => self.around_items("<ol>\n"),
                    Some(n) => self.around_items(&format!("<ol start=\"{n}\">\n")),
                }
                self.lists.push(first.map(|first| ListCounter { first, next: first }));
            }
            Tag::Item => self.open_item(range),
            Tag::Table(_) => self.mark("<table tabindex=\"0\">\n"),
            Tag::TableHead => {
                self.table = TablePart::Head;
                self.mark("<thead>\n<tr>");
            }
            Tag::TableRow => self.open_row(),
            Tag::TableCell => self.mark(if self.table == TablePart::Head { "<th>" } else { "<td>" }),
            Tag::Emphasis => self.open_emphasis("<em>"),
            Tag::Strong => self.open_emphasis("<strong>"),
            Tag::Strikethrough if self.source.is_struck(&range) => self.open_emphasis("<del>"),
            Tag::Strikethrough => self.tilde(),
            Tag::Link { link_type, dest_url, .. } => self.open_link(link_type, dest_url),
            Tag::Image { dest_url, .. } => self.open_link(LinkType::Inline, dest_url),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.mark("</p>\n"),
            TagEnd::Heading(_) => self.mark("</strong></p>\n"),
            TagEnd::CodeBlock => {
                self.is_code = false;
                self.mark("</code></pre>\n");
            }
            TagEnd::BlockQuote(_) => self.close_container("</blockquote>\n"),
            TagEnd::List(is_numbered) => {
                self.lists.pop();
                self.around_items(if is_numbered { "</ol>\n" } else { "</ul>\n" });
            }
            TagEnd::Item => self.close_container("</li>\n"),
            TagEnd::Table if self.table == TablePart::Body => self.mark("</tbody></table>\n"),
            TagEnd::Table => self.mark("</table>\n"),
            TagEnd::TableHead => self.mark("</tr></thead>\n"),
            TagEnd::TableRow => self.mark("</tr>\n"),
            TagEnd::TableCell => self.mark(if self.table == TablePart::Head { "</th>" } else { "</td>" }),
            TagEnd::Emphasis => self.close_emphasis("</em>"),
            TagEnd::Strong => self.close_emphasis("</strong>"),
            TagEnd::Strikethrough if self.source.is_struck(range) => self.close_emphasis("</del>"),
            TagEnd::Strikethrough => self.tilde(),
            TagEnd::Link | TagEnd::Image => self.close_link(),
            _ => {}
        }
    }

    fn mark(&mut self, tag: &str) {
        self.out.tag(tag);
        self.before = ' ';
    }

    fn open_container(&mut self, tag: &str) {
        self.nesting += 1;
        self.mark(if self.nesting <= MAX_NESTING { tag } else { " " });
    }

    fn close_container(&mut self, tag: &str) {
        self.mark(if self.nesting <= MAX_NESTING { tag } else { " " });
        self.nesting = self.nesting.saturating_sub(1);
    }

    fn around_items(&mut self, tag: &str) {
        self.mark(if self.nesting < MAX_NESTING { tag } else { " " });
    }

    fn open_emphasis(&mut self, tag: &str) {
        self.emphases += 1;
        if self.emphases <= MAX_EMPHASES {
            self.out.tag(tag);
        }
    }

    fn close_emphasis(&mut self, tag: &str) {
        if self.emphases <= MAX_EMPHASES {
            self.out.tag(tag);
        }
        self.emphases = self.emphases.saturating_sub(1);
    }

    fn tilde(&mut self) {
        self.out.text("~");
        self.before = '~';
    }

    fn open_row(&mut self) {
        if self.table == TablePart::Head {
            self.table = TablePart::Body;
            self.mark("<tbody>\n");
        }
        self.mark("<tr>");
    }

    /// Markdown renumbers lists; explicit gaps, such as years, are preserved. A list of equal numbers is
    /// renumbered, since many people type that.
    fn open_item(&mut self, range: Range<usize>) {
        let written = self.source.text().get(range).unwrap_or_default().trim_start();
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
        self.open_container(&tag);
    }

    fn open_link(&mut self, link_type: LinkType, dest: CowStr<'_>) {
        let address =
            if link_type == LinkType::Email { format!("mailto:{dest}") } else { dest.into_string() };
        let is_inside = self.links.iter().any(Option::is_some);
        if is_inside || !self.open_anchor(&address) {
            return self.links.push(None);
        }
        self.is_autolink = link_type == LinkType::Autolink;
        self.links.push(Some(OpenLink { label: self.out.len(), href: address }));
    }

    fn close_link(&mut self) {
        if let Some(Some(link)) = self.links.pop() {
            if self.out.len() == link.label {
                self.out.text(&links::label(&link.href));
            }
            self.out.tag("</a>");
            self.is_autolink = false;
        }
        self.before = '/';
    }

    fn open_anchor(&mut self, address: &str) -> bool {
        let Some(href) = links::href(address) else { return false };
        self.out.tag("<a href=\"");
        self.out.attribute(&href);
        self.out.tag(&format!("\" rel=\"{LINK_REL}\">"));
        self.hrefs.push(address.to_owned());
        true
    }

    fn text(&mut self, text: &str) {
        if self.is_autolink {
            return self.out.text(&links::label(text));
        }
        if self.is_code || self.links.iter().any(Option::is_some) {
            return self.out.text(text);
        }
        let mut done = 0;
        for url in urls(text) {
            self.words(text.get(done..url.start).unwrap_or_default());
            done = url.end;
            let address = text.get(url).unwrap_or_default();
            if !self.open_anchor(address) {
                self.words(address);
                continue;
            }
            self.out.text(&links::label(address));
            self.out.tag("</a>");
            self.before = '/';
        }
        self.words(text.get(done..).unwrap_or_default());
    }

    fn words(&mut self, text: &str) {
        let mut done = 0;
        for mention in links::mentions(text, self.before) {
            self.out.text(text.get(done..mention.start).unwrap_or_default());
            done = mention.end;
            let name = text.get(mention.start + 1..mention.end).unwrap_or_default();
            self.out.tag(&format!("<a href=\"/user/{name}\">"));
            self.mentions.push(name.to_owned());
            self.out.text(text.get(mention).unwrap_or_default());
            self.out.tag("</a>");
        }
        self.out.text(text.get(done..).unwrap_or_default());
        self.before = text.chars().next_back().unwrap_or(self.before);
    }
}
