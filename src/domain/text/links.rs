//! Finding bare addresses and mentions in plain text.

use std::ops::Range;
use std::sync::LazyLock;

use linkify::{LinkFinder, LinkKind};

/// The longest label, in characters, that a bare address shows.
const LABEL_CHARS: usize = 60;

const MAX_URL_BYTES: usize = 4096;

static FINDER: LazyLock<LinkFinder> = LazyLock::new(|| {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    finder
});

/// The byte ranges of bare `http` and `https` addresses, in order.
pub fn urls(text: &str) -> impl Iterator<Item = Range<usize>> {
    let found = text.contains("://").then(|| FINDER.links(text)).into_iter().flatten();
    found.filter(|link| is_web(link.as_str())).map(|link| link.start()..link.end())
}

/// Whether an address is `http://` or `https://`.
pub fn is_web(href: &str) -> bool {
    has_scheme(href, "http://") || has_scheme(href, "https://")
}

/// Whether people may link to this address: by its scheme, and no longer than servers take.
pub fn is_linkable(href: &str) -> bool {
    href.len() <= MAX_URL_BYTES && (is_web(href) || has_scheme(href, "mailto:") || is_local(href))
}

/// Whether an address is a path of this site. Browsers read a backslash as a slash, and two slashes as another host.
pub fn is_local(href: &str) -> bool {
    href.starts_with('/')
        && !href.starts_with("//")
        && !href.contains('\\')
        && href.bytes().all(|b| b.is_ascii_graphic())
}

fn has_scheme(href: &str, scheme: &str) -> bool {
    href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && href.len() > scheme.len()
}

/// The label of a bare address: itself, or its beginning and an ellipsis.
pub fn label(url: &str) -> String {
    match url.char_indices().nth(LABEL_CHARS) {
        None => url.to_owned(),
        Some(_) => url.chars().take(LABEL_CHARS - 1).chain(['…']).collect(),
    }
}

/// Whether a text has the shape of a member's name.
pub fn is_name(name: &str) -> bool {
    (2..=20).contains(&name.len()) && name.bytes().all(is_name_byte)
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}

/// The byte ranges of mentions, each with its `@`. `before` is the character in front of the text.
///
/// A mention begins a word: `a@b.c`, `https://site/@name`, `@name@elsewhere`, `@scope/package` and `@site.org` hold none.
pub fn mentions(text: &str, before: char) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('@').filter_map(move |(at, _)| {
        let (head, tail) = (text.get(..at)?, text.get(at + 1..)?);
        let previous = head.chars().next_back().unwrap_or(before);
        if previous.is_alphanumeric() || "_-./@+=&#%$\\`:".contains(previous) {
            return None;
        }
        let run = tail.bytes().take_while(|b| is_name_byte(*b)).count();
        // Two hyphens are a dash written without spaces.
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
    fn a_label_has_at_most_sixty_characters() {
        let url = format!("https://example.com/{}", "é".repeat(40));
        assert_eq!(label(&url), url);
        let long = format!("{url}é");
        assert_eq!(label(&long).chars().count(), 60);
        assert!(label(&long).ends_with("é…"));
    }
}
