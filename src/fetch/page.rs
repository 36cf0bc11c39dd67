//! Reading a page for its title, whatever it holds.

use std::cell::{Cell, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, State};
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use lol_html::{HtmlRewriter, Settings, element, text};

use crate::domain::title::suggestion;

/// How much of a title is kept while it is read, in bytes; far more than is shown.
const TITLE_BYTES: usize = 4_096;

/// Where a `<meta>` may name the charset, by the HTML standard.
const CHARSET_WITHIN: usize = 1_024;

/// The `og:title` of a page, else its `<title>`: entities decoded, blanks folded, cut at a word.
pub(super) fn title(html: &str) -> Option<String> {
    let (og, plain) = titles(html);
    [og, plain].into_iter().map(|raw| suggestion(&decode(&raw))).find(|title| !title.is_empty())
}

/// The `og:title` and the first `<title>` as they are written; empty where there is none.
fn titles(html: &str) -> (String, String) {
    let (og, plain) = (RefCell::new(String::new()), RefCell::new(String::new()));
    let (done, drawing) = (Cell::new(false), Cell::new(false));
    let settings = Settings::new()
        .append_element_content_handler(element!("meta", |meta| {
            let names = [meta.get_attribute("property"), meta.get_attribute("name")];
            if og.borrow().is_empty()
                && names.into_iter().flatten().any(|name| name.trim().eq_ignore_ascii_case("og:title"))
            {
                keep(&mut og.borrow_mut(), &meta.get_attribute("content").unwrap_or_default());
            }
            Ok(())
        }))
        .append_element_content_handler(element!("svg", |_| {
            // Drawings have titles too.
            drawing.set(true);
            Ok(())
        }))
        .append_element_content_handler(text!("title", |chunk| {
            if !done.get() && !drawing.get() {
                keep(&mut plain.borrow_mut(), chunk.as_str());
                done.set(chunk.last_in_text_node());
            }
            Ok(())
        }));
    // What was read before the parser gives up on a page still counts.
    let mut reader = HtmlRewriter::new(settings, |_: &[u8]| {});
    if reader.write(html.as_bytes()).is_ok() {
        let _ = reader.end();
    }
    (og.take(), plain.take())
}

fn keep(kept: &mut String, more: &str) {
    let room = TITLE_BYTES.saturating_sub(kept.len());
    kept.push_str(more.get(..more.floor_char_boundary(room)).unwrap_or_default());
}

/// Resolves character references: `&amp;`, `&eacute;`, `&#8212;`.
fn decode(raw: &str) -> String {
    struct Text(RefCell<String>);
    impl TokenSink for Text {
        type Handle = ();
        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            if let Token::CharacterTokens(text) = token {
                self.0.borrow_mut().push_str(&text);
            }
            TokenSinkResult::Continue
        }
    }
    // In this state, that of a title's own text, nothing but references is markup.
    let options = TokenizerOpts { initial_state: Some(State::RawData(RawKind::Rcdata)), ..TokenizerOpts::default() };
    let reader = Tokenizer::new(Text(RefCell::default()), options);
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(raw));
    let _ = reader.feed(&queue);
    reader.end();
    reader.sink.0.take()
}

/// The charset that a page itself names, else the one it seems to be in: UTF-8, or Windows-1252 where it cannot be.
pub(super) fn charset(body: &[u8]) -> String {
    let start: String = body.iter().take(CHARSET_WITHIN).map(|b| char::from(b.to_ascii_lowercase())).collect();
    let named = start.split("<meta").skip(1).find_map(|meta| {
        let tag = meta.split('>').next()?;
        let (_, value) = tag.split_once("charset")?;
        let value = value.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let label = value.split(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c))).next()?;
        (!label.is_empty()).then(|| label.to_owned())
    });
    match named {
        // A page that can be read this far is not in UTF-16, whatever it says.
        Some(label) if label.starts_with("utf-16") => "utf-8".to_owned(),
        Some(label) => label,
        // The end may be cut inside a character.
        None if std::str::from_utf8(body).is_err_and(|e| e.error_len().is_some()) => "windows-1252".to_owned(),
        None => "utf-8".to_owned(),
    }
}

