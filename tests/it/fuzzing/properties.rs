//! What holds for any input, one function for each fuzz target in `fuzz/`.

use std::borrow::Cow;
use std::io::BufReader;

use serde::de::IgnoredAny;
use stoa::cli::import::read::{ParsedFile, read};
use stoa::domain::accounts::user::Name;
use stoa::domain::accounts::{contact, signup};
use stoa::domain::items::title::{Title, TitleError};
use stoa::domain::items::{input, title};
use stoa::domain::moderation::permissions;
use stoa::domain::search::{ParsedSearch, composed, marked, passage, tokens};
use stoa::domain::text::{self, Html, has_visible, is_legible, is_shown};
use stoa::domain::url::{StoryUrl, from_param};
use stoa::domain::votes::flag;
use url::form_urlencoded;

const NOW: i64 = 1_700_000_000;

/// A text as Markdown and as Hacker News's HTML: what is rendered is safe, bounded, and says as much as is
/// asked of it elsewhere.
pub fn text(bytes: &[u8]) {
    let source = lossy(bytes);
    let html = text::render(&source);
    is_safe(&html);
    assert!(html.as_str().len() <= 8 * source.len() + 1024);
    assert_eq!(text::render(&text::longest(&source)), html, "what is kept of a text shows as the text does");
    assert_eq!(text::is_blank(&source), !has_visible(&words(html.as_str())));

    let plain = text::plain(&source);
    assert!(plain.chars().all(is_shown) && (plain.is_empty() || has_visible(&plain)));
    assert!(text::excerpt(&source, 20).chars().count() <= 20);
    if let Some(cut) = text::cut(&source, 40) {
        is_safe(&text::render(&cut));
        assert!(!text::is_blank(cut.trim_end_matches("\n\n…")));
    }

    let from_hn = text::from_hn_html(&source);
    assert!(from_hn.chars().all(is_shown));
    is_safe(&text::render(&from_hn));
}

/// The addresses that a text links to are those that it is rendered with, and people may link to them.
pub fn links(bytes: &[u8]) {
    let source = lossy(bytes);
    let html = text::render(&source);
    is_safe(&html);
    let linked = text::linked(&source);
    for tag in tags(html.as_str()).filter(|tag| tag.starts_with("a href=") && tag.contains("rel=")) {
        let href = tag.split('"').nth(1).unwrap_or_default().replace("&amp;", "&");
        // What is not ASCII is escaped only where it is rendered.
        assert!(linked.contains(&href) || href.contains('%'), "{href} is not among {linked:?}");
    }
    for href in linked {
        if let Ok(url) = url::Url::parse(&href) {
            assert!(["http", "https", "mailto"].contains(&url.scheme()), "{href}");
            assert!(url.username().is_empty() && url.password().is_none(), "{href}");
        } else {
            assert!(href.starts_with('/') && !href.starts_with("//"), "{href}");
        }
    }
}

/// The first line is a search, which finds something or says what it could not read; the rest is a text, all
/// of which is there when what was found is marked.
pub fn searches(bytes: &[u8]) {
    let input = lossy(bytes);
    let (typed, text) = input.split_once('\n').unwrap_or((&input, ""));
    let search = ParsedSearch::parse(typed);
    assert!(!search.is_empty() || !search.notes.is_empty() || !has_visible(typed), "{typed:?} says nothing");
    assert!(search.phrases().all(|phrase| !phrase.words.is_empty()));
    let said: String = marked(&search, text).into_iter().map(|part| part.text).collect();
    assert_eq!(said, composed(text));
    passage(&search, text);
    let tokens = tokens(text);
    assert!(tokens.iter().all(|token| text.get(token.span.clone()).is_some() && !token.text.is_empty()));
    assert!(tokens.is_sorted_by_key(|token| token.position));
}

/// A title that is taken reads back as itself, and so does what is suggested or added to one. The first line
/// is the title, the second an address.
pub fn titles(bytes: &[u8]) {
    let input = lossy(bytes);
    let (typed, address) = input.split_once('\n').unwrap_or((&input, ""));
    let suggestion = title::suggestion(&input);
    assert_ne!(Title::parse(&suggestion), Err(TitleError::TooLong));
    assert_eq!(title::suggestion(&suggestion), suggestion);
    let Ok(taken) = Title::parse(typed) else { return };
    assert!(is_legible(taken.as_str()) && taken.as_str().trim() == taken.as_str());
    assert_eq!(Title::parse(taken.as_str()), Ok(taken.clone()));
    let _ = title::section(taken.as_str(), address);
    if let Ok(url) = StoryUrl::parse(address) {
        let marked = taken.with_mark(&url);
        assert_eq!(Title::parse(marked.as_str()), Ok(marked.clone()));
        assert_eq!(marked.clone().with_mark(&url), marked);
    }
}

