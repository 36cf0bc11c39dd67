use std::ops::Range;

use icu_properties::props::{BidiMirroringGlyph, GeneralCategory, GeneralCategoryGroup, TerminalPunctuation};
use icu_properties::{CodePointMapData, CodePointSetData};
use url::{Host, Url};

use super::visible::{category, is_visible};
use crate::domain::url::has_empty_label;

const SEPARATOR: &str = "://";

/// In bytes, for at most 253 characters.
const MAX_HOST_BYTES: usize = 4 * 253;

/// Maximum open pairs: without a bound, many URLs with an open one take quadratic time.
const MAX_OPEN: usize = 8;

/// The byte ranges of bare `http` and `https` URLs, in order. A URL ends before closing or terminal
/// punctuation of any script outside a balanced pair, as in `(see https://x.org/a)` or `“https://x.org/a”。`,
/// but includes it inside one, as in `https://x.org/a_(b)`. URLs with user information are excluded.
pub fn urls(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + text.get(from..)?.find(SEPARATOR)?;
            let start = scheme_start(text, from, at);
            let end = start.and_then(|start| end(text, start, at + SEPARATOR.len()));
            from = end.unwrap_or(at + SEPARATOR.len());
            if let (Some(start), Some(end)) = (start, end) {
                return Some(start..end);
            }
        }
    })
}

fn scheme_start(text: &str, from: usize, at: usize) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let before = text.get(from..at)?;
    let outside = before.trim_end_matches(is_part);
    let word = before.get(outside.len()..)?.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let follows_digit = before.get(..before.len() - word.len())?.ends_with(|c: char| c.is_ascii_digit());
    let is_web = word.eq_ignore_ascii_case("http") || word.eq_ignore_ascii_case("https");
    (is_web && !follows_digit && !outside.ends_with('@')).then(|| at - word.len())
}

fn end(text: &str, start: usize, after: usize) -> Option<usize> {
    let rest = text.get(after..)?;
    let is_end = |c: char| matches!(c, '/' | '?' | '#' | '\\') || is_boundary(c);
    let authority = rest.split(is_end).next()?;
    let host = host(authority)?;
    // Text before an @ can impersonate the host.
    if authority.contains('@')
        || host.len() > MAX_HOST_BYTES
        || !is_host(text.get(start..after + host.len())?, host)
    {
        return None;
    }
    let port = authority.get(host.len()..)?.strip_prefix(':').unwrap_or_default();
    let digits = port.bytes().take_while(u8::is_ascii_digit).count();
    let authority = host.len() + if (1..=5).contains(&digits) { 1 + digits } else { 0 };
    let path = rest.get(authority..)?;
    let is_quoted = text.get(..start)?.ends_with('\'');
    let path = if path.starts_with(['/', '?', '#']) { path_length(path, is_quoted) } else { 0 };
    Some(after + authority + path)
}

/// Whether a character ends every URL (RFC 3986 and 3987).
fn is_boundary(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '`' | '|')
}

fn host(authority: &str) -> Option<&str> {
    if authority.starts_with('[') {
        return authority.get(..=authority.find(']')?);
    }
    let is_part = |c: char| match c {
        '.' | '-' | '_' | '%' | '\u{200C}' | '\u{200D}' => true,
        c => c.is_alphanumeric() || GeneralCategoryGroup::Mark.contains(category(c)),
    };
    let host = authority.split(|c| !is_part(c)).next()?;
    Some(host.trim_end_matches(['.', '-', '_']))
}

