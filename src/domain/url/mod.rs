mod key;
mod site;

use std::borrow::Cow;
use std::fmt;

use ::url::{Host, Url};
pub use site::{StorySite, from_param, is_registered};
pub(super) use site::{is_host_of_names, is_shared_host};

/// Version of the rules for `key` and `site`, stored beside them. Nothing recomputes those of an older
/// version, of which none was released: they stay until the story is edited.
pub const RULE_VERSION: i64 = 4;

pub const MAX_BYTES: usize = 2_000;

/// An http or https URL with a host, at most 2,000 bytes, no credentials.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoryUrl(Url);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("Enter a web address that begins with https://.")]
    Empty,
    #[error("That address is too long: the limit is 2,000 bytes.")]
    TooLong,
    #[error("That is not a web address: it should begin with http:// or https://.")]
    NotWeb,
    #[error("The address is incomplete. Did you mean {0}?")]
    SchemeMissing(String),
    #[error("That address is not valid. Please check the host name.")]
    Malformed,
    #[error("That address contains a user name or password. Please remove it.")]
    Credentials,
}

impl StoryUrl {
    pub fn parse(input: &str) -> Result<StoryUrl, UrlError> {
        let input = input.trim();
        if input.is_empty() {
            return Err(UrlError::Empty);
        }
        if input.len() > MAX_BYTES {
            return Err(UrlError::TooLong);
        }
        if !begins_as_web(input) {
            let whole = format!("https://{}", input.trim_start_matches(['/', '\\']));
            return Err(match StoryUrl::parse(&whole) {
                Ok(url) if url.host_text().contains('.') => UrlError::SchemeMissing(whole),
                _ => UrlError::NotWeb,
            });
        }
        let url = Url::parse(input).map_err(|_| UrlError::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        // Escaping lengthens a URL, and the escaped form is stored.
        if url.as_str().len() > MAX_BYTES {
            return Err(UrlError::TooLong);
        }
        let url = StoryUrl(url);
        if has_empty_label(url.host_text()) {
            return Err(UrlError::Malformed);
        }
        Ok(url)
    }

    /// A link's URL, which may be longer and is not validated like a story's.
    pub(super) fn of_link(href: &str) -> Option<StoryUrl> {
        let url = StoryUrl(Url::parse(href).ok().filter(|_| begins_as_web(href))?);
        (!url.host_text().is_empty()).then_some(url)
    }

    /// The escaped URL with a punycode host, safe to store and to link to.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL without scheme, `www.`, default port, fragment (unless `#!` or `#/`), trailing slash and
    /// tracking parameters. `https://` before a key gives a URL of the same key.
    pub fn key(&self) -> String {
        key::of(self)
    }

    pub fn site(&self) -> StorySite {
        site::of(self)
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The host in lower case and punycode, without a trailing dot; IPv6 in brackets.
    pub(crate) fn host_text(&self) -> &str {
        let host = self.0.host_str().unwrap_or_default();
        host.strip_suffix('.').unwrap_or(host)
    }

    /// The host without `www.`, `www2.` and so on, unless only a public suffix would be left.
    pub(crate) fn bare_host(&self) -> &str {
        let mut host = self.host_text();
        if !matches!(self.0.host(), Some(Host::Domain(_))) {
            return host;
        }
        while let Some((label, rest)) = host.split_once('.')
            && is_www(label)
            && psl::domain_str(rest).is_some()
        {
            host = rest;
        }
        host
    }
}

/// Whether a host has nothing between two dots, or before one; a dot at its end is allowed.
pub fn has_empty_label(host: &str) -> bool {
    host.strip_suffix('.').unwrap_or(host).split('.').any(str::is_empty)
}

fn is_www(label: &str) -> bool {
    label.strip_prefix("www").is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

/// Hosts that serve the same pages.
const SAME_HOST: &[(&str, &str)] = &[
    ("m.youtube.com", "youtube.com"),
    ("mobile.twitter.com", "x.com"),
    ("mobile.x.com", "x.com"),
    ("m.twitter.com", "x.com"),
    ("twitter.com", "x.com"),
    ("old.reddit.com", "reddit.com"),
    ("m.reddit.com", "reddit.com"),
    ("np.reddit.com", "reddit.com"),
];

/// The canonical host for `host`.
pub(super) fn main_host(host: &str) -> Cow<'_, str> {
    if let Some((_, main)) = SAME_HOST.iter().find(|(from, _)| *from == host) {
        return Cow::Borrowed(*main);
    }
    match host.strip_suffix(".m.wikipedia.org").and_then(|labels| labels.split('.').next()) {
        Some(language) => Cow::Owned(format!("{language}.wikipedia.org")),
        None => Cow::Borrowed(host),
    }
}

/// Normalises escapes: unnecessary ones and `@` are decoded (RFC 3986, 6.2.2.2), others are upper case, and a
/// stray `%` is escaped.
pub fn unescaped(part: &str) -> Cow<'_, str> {
    if !part.contains('%') {
        return Cow::Borrowed(part);
    }
    let mut plain = String::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let escaped = after.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = escaped.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (escaped, byte) {
            (Some(_), Some(b)) if b.is_ascii_alphanumeric() || b"-._~@".contains(&b) => {
                plain.push(char::from(b))
            }
            (Some(two), _) => {
                plain.push('%');
                plain.push_str(&two.to_ascii_uppercase());
            }
            (None, _) => plain.push_str("%25"),
        }
        rest = after.get(escaped.map_or(0, str::len)..).unwrap_or_default();
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

impl fmt::Display for StoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn begins_as_web(input: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| input.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_web_address_is_taken_and_the_sentence_says_why_not() {
        for (input, error) in [
            ("", UrlError::Empty),
            ("  \n ", UrlError::Empty),
            ("javascript:alert(1)", UrlError::NotWeb),
            ("JavaScript://example.com/%0aalert(1)", UrlError::NotWeb),
            ("data:text/html,<script>", UrlError::NotWeb),
            ("mailto:a@example.com", UrlError::NotWeb),
            ("ftp://example.com/", UrlError::NotWeb),
            ("//example.com/", UrlError::SchemeMissing("https://example.com/".into())),
            ("/item/1", UrlError::NotWeb),
            ("hello world", UrlError::NotWeb),
            ("http:example.com", UrlError::NotWeb),
            ("example.com/x?y", UrlError::SchemeMissing("https://example.com/x?y".into())),
            ("http://", UrlError::Malformed),
            ("https://exa mple.com/", UrlError::Malformed),
            ("https://./", UrlError::Malformed),
            ("https://../", UrlError::Malformed),
            ("https://www..example.com/", UrlError::Malformed),
            ("https://example.com:99999/", UrlError::Malformed),
            ("https://user@example.com/", UrlError::Credentials),
            ("https://github.com:x@evil.example/", UrlError::Credentials),
            ("http://:p@example.com/", UrlError::Credentials),
        ] {
            assert_eq!(StoryUrl::parse(input), Err(error), "{input:?}");
        }
        assert_eq!(
            UrlError::SchemeMissing("https://example.com/x".into()).to_string(),
            "The address is incomplete. Did you mean https://example.com/x?"
        );
    }

    #[test]
    fn an_address_of_2000_bytes_fits_and_one_more_does_not() {
        let start = "https://example.com/";
        let fits = format!("{start}{}", "a".repeat(MAX_BYTES - start.len()));
        assert_eq!(StoryUrl::parse(&fits).unwrap().as_str(), fits);
        assert_eq!(StoryUrl::parse(&format!("{fits}a")), Err(UrlError::TooLong));
        // 400 letters of two bytes become 2,400 bytes of escapes.
        assert_eq!(StoryUrl::parse(&format!("{start}{}", "é".repeat(400))), Err(UrlError::TooLong));
    }

    #[test]
    fn what_is_kept_is_plain_ascii() {
        for (input, kept) in [
            (" https://example.com ", "https://example.com/"),
            ("HTTPS://EXAMPLE.com/Path", "https://example.com/Path"),
            ("https://bücher.example/über?q=ö", "https://xn--bcher-kva.example/%C3%BCber?q=%C3%B6"),
            ("https://example.com/a\"><script>", "https://example.com/a%22%3E%3Cscript%3E"),
            ("http://example.com\\x", "http://example.com/x"),
        ] {
            assert_eq!(StoryUrl::parse(input).unwrap().as_str(), kept, "{input:?}");
        }
    }
}