/// An address that is taken reads back as itself, the key of a key is the key, and a site's name names the
/// site.
pub fn url_keys(bytes: &[u8]) {
    let Ok(url) = StoryUrl::parse(&lossy(bytes)) else { return };
    assert_eq!(StoryUrl::parse(url.as_str()), Ok(url.clone()));
    let key = url.key();
    match StoryUrl::parse(&format!("https://{key}")) {
        Ok(again) => assert_eq!(again.key(), key),
        Err(error) => assert!(key.len() > 1_900, "{key}: {error}"),
    }
    let site = url.site();
    assert!(site.name.starts_with(&site.domain) || site.name.contains('/'), "{site:?}");
    assert_eq!(from_param(&site.name), Some(site.name.clone()), "{url}");
}

/// A file is read alike in whatever pieces it comes, and a list gives what its elements give one a line.
pub fn import_lines(bytes: &[u8]) {
    let found = |file: &[u8], capacity| {
        let mut found = ParsedFile::default();
        read(BufReader::with_capacity(capacity, file), 0, NOW, &mut found, |_, _| true)
            .expect("memory is read");
        found
    };
    let whole = found(bytes, 1 << 16);
    assert_eq!(found(bytes, 3), whole);
    for record in &whole.records {
        assert!(record.title.as_deref().is_none_or(is_legible), "{:?}", record.title);
        assert!(record.spot.line > 0 && record.id > 0);
    }
    for bad in &whole.bad {
        assert!(bad.spot.line > 0 && bad.reason.chars().count() <= 3_200, "{}", bad.reason);
    }
    let is_item = |line: &[u8]| line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    let lines: Vec<&[u8]> = bytes.trim_ascii_end().split(|byte| *byte == b'\n').collect();
    if lines.iter().all(|line| is_item(line)) {
        let list = [&b"["[..], &lines.join(&b",\n"[..]), &b"]"[..]].concat();
        assert_eq!(found(&list, 64), whole);
    }
}

/// What a form's fields are taken as is taken as the same again.
pub fn forms(bytes: &[u8]) {
    let fields: Vec<(Cow<str>, Cow<str>)> = form_urlencoded::parse(bytes).collect();
    let sent = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    assert_eq!(form_urlencoded::parse(sent.as_bytes()).collect::<Vec<_>>(), fields);
    for (name, typed) in &fields {
        match &**name {
            "text" | "about" => is_stable(typed, input::optional),
            "notice" => is_stable(typed, input::notice),
            "message" => is_stable(typed, signup::message),
            "contact" => is_stable(typed, |typed| contact::contact(typed).map(str::to_owned)),
            "reason" => is_stable(typed, |typed| permissions::reason(typed, true).map(str::to_owned)),
            "kill" => is_stable(typed, |typed| permissions::kill_reason("other", typed)),
            "note" => is_stable(typed, |typed| flag::reason("spam", typed).map(|(_, note)| note)),
            "name" => is_stable(typed, |typed| Name::parse(typed).map(|name| name.to_string())),
            "title" => is_stable(typed, |typed| Title::parse(typed).map(Title::into_string)),
            "url" => is_stable(typed, |typed| StoryUrl::parse(typed).map(|url| url.to_string())),
            _ => {}
        }
    }
}

fn is_stable<E>(typed: &str, take: impl Fn(&str) -> Result<String, E>) {
    if let Ok(taken) = take(typed) {
        assert_eq!(take(&taken).ok().as_ref(), Some(&taken), "{typed:?}");
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default())
}

/// Whether HTML has no other elements and attributes than those of texts.
fn is_safe(html: &Html) {
    const NAMES: [&str; 19] = [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    for tag in tags(html.as_str()) {
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(NAMES.contains(&name.trim_start_matches('/')), "{tag}");
        let attributes: Vec<&str> = attributes.split('"').collect();
        for attribute in attributes.chunks(2) {
            match *attribute {
                [" start=" | "start=" | "value=" | "tabindex=", number] => {
                    assert!(number.bytes().all(|byte| byte.is_ascii_digit()), "{tag}");
                }
                ["href=", href] => {
                    let is_web = ["http://", "https://", "mailto:"].iter().any(|scheme| {
                        href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
                    });
                    assert!(is_web || href.starts_with('/') && !href.starts_with("//"), "{tag}");
                }
                ["rel=" | " rel=", rel] => assert_eq!(rel, "nofollow ugc noopener", "{tag}"),
                ref rest => assert_eq!(rest, &[""], "{tag}"),
            }
        }
    }
}

/// The words of rendered HTML: tags off, entities decoded.
fn words(html: &str) -> String {
    let mut parts = html.split('<');
    let mut text = parts.next().unwrap_or_default().to_owned();
    text.extend(parts.map(|part| part.split_once('>').map_or("", |(_, after)| after)));
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{A0}").replace("&amp;", "&")
}
