use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use crate::domain::url::has_empty_label;

/// In characters.
const LABEL_CHARS: usize = 60;

const MAX_URL_BYTES: usize = 4096;

/// The characters that CommonMark implementations escape in URLs, beside non-ASCII.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The escaped URL; `None` if it is not allowed: by scheme, host, length, or user information, which can
/// impersonate a host.
pub fn href(address: &str) -> Option<Cow<'_, str>> {
    let href = escaped(address);
    let is_linkable = href.len() <= MAX_URL_BYTES
        && (is_web(&href) || is_mail(&href) || is_local(address) && is_local(&href));
    is_linkable.then_some(href)
}

fn escaped(address: &str) -> Cow<'_, str> {
    // The brackets of an IPv6 address are part of the host.
    let host = address.find("://[").and_then(|at| Some(at + address.get(at..)?.find(']')? + 1));
    match host.and_then(|end| address.split_at_checked(end)) {
        Some((host, rest)) if host.is_ascii() => {
            format!("{host}{}", utf8_percent_encode(rest, ESCAPED)).into()
        }
        _ => utf8_percent_encode(address, ESCAPED).into(),
    }
}

fn is_web(href: &str) -> bool {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| has_scheme(href, scheme).then(|| href.get(scheme.len()..)));
    let authority = rest.flatten().and_then(|rest| rest.split(['/', '?', '#']).next());
    let has_user = |url: Url| !url.username().is_empty() || url.password().is_some();
    authority.is_some_and(|authority| !authority.contains('@'))
        && Url::parse(href).is_ok_and(|url| !url.host_str().is_none_or(has_empty_label) && !has_user(url))
}

/// Whether it is a `mailto:` address; `mailto://host` is none.
fn is_mail(href: &str) -> bool {
    has_scheme(href, "mailto:") && Url::parse(href).is_ok_and(|url| url.cannot_be_a_base())
}

/// Whether an address is a local path. Browsers read a backslash as a slash, and two slashes as a host.
pub fn is_local(href: &str) -> bool {
    href.starts_with('/')
        && !href.starts_with("//")
        && !href.contains('\\')
        && !href.contains(char::is_control)
}

fn has_scheme(href: &str, scheme: &str) -> bool {
    href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        && href.len() > scheme.len()
}

pub fn label(url: &str) -> String {
    match url.char_indices().nth(LABEL_CHARS) {
        None => url.to_owned(),
        Some(_) => url.chars().take(LABEL_CHARS - 1).chain(['…']).collect(),
    }
}

pub fn is_name(name: &str) -> bool {
    (2..=20).contains(&name.len()) && name.bytes().all(is_name_byte)
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}

/// The byte ranges of mentions, with `@`. `before` is the preceding character. A mention begins a word:
/// `a@b.c`, `https://site/@name`, `@name@elsewhere`, `@scope/package` and `@site.org` have none.
pub fn mentions(text: &str, before: char) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('@').filter_map(move |(at, _)| {
        let (head, tail) = (text.get(..at)?, text.get(at + 1..)?);
        let previous = head.chars().next_back().unwrap_or(before);
        if previous.is_alphanumeric() || "_-./@+=&#%$\\`:".contains(previous) {
            return None;
        }
        let run = tail.bytes().take_while(|b| is_name_byte(*b)).count();
        // Two hyphens are a dash without spaces.
        let name = tail.get(..run)?;
        let name = name.split_once("--").map_or(name, |(name, _)| name);
        let mut after = tail.get(name.len()..)?.chars();
        let goes_on = match after.next() {
            Some('.' | ':') => after.next().is_some_and(char::is_alphanumeric),
            Some(c) => c.is_alphanumeric() || matches!(c, '@' | '/' | '_'),
            None => false,
        };
        (is_name(name) && !goes_on).then(|| at..at + 1 + name.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_a_name_at_the_start_of_a_word() {
        let table: [(&str, &[&str]); 14] = [
            ("@ann hello", &["@ann"]),
            ("hello @ann, and (@bob-2)", &["@ann", "@bob-2"]),
            ("thanks @ann.", &["@ann"]),
            ("@ann's text", &["@ann"]),
            ("@ann--as you said", &["@ann"]),
            ("@ann: see below", &["@ann"]),
            ("mail ann@example.com", &[]),
            ("see /@ann and x.@ann", &[]),
            ("@ann@example.social", &[]),
            ("@types/node", &[]),
            ("@example.com", &[]),
            ("@a", &[]),
            ("@twenty-one-letters-ab", &[]),
            ("@@ann @é", &[]),
        ];
        for (text, expected) in table {
            let found: Vec<_> = mentions(text, ' ').filter_map(|range| text.get(range)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn an_address_is_escaped_as_commonmark_does_and_has_no_user_information() {
        for (address, expected) in [
            ("https://example.com/a b", Some("https://example.com/a%20b")),
            (
                "https://example.com/\u{e4}?q=\u{4e2d}#\"`{|}^~",
                Some("https://example.com/%C3%A4?q=%E4%B8%AD#%22%60%7B%7C%7D^~"),
            ),
            ("https://example.com/100%25%20[a]'&", Some("https://example.com/100%25%20%5Ba%5D'&")),
            ("https://пример.рф/", Some("https://%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.%D1%80%D1%84/")),
            ("http://[::1]:80/[a]", Some("http://[::1]:80/%5Ba%5D")),
            ("mailto:a@b.c", Some("mailto:a@b.c")),
            ("mailto://a@b.c", None),
            ("mailto://\u{43f}\u{1}/", None),
            ("/item/1?a=\u{e4}", Some("/item/1?a=%C3%A4")),
            ("https://google.com@evil.example/", None),
            ("https://google.com:80@evil.example/", None),
            ("https://@evil.example/", None),
            ("https://google.com\\@evil.example/", None),
            ("https:///google.com@evil.example/", None),
            ("HTTPS://a'b@evil.example/", None),
            ("https://", None),
            ("https://www..example.com/", None),
            ("https://example.com./", Some("https://example.com./")),
            ("https://a b/", None),
            ("//x.org", None),
            ("/\\x.org", None),
            ("/\t/x.org", None),
            ("javascript:alert(1)", None),
            ("item", None),
        ] {
            assert_eq!(href(address).as_deref(), expected, "{address}");
        }
        assert_eq!(href(&format!("https://x.org/{}", "\u{e4}".repeat(700))), None);
    }

    #[test]
    fn a_label_has_at_most_sixty_characters() {
        let url = format!("https://example.com/{}", "é".repeat(40));
        assert_eq!(label(&url), url);
        let long = format!("{url}é");
        assert_eq!(label(&long).chars().count(), 60);
        assert!(label(&long).ends_with("é…"));
    }
}
