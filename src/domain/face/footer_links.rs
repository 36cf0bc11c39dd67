use std::str::FromStr;

use url::Url;

use crate::domain::mail::address::EmailAddress;
use crate::domain::text::{has_visible, is_legible};

const MAX_LINKS: usize = 8;
const MAX_LABEL_CHARS: usize = 40;
const MAX_HREF_BYTES: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterLink {
    pub label: String,
    pub href: String,
}

/// Links that a community adds to the footer, each written as a line of a label and an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FooterLinks(pub Vec<FooterLink>);

impl FromStr for FooterLinks {
    type Err = String;

    fn from_str(text: &str) -> Result<FooterLinks, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let links = lines.map(link).collect::<Result<Vec<_>, _>>()?;
        if links.len() > MAX_LINKS {
            return Err(format!("must be at most {MAX_LINKS} links"));
        }
        Ok(FooterLinks(links))
    }
}

impl FooterLinks {
    pub fn text(&self) -> String {
        self.0.iter().map(|link| format!("{} {}", link.label, link.href)).collect::<Vec<_>>().join("\n")
    }
}

fn link(line: &str) -> Result<FooterLink, String> {
    let Some((label, href)) = line.rsplit_once(char::is_whitespace) else {
        return Err(format!("must be a label and an address on each line, and “{line}” is only one of them"));
    };
    let label = label.trim();
    if !has_visible(label) || !is_legible(label) || label.chars().count() > MAX_LABEL_CHARS {
        return Err(format!("must have labels of up to {MAX_LABEL_CHARS} visible characters; see “{line}”"));
    }
    if !is_address(href) {
        return Err(format!(
            "must lead to addresses that begin with https://, http://, mailto: or /; “{href}” is none of them"
        ));
    }
    Ok(FooterLink { label: label.to_owned(), href: href.to_owned() })
}

/// A page of this site, a web address without a password, or an e-mail address.
fn is_address(href: &str) -> bool {
    let is_local = href.starts_with('/') && !href.starts_with("//");
    if href.len() > MAX_HREF_BYTES || !is_legible(href) || href.contains('\\') {
        return false;
    }
    if is_local {
        return true;
    }
    let Ok(url) = Url::parse(href) else { return false };
    match url.scheme() {
        "http" | "https" => url.has_host() && url.username().is_empty() && url.password().is_none(),
        "mailto" => EmailAddress::parse(url.path()).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_label_and_an_address_that_a_browser_may_follow() {
        let text =
            "About us /pages/about\n\n Chat  https://chat.example.org/x?y=1#z\nWrite mailto:a@example.org";
        let links: FooterLinks = text.parse().expect("links");
        let read: Vec<_> = links.0.iter().map(|link| (&*link.label, &*link.href)).collect();
        let chat = "https://chat.example.org/x?y=1#z";
        assert_eq!(read, [("About us", "/pages/about"), ("Chat", chat), ("Write", "mailto:a@example.org")]);
        assert_eq!(links.text().parse(), Ok(links));
        assert_eq!("".parse(), Ok(FooterLinks::default()));
    }

    #[test]
    fn nothing_else_is_a_link() {
        for wrong in [
            "label",
            "https://example.org",
            "Run javascript:alert(1)",
            "Run JavaScript:alert(1)",
            "Data data:text/html,x",
            "Away //example.org",
            "Away /\\example.org",
            "Away https://a:b@example.org",
            "Mail mailto:",
            "Mail mailto:nobody",
            "Path about",
            "\u{202e} https://example.org",
        ] {
            assert!(wrong.parse::<FooterLinks>().is_err(), "{wrong}");
        }
        let many = "Home /\n".repeat(9);
        assert_eq!(many.parse::<FooterLinks>(), Err("must be at most 8 links".to_owned()));
        assert!(format!("{} /", "x".repeat(41)).parse::<FooterLinks>().is_err());
    }
}