/// Whether a title was read and the head of the page is over, so that no more is needed. `seen`: how much was looked at before.
pub(super) fn ends_head(body: &[u8], seen: usize) -> bool {
    let fresh = body.get(seen.saturating_sub("</head".len())..).unwrap_or_default();
    (holds(fresh, b"</head") || holds(fresh, b"<body")) && holds(body, b"</title")
}

fn holds(text: &[u8], tag: &[u8]) -> bool {
    text.windows(tag.len()).any(|window| window.eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_of_a_page_is_found() {
        for (html, expected) in [
            ("<title>Plain</title>", Some("Plain")),
            ("<!doctype html><html><head><title>\n  In a\n head </title></head><body>x", Some("In a head")),
            (
                "<title>Fish &amp; chips &mdash; caf&eacute; &#8212; &#x1F41F; &lt;b&gt; &copy 2&nbsp;x</title>",
                Some("Fish & chips — café — 🐟 <b> © 2 x"),
            ),
            ("<title>a <b>bold</b> claim</title>", Some("a <b>bold</b> claim")),
            ("<title>Plain</title><meta property='og:title' content='Of the graph'>", Some("Of the graph")),
            ("<META NAME=og:title CONTENT=\"Q&amp;A &quot;x&quot;\"><title>Plain</title>", Some("Q&A \"x\"")),
            ("<meta property='og:title' content='  '><title>Plain</title>", Some("Plain")),
            ("<meta property='og:title'><title>Plain</title>", Some("Plain")),
            ("<title>First</title><title>Second</title>", Some("First")),
            ("<svg><title>Drawing</title></svg>", None),
            ("<script>var a = '<title>No</title>'</script><title>Yes</title>", Some("Yes")),
            ("<!-- <title>No</title> --><title>Yes</title>", Some("Yes")),
            ("<title>Never closed", Some("Never closed")),
            ("<title> \n </title>", None),
            ("<title>&#x202e;turned</title>", Some("turned")),
            ("<p>no title", None),
            ("", None),
            ("\0\u{1}<<<>>>&&&", None),
        ] {
            assert_eq!(title(html).as_deref(), expected, "{html}");
        }
    }

    #[test]
    fn a_huge_or_deep_page_is_read_in_passing() {
        let huge = format!("<title>{}</title>", "word ".repeat(100_000));
        assert_eq!(title(&huge), Some(format!("{}…", "word ".repeat(16).trim_end())));
        let deep = format!("{}<title>x</title>", "<div>".repeat(100_000));
        assert_eq!(title(&deep).as_deref(), Some("x"));
        let attributes: String = (0..60_000).map(|n| format!(" a{n}")).collect();
        assert_eq!(title(&format!("<meta{attributes}><title>x</title>")).as_deref(), Some("x"));
    }

    #[test]
    fn a_page_names_its_charset_or_is_guessed() {
        for (body, expected) in [
            (&b"<meta charset=utf-8>"[..], "utf-8"),
            (b"<META CHARSET='Shift_JIS'>", "shift_jis"),
            (b"<meta http-equiv=Content-Type content=\"text/html; charset = windows-1251\">", "windows-1251"),
            (b"<meta name=x><meta charset=\"gbk\" />", "gbk"),
            (b"<meta charset=utf-16le>", "utf-8"),
            (b"<p>charset=gbk", "utf-8"),
            (b"caf\xc3\xa9", "utf-8"),
            (b"caf\xc3", "utf-8"),
            (b"caf\xe9 x", "windows-1252"),
            (b"", "utf-8"),
        ] {
            assert_eq!(charset(body), expected, "{:?}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn reading_stops_where_the_head_ends() {
        assert!(ends_head(b"<title>x</title></HEAD>", 0));
        assert!(ends_head(b"<title>x</title><body>", 20));
        assert!(!ends_head(b"<title>x</title>", 0));
        assert!(!ends_head(b"<script>'</head>'</script>", 0));
    }
}
