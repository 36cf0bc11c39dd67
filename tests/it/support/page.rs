//! A response and its page, queried by selector, so that tests depend on little markup.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use scraper::{ElementRef, Html, Selector};

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The page, once somebody asked for it.
    document: OnceLock<Html>,
}

/// An element of a page: a copy, so that nothing of the page needs to live as long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its text and that of all within, white space folded.
    pub text: String,
    /// Its attributes by name.
    pub attributes: BTreeMap<String, String>,
    /// What a field holds, to the letter: typed, or chosen.
    pub value: String,
    /// Its own markup and all within.
    pub html: String,
}

impl Element {
    pub fn of(element: ElementRef<'_>) -> Element {
        let attributes = element.value().attrs().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let value = value_of(element);
        Element { text: text_of(element), attributes: attributes.collect(), value, html: element.html() }
    }

    /// An attribute's value; empty where it has none.
    pub fn attr(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    pub fn has_attr(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    /// What `selector` finds in it, itself included.
    pub fn all(&self, selector: &str) -> Vec<Element> {
        elements(&Html::parse_fragment(&self.html), selector)
    }

    /// The one element that `selector` finds in it.
    #[track_caller]
    pub fn one(&self, selector: &str) -> Element {
        the_only(self.all(selector), selector, &self.html)
    }
}

/// What a field holds: its `value`, its text to the letter, or the value of the option that is chosen.
fn value_of(element: ElementRef<'_>) -> String {
    match element.value().name() {
        "textarea" => element.text().collect(),
        "select" => {
            let options: Vec<ElementRef<'_>> =
                element.descendent_elements().filter(|inner| inner.value().name() == "option").collect();
            let chosen = options.iter().find(|option| option.attr("selected").is_some()).or(options.first());
            chosen.map_or(String::new(), |option| {
                option.attr("value").map_or_else(|| text_of(*option), str::to_owned)
            })
        }
        _ => element.attr("value").unwrap_or_default().to_owned(),
    }
}

/// The text of an element as it reads: white space folded, elements such as `script` left out.
fn text_of(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    read(element, &mut text);
    fold(&text)
}

fn read(element: ElementRef<'_>, text: &mut String) {
    for child in element.children() {
        if let Some(words) = child.value().as_text() {
            text.push_str(words);
        }
        let Some(inner) = ElementRef::wrap(child) else { continue };
        let name = inner.value().name();
        if matches!(name, "script" | "style" | "template") {
            continue;
        }
        // Blocks and breaks part the words that stand on either side of them.
        let apart = if is_inline(name) { "" } else { " " };
        text.push_str(apart);
        read(inner, text);
        text.push_str(apart);
    }
}

/// Whether an element stands in the flow of a sentence.
pub fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "button"
            | "cite"
            | "code"
            | "del"
            | "em"
            | "i"
            | "kbd"
            | "mark"
            | "q"
            | "s"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "u"
            | "wbr"
    )
}

/// Makes one space of all white space between words.
pub fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Copies of all that `selector` finds.
pub fn elements(html: &Html, selector: &str) -> Vec<Element> {
    html.select(&parsed(selector)).map(Element::of).collect()
}

/// How many elements `selector` finds.
pub fn count(html: &Html, selector: &str) -> usize {
    html.select(&parsed(selector)).count()
}

#[track_caller]
pub fn parsed(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|e| panic!("the selector {selector}: {e}"))
}

#[track_caller]
fn the_only(found: Vec<Element>, selector: &str, within: &str) -> Element {
    match <[Element; 1]>::try_from(found) {
        Ok([one]) => one,
        Err(found) => panic!("{selector} finds {} elements, not one, in {within}", found.len()),
    }
}

impl Page {
    pub fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Page {
        Page { status, headers, body, document: OnceLock::new() }
    }

    /// The body as it came.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the body contains the words, for responses other than pages; query pages by selector.
    #[track_caller]
    pub fn has(&self, words: &str) -> bool {
        assert!(
            !self.header("content-type").starts_with("text/html"),
            "a page is asked by selector or role: “{words}”"
        );
        self.text().contains(words)
    }

    /// The page, parsed as a browser does.
    pub fn document(&self) -> &Html {
        self.document.get_or_init(|| Html::parse_document(&self.text()))
    }

    /// All elements that `selector` finds, in the order of the page.
    pub fn all(&self, selector: &str) -> Vec<Element> {
        elements(self.document(), selector)
    }

    /// The one element that `selector` finds; none, or more, fails.
    #[track_caller]
    pub fn one(&self, selector: &str) -> Element {
        the_only(self.all(selector), selector, &self.text())
    }

    /// Fails unless `selector` finds exactly so many elements.
    #[track_caller]
    pub fn finds(&self, number: usize, selector: &str) {
        let found = count(self.document(), selector);
        assert_eq!(found, number, "{selector} in {}", self.text());
    }

    /// The texts of all that `selector` finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.document().select(&parsed(selector)).map(text_of).collect()
    }

    /// All that the page says within its body, white space folded.
    pub fn words(&self) -> String {
        self.all("body").into_iter().map(|element| element.text).collect()
    }

    /// Whether the page says this, whatever elements the words stand in.
    pub fn says(&self, sentence: &str) -> bool {
        self.words().contains(&fold(sentence))
    }

    pub fn location(&self) -> Option<String> {
        self.headers.get(LOCATION).map(|to| to.to_str().expect("ASCII").to_owned())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// The id of the item that it leads to.
    pub fn item(&self) -> i64 {
        let to = self.location().unwrap_or_else(|| panic!("a new item: {} {}", self.status, self.text()));
        let id: String = to.trim_start_matches("/item/").chars().take_while(char::is_ascii_digit).collect();
        id.parse().expect("an id")
    }

    /// The text of a page that may have come compressed.
    pub fn unpacked(&self) -> String {
        let mut plain = Vec::new();
        match self.header("content-encoding") {
            "gzip" => {
                flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut plain).expect("gzip");
            }
            "br" => {
                brotli::Decompressor::new(&self.body[..], 4_096).read_to_end(&mut plain).expect("brotli");
            }
            "" => plain.clone_from(&self.body),
            other => panic!("nobody asked for {other}"),
        }
        String::from_utf8(plain).expect("a page is text")
    }
}
