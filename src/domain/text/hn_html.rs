//! Converts Hacker News' HTML to Markdown. Its texts are flat: `<p>`, `<i>`, `<a>`, `<pre><code>`, and typed
//! marks (`> `, `* `). Only the tokenizer is used, since the nesting of foreign HTML may be hostile.

pub mod emphasis;
mod markdown_escape;
pub mod paragraph;

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::links;
use super::visible::is_shown;
use crate::domain::text::hn_html::paragraph::{MARK, Mark, Paragraph};

/// Converts HTML to Markdown with the same meaning. Typed quotes and lists become real ones; other Markdown
/// syntax is escaped, with as few escapes as possible, since authors see the source. Unknown tags are
/// removed, their content is preserved.
pub fn from_hn_html(html: &str) -> String {
    let has_references = html.contains("][");
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let text = HnText { has_references, out: String::with_capacity(html.len()), ..HnText::default() };
    let tokenizer = Tokenizer::new(Sink(RefCell::new(text)), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut text = tokenizer.sink.0.into_inner();
    text.end_code();
    text.end_paragraph();
    text.out
}

struct Sink(RefCell<HnText>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut text = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(chars) => text.chars(&chars),
            Token::TagToken(tag) => text.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Open emphasis, written at the next visible character, since `* a*` would be none.
#[derive(Default)]
struct OpenEmphasis {
    depth: usize,
    is_begun: bool,
}

#[derive(Default)]
struct HnText {
    out: String,
    has_references: bool,
    paragraph: Paragraph,
    italic: OpenEmphasis,
    bold: OpenEmphasis,
    link: Option<(String, String)>,
    pre: Option<String>,
    code: Option<String>,
}

impl HnText {
    fn chars(&mut self, chars: &str) {
        if let Some((_, label)) = &mut self.link {
            push_shown(label, chars);
        } else if let Some(code) = self.pre.as_mut().or(self.code.as_mut()) {
            push_shown(code, chars);
        } else {
            let blank = chars.len() - chars.trim_start().len();
            let (blank, visible) = chars.split_at_checked(blank).unwrap_or((chars, ""));
            push_shown(&mut self.paragraph.text, blank);
            if !visible.is_empty() {
                self.begin_spans();
                push_shown(&mut self.paragraph.text, visible);
            }
        }
    }

    fn tag(&mut self, tag: &Tag) {
        let is_start = tag.kind == TagKind::StartTag;
        match (&*tag.name, is_start) {
            ("a", true) => {
                self.end_link();
                let href = tag.attrs.iter().find(|attr| &*attr.name.local == "href");
                let href = href.map(|attr| attr.value.trim().to_owned()).unwrap_or_default();
                self.link = Some((href, String::new()));
            }
            ("a", false) => self.end_link(),
            ("pre", true) => {
                self.end_paragraph();
                self.pre.get_or_insert_default();
            }
            ("pre", false) => self.end_code(),
            ("code" | "tt", true) if self.pre.is_none() => {
                self.end_link();
                self.code.get_or_insert_default();
            }
            ("code" | "tt", false) => self.end_inline_code(),
            ("i" | "em", _) => self.span(is_start, Mark::Italic),
            ("b" | "strong", _) => self.span(is_start, Mark::Bold),
            ("br", _) => self.line_break(),
            (
                "p" | "div" | "ul" | "ol" | "li" | "blockquote" | "table" | "tr" | "h1" | "h2" | "h3" | "h4",
                _,
            ) if self.pre.is_none() => self.end_paragraph(),
            _ => {}
        }
    }

    fn line_break(&mut self) {
        match &mut self.pre {
            Some(code) => code.push('\n'),
            None if self.link.is_none() && self.code.is_none() => self.paragraph.end_line(),
            None => {}
        }
    }

    fn span(&mut self, is_start: bool, mark: Mark) {
        let span = if mark == Mark::Bold { &mut self.bold } else { &mut self.italic };
        if is_start {
            span.depth += 1;
        } else if span.depth > 0 {
            span.depth -= 1;
            if span.depth == 0 && std::mem::take(&mut span.is_begun) {
                self.paragraph.end(mark);
            }
        }
    }

    fn begin_spans(&mut self) {
        for (span, mark) in [(&mut self.bold, Mark::Bold), (&mut self.italic, Mark::Italic)] {
            if span.depth > 0 && !span.is_begun {
                span.is_begun = true;
                self.paragraph.begin(mark);
            }
        }
    }

    fn end_link(&mut self) {
        let Some((href, label)) = self.link.take() else {
            return;
        };
        let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut = label.strip_suffix("...").or(label.strip_suffix('…'));
        let is_address = label == href || cut.is_some_and(|cut| href.starts_with(cut));
        if let Some(code) = self.pre.as_mut().or(self.code.as_mut()) {
            return push_shown(code, if is_address { &href } else { &label });
        }
        if label.is_empty() && href.is_empty() {
            return;
        }
        self.begin_spans();
        if links::href(&href).is_some() {
            let label = if is_address || label.is_empty() { None } else { Some(label) };
            self.paragraph.push(Mark::Link { href, label });
        } else {
            self.paragraph.text.push_str(if is_address { &href } else { &label });
        }
    }

    fn end_inline_code(&mut self) {
        self.end_link();
        if let Some(code) = self.code.take() {
            let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
            if !code.is_empty() {
                self.begin_spans();
                self.paragraph.code(code);
            }
        }
    }

    fn end_paragraph(&mut self) {
        self.end_link();
        self.end_inline_code();
        for (span, mark) in [(&mut self.italic, Mark::Italic), (&mut self.bold, Mark::Bold)] {
            if std::mem::take(&mut span.is_begun) {
                self.paragraph.end(mark);
            }
        }
        let paragraph = std::mem::take(&mut self.paragraph);
        if paragraph.text.trim().is_empty() {
            return;
        }
        self.begin_block();
        markdown_escape::write(paragraph, self.has_references, &mut self.out);
    }

    fn end_code(&mut self) {
        self.end_link();
        let Some(code) = self.pre.take() else { return };
        let lines = dedented(&code);
        if lines.is_empty() {
            return;
        }
        self.begin_block();
        let fence = "`".repeat(markdown_escape::longest_run(&code, '`').max(2) + 1);
        self.out.push_str(&fence);
        for line in lines {
            self.out.push('\n');
            self.out.push_str(line);
        }
        self.out.push('\n');
        self.out.push_str(&fence);
    }

    fn begin_block(&mut self) {
        if !self.out.is_empty() {
            self.out.push_str("\n\n");
        }
    }
}

/// Drops the marks' placeholder from the text.
fn push_shown(to: &mut String, chars: &str) {
    if chars.bytes().all(|b| matches!(b, b'\n' | b' '..=b'~')) {
        to.push_str(chars);
    } else {
        to.extend(chars.chars().filter(|c| is_shown(*c) && *c != MARK));
    }
}

fn dedented(code: &str) -> Vec<&str> {
    let is_blank = |line: &&str| line.trim().is_empty();
    let mut lines: Vec<&str> = code.lines().skip_while(is_blank).collect();
    while lines.pop_if(|line| is_blank(&&**line)).is_some() {}
    let spaces = |line: &&str| line.bytes().take_while(|b| *b == b' ').count();
    let shared = lines.iter().filter(|line| !is_blank(line)).map(spaces).min().unwrap_or(0);
    lines.into_iter().map(|line| line.get(shared..).unwrap_or("")).collect()
}
