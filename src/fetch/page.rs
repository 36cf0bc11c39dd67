use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, State};
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use lol_html::{HtmlRewriter, Settings, element, send, text};

use crate::domain::items::title::suggestion;
use crate::fetch::charset;

/// Maximum bytes of a buffered title.
const TITLE_BYTES: usize = 4_096;

type Parser = send::HtmlRewriter<'static, fn(&[u8])>;

/// A partially received page. Each byte is parsed once, in whatever chunks it arrives.
pub(super) struct Reading {
    body: Vec<u8>,
    most: usize,
    /// `None` after a parse error.
    parser: Option<Parser>,
    head: Arc<Head>,
    #[cfg(test)]
    parsed: usize,
}

#[derive(Default)]
struct Head {
    is_over: AtomicBool,
    is_titled: AtomicBool,
    has_drawing: AtomicBool,
}

impl Reading {
    pub(super) fn new(most: usize) -> Reading {
        let head = Arc::new(Head::default());
        Reading {
            body: Vec::new(),
            most,
            parser: parser(&head),
            head,
            #[cfg(test)]
            parsed: 0,
        }
    }

    /// Returns whether no more input is needed: a title was found and the head has ended, or the page is too
    /// long.
    pub(super) fn push(&mut self, chunk: &[u8]) -> bool {
        let room = self.most.saturating_sub(self.body.len());
        let chunk = chunk.get(..room).unwrap_or(chunk);
        self.body.extend_from_slice(chunk);
        if self.parser.as_mut().is_some_and(|parser| parser.write(chunk).is_err()) {
            self.parser = None;
        }
        #[cfg(test)]
        {
            self.parsed += chunk.len();
        }
        self.body.len() >= self.most || self.head.is_over.load(Relaxed) && self.head.is_titled.load(Relaxed)
    }

    pub(super) fn title(&self, content_type: &str) -> Option<String> {
        let (html, _, _) = charset::of(&self.body, content_type).decode(&self.body);
        title(&html)
    }
}

fn parser(head: &Arc<Head>) -> Option<Parser> {
    let [of_head, of_body, of_drawing, of_title] = [0; 4].map(|_| Arc::clone(head));
    let settings = Settings::new_send()
        .append_element_content_handler(element!("head", move |tag| {
            let head = Arc::clone(&of_head);
            let over: send::EndTagHandler<'static> = Box::new(move |_| {
                head.is_over.store(true, Relaxed);
                Ok(())
            });
            tag.on_end_tag(over)
        }))
        .append_element_content_handler(element!("body", move |_| {
            of_body.is_over.store(true, Relaxed);
            Ok(())
        }))
        .append_element_content_handler(element!("svg", move |_| {
            of_drawing.has_drawing.store(true, Relaxed);
            Ok(())
        }))
        .append_element_content_handler(text!("title", move |chunk| {
            // SVG has titles too.
            if chunk.last_in_text_node() && !of_title.has_drawing.load(Relaxed) {
                of_title.is_titled.store(true, Relaxed);
            }
            Ok(())
        }));
    let sink: fn(&[u8]) = |_| {};
    let mut parser = HtmlRewriter::new(settings, sink);
    // A page may end its head without having begun it.
    parser.write(b"<head>").is_ok().then_some(parser)
}