/// Whether browsers parse this host as written: `1.2` is none, though it is a number.
fn is_host(url: &str, host: &str) -> bool {
    match Url::parse(url).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => !has_empty_label(name),
        Some(Host::Ipv4(address)) => address.to_string() == host,
        Some(Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Length of the path. `is_quoted`: the URL began after a `'`.
fn path_length(path: &str, is_quoted: bool) -> usize {
    let mut end = 0;
    let mut open: Vec<(usize, UrlPart)> = Vec::new();
    for (at, c) in path.char_indices() {
        if is_boundary(c) || is_quoted && c == '\'' {
            break;
        }
        let part = part(c);
        match part {
            UrlPart::Plain => end = at + c.len_utf8(),
            UrlPart::Inner => {}
            UrlPart::Opens(_) if open.len() == MAX_OPEN => break,
            UrlPart::Opens(_) => open.push((at, part)),
            // An apostrophe is not a quotation mark.
            UrlPart::Closes
                if c == '\u{2019}'
                    && path.get(at + 3..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric)) => {}
            UrlPart::Closes => match open.iter().rposition(|(_, part)| part.is_closed_by(c)) {
                Some(pair) => {
                    open.truncate(pair);
                    end = at + c.len_utf8();
                }
                None => break,
            },
            UrlPart::Ends if open.is_empty() => break,
            UrlPart::Ends => {}
        }
    }
    // Some languages open with the quotation mark that others close with.
    let unpaired = open.iter().find(|(at, _)| path.as_bytes().get(*at).is_some_and(|byte| !byte.is_ascii()));
    unpaired.map_or(end, |(at, _)| end.min(*at))
}

fn mirrored(c: char) -> Option<char> {
    CodePointMapData::<BidiMirroringGlyph>::new().get(c).mirroring_glyph
}

#[derive(Clone, Copy, PartialEq)]
enum UrlPart {
    Plain,
    /// Part of the URL only if more follows.
    Inner,
    /// Opens a pair closed by this character, or by any quotation mark.
    Opens(Option<char>),
    Closes,
    Ends,
}

impl UrlPart {
    fn is_closed_by(self, c: char) -> bool {
        match self {
            UrlPart::Opens(Some(closing)) => closing == c,
            UrlPart::Opens(None) => category(c) == GeneralCategory::FinalPunctuation,
            _ => false,
        }
    }
}

fn part(c: char) -> UrlPart {
    match c {
        '(' => UrlPart::Opens(Some(')')),
        '[' => UrlPart::Opens(Some(']')),
        '{' => UrlPart::Opens(Some('}')),
        ')' | ']' | '}' => UrlPart::Closes,
        '?' | '!' | '.' | ',' | ':' | ';' | '*' | '~' | '\'' => UrlPart::Inner,
        c if c.is_ascii() => UrlPart::Plain,
        c => match category(c) {
            GeneralCategory::OpenPunctuation => UrlPart::Opens(mirrored(c)),
            GeneralCategory::InitialPunctuation => UrlPart::Opens(None),
            GeneralCategory::ClosePunctuation | GeneralCategory::FinalPunctuation => UrlPart::Closes,
            _ if CodePointSetData::new::<TerminalPunctuation>().contains(c) => UrlPart::Ends,
            category if GeneralCategoryGroup::Punctuation.contains(category) => UrlPart::Inner,
            category if GeneralCategoryGroup::Mark.contains(category) || is_visible(c) => UrlPart::Plain,
            _ => UrlPart::Inner,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_before_punctuation_that_is_not_its_own() {
        // The expected URL is between ‹ and ›.
        for marked in [
            "see ‹https://x.org›.",
            "(‹https://x.org/a_(b)›).",
            "“‹https://x.org/s›”",
            "„‹https://x.org/s›“ und",
            "„‹https://x.org/s›“und",
            "»‹https://x.org/s›«, «‹https://x.org/s›»",
            "「‹https://x.org/s›」と",
            "（‹https://x.org/s›）",
            "‹https://x.org/東京（曖昧）›。",
            "‹https://x.org/“a”›,",
            "‹https://x.org/s›。次の文",
            "请看‹https://x.org/a›，谢谢",
            "‹https://x.org/s›، ‹https://x.org/s›؟ ‹https://x.org/s›। ‹https://x.org/s›…",
            "‹https://x.org/L’Équipe›’",
            "'‹https://x.org/it›'s ‹https://x.org/it's›'",
            "~~‹https://x.org/~a›~~ *‹https://x.org/b›*",
            "[‹https://x.org›](‹https://x.org/a[b]›)",
            "‹https://x.org:8080/a?b=c,d;e#f›, ‹https://x.org#f› ‹https://x.org?q›: ‹https://x.org›:b",
            "‹https://x.org›,‹http://y.org›|‹HTTPS://Z.org/›\"",
            "`‹https://x.org/›`",
            "‹https://пример.рф/путь›, ‹https://例え.テスト/あ›",
            "‹https://हिन्दी.भारत/क› ‹http://[::1]:80/a› ‹http://127.0.0.1/› ‹http://localhost:1/› \
             ‹https://a_b.x.org/›",
            "‹https://x.org/❤️› ‹https://x.org/a\u{301}›",
            "https://google.com@evil.example/ https://a:b@x.org/ https://@x.org https://a&b@x.org",
            "https:// https://. https://-/ https:///a http://1.2/ http://0x7f.1/ xhttps://x.org \
             git+https://x.org a@https://x.org",
            "https://[x.org https://x..org/",
        ] {
            let text = marked.replace(['‹', '›'], "");
            let mut shown = String::new();
            let mut done = 0;
            for url in urls(&text) {
                shown += &format!(
                    "{}‹{}›",
                    text.get(done..url.start).unwrap_or_default(),
                    text.get(url.clone()).unwrap_or_default()
                );
                done = url.end;
            }
            assert_eq!(shown + text.get(done..).unwrap_or_default(), marked);
        }
    }
}