/// `og:title`, else `<title>`, decoded and truncated.
pub(super) fn title(html: &str) -> Option<String> {
    let (og, plain) = titles(html);
    [og, plain].into_iter().map(|raw| suggestion(&decode(&raw))).find(|title| !title.is_empty())
}

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
            // SVG has titles too.
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
    // Results before a parse error still count.
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
    // In this tokenizer state only character references are markup.
    let options =
        TokenizerOpts { initial_state: Some(State::RawData(RawKind::Rcdata)), ..TokenizerOpts::default() };
    let reader = Tokenizer::new(Text(RefCell::default()), options);
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(raw));
    let _ = reader.feed(&queue);
    reader.end();
    reader.sink.0.take()
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
                "<title>Fish &amp; chips &mdash; caf&eacute; &#8212; &#x1F41F; &lt;b&gt; &copy \
                 2&nbsp;x</title>",
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

    /// Bytes consumed and bytes scanned with this chunk size.
    fn taken(page: &[u8], chunk: usize) -> (usize, usize) {
        let mut reading = Reading::new(1 << 20);
        let _ = page.chunks(chunk).find(|chunk| reading.push(chunk));
        (reading.body.len(), reading.parsed)
    }

    #[test]
    fn reading_stops_where_the_head_ends() {
        for page in [
            "<html><head><title>x</title></HEAD>|<body>",
            "<head><title>x</title><meta name=a></head >|",
            "<head><meta content='</head><body>'><title>x</title><script>'</head><body>'</script></head>|",
            "<!-- <title></title></head><body> --><title>x</title><body>|",
            "<script>'<title></title><body>'</script><title>x</title></head|>",
            "<title>x</title></head|>",
            "<title>x</title><p>no end",
            "<head><title>never closed</head><body>",
            "<head></head><body><svg><title>drawing</title></svg><p>",
            "<head></head><body><h1>y</h1><title>late</title>|<p>",
        ] {
            let end = page.find('|');
            let page = page.replace('|', "") + &" ".repeat(64);
            let end = end.unwrap_or(page.len());
            for chunk in 1..=64 {
                let (taken, _) = taken(page.as_bytes(), chunk);
                // A tag counts once it is closed.
                let latest = (end + 1).div_ceil(chunk) * chunk;
                assert!(end <= taken && taken <= latest, "{page} by {chunk}: {taken}, not {end} to {latest}");
            }
        }
    }

    #[test]
    fn the_work_of_a_page_grows_with_its_bytes_however_they_are_cut() {
        for part in
            ["<body", "<body>", "</head>", "</head", "<head>", "<title", "<p a='", "&amp", "<!--", "-->", "x"]
        {
            let page = part.repeat((100_000) / part.len());
            for chunk in [1, 2, 5, 7, 1_024, page.len()] {
                let (_, parsed) = taken(page.as_bytes(), chunk);
                assert!(parsed <= page.len(), "{part} by {chunk}: {parsed} of {}", page.len());
            }
        }
    }

    #[test]
    fn no_more_is_kept_than_may_be_read() {
        let mut reading = Reading::new(20);
        assert!(!reading.push(b"<title>0123456789"));
        assert!(reading.push(b"0123456789"));
        assert_eq!(reading.title("text/html").as_deref(), Some("0123456789012"));
    }

    proptest::proptest! {
        #[test]
        fn a_title_does_not_depend_on_how_its_page_is_cut(
            page in "(<head>|</head>|<body>|<title>|</title>|<svg>|<script>|</script>|<!--|-->|<meta \
                     property=og:title content='o'>|[a-z<>'é ]){0,24}",
            cuts in proptest::collection::vec(1_usize..9, 1..24),
        ) {
            let mut whole = Reading::new(1 << 20);
            whole.push(page.as_bytes());
            let mut rest = page.as_bytes();
            let mut reading = Reading::new(1 << 20);
            for cut in cuts.iter().cycle() {
                let (chunk, left) = rest.split_at((*cut).min(rest.len()));
                if rest.is_empty() || reading.push(chunk) {
                    break;
                }
                rest = left;
            }
            // Whatever was not read comes after the head.
            let of_head = |title: Option<String>| title.filter(|title| title != "o");
            if reading.body.len() == page.len() {
                proptest::prop_assert_eq!(reading.title("text/html"), whole.title("text/html"));
            } else {
                proptest::prop_assert!(whole.head.is_over.load(Relaxed));
                proptest::prop_assert!(whole.head.is_titled.load(Relaxed));
                let (early, late) = (of_head(reading.title("text/html")), of_head(whole.title("text/html")));
                proptest::prop_assert!(early == late || late.is_none(), "{:?} {:?}", early, late);
            }
        }
    }
}
