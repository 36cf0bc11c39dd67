//! Restrictions of sites, and the site names that match a story. Names are compared label by label, never by
//! string suffix.

use std::fmt;

use ::url::Host;

use crate::domain::url::{StoryUrl, is_host_of_names, is_shared_host, main_host};

/// Ordered by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum SiteRestriction {
    Penalised,
    Banned,
}

impl SiteRestriction {
    pub fn parse(s: &str) -> Option<SiteRestriction> {
        match s {
            "penalised" => Some(SiteRestriction::Penalised),
            "banned" => Some(SiteRestriction::Banned),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            SiteRestriction::Penalised => "penalised",
            SiteRestriction::Banned => "banned",
        }
    }

    pub fn sentence(self, site: &str, reason: &str) -> String {
        match self {
            SiteRestriction::Penalised => format!("Stories from {site} rank lower here: {reason}"),
            SiteRestriction::Banned => format!("Stories from {site} are not accepted here: {reason}"),
        }
    }
}

/// A restrictable site: a host with its subdomains (`example.com`) or a user's site on a shared host
/// (`github.com/somebody`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteName(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteNameError {
    #[error("Enter a site, such as example.com.")]
    Empty,
    #[error(
        "That is not the name of a site. Enter it as shown next to stories, such as example.com or \
         github.com/somebody; it includes everything below it."
    )]
    Nonsense,
    #[error(
        "That name is too long: the limit is {LONGEST_HOST} characters, and {LONGEST_LABEL} between two dots."
    )]
    Long,
    #[error("{0} is a public suffix shared by unrelated sites. Enter one of them.")]
    Suffix(String),
    #[error(
        "That address does not name a user of {0}. Enter {0}/ and a name for one user, or {0} alone for the \
         whole site."
    )]
    Whose(String),
    #[error(
        "Many people have sites of their own under {0}, so only an admin can act on all of them at once."
    )]
    AdminsOnly(String),
}

/// In characters (RFC 1035, section 2.3.4).
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;

impl SiteName {
    /// Parses a name, host or URL in any case, with or without `www.`. A host includes its subdomains; a URL
    /// with a path means the site that it is displayed under.
    pub fn parse(typed: &str) -> Result<SiteName, SiteNameError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(SiteNameError::Empty);
        }
        let url = StoryUrl::parse(typed)
            .or_else(|_| StoryUrl::parse(&format!("https://{typed}")))
            .map_err(|_| SiteNameError::Nonsense)?;
        let host = url.bare_host();
        if is_name(&url) {
            if !has_plain_labels(host) {
                return Err(SiteNameError::Nonsense);
            }
            if host.len() > LONGEST_HOST || host.split('.').any(|label| label.len() > LONGEST_LABEL) {
                return Err(SiteNameError::Long);
            }
            if is_everybodys(host) {
                return Err(SiteNameError::Suffix(host.to_owned()));
            }
        }
        // Hosts that serve the same pages are one site.
        let host = &*main_host(host);
        let site = url.site();
        let has_path = !matches!(url.url().path(), "" | "/");
        match site.name.contains('/') {
            true => Ok(SiteName(site.name)),
            false if has_path && is_shared_host(host) => Err(SiteNameError::Whose(host.to_owned())),
            false if has_path => Ok(SiteName(site.name)),
            false => Ok(SiteName(host.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_host_of_many(&self) -> bool {
        is_host_of_names(&self.0) || psl::suffix_str(&self.0) == Some(&self.0)
    }

    /// Whether it is a user's site on a shared host, with a path.
    pub fn is_place(&self) -> bool {
        self.0.contains('/')
    }

    /// The domain by which its stories are stored; `None` for a shared host.
    pub fn domain(&self) -> Option<String> {
        let url = StoryUrl::parse(&format!("https://{}", self.0)).ok()?;
        Some(url.site().domain).filter(|_| !self.is_host_of_many())
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All site names that match a story, narrowest first: the user's site on a shared host, the host, and its
/// parent domains down to the registrable one: `docs.github.io/x` ends with `github.io`, none with `co.uk`.
pub fn names(url: &StoryUrl) -> Vec<String> {
    let mut names = Vec::new();
    let shown = url.site().name;
    if shown.contains('/') {
        names.push(shown);
    }
    // The restriction of a host also applies to its aliases.
    let host = url.bare_host();
    for host in [host, &*main_host(host)] {
        let hosts = std::iter::successors(Some(host), |host| above(host).filter(|_| is_name(url)));
        let below = |at: usize, host: &str| at > 0 && is_everybodys(host);
        let hosts = hosts.enumerate().take_while(|(at, host)| !below(*at, host)).map(|(_, host)| host);
        for host in hosts {
            if !names.iter().any(|name| name == host) {
                names.push(host.to_owned());
            }
        }
    }
    // A subdomain of a renamed domain is shown under the new name.
    let domain = url.site().domain;
    if !names.contains(&domain) {
        names.push(domain);
    }
    names
}

fn above(host: &str) -> Option<&str> {
    host.split_once('.').map(|(_, rest)| rest)
}

fn is_name(url: &StoryUrl) -> bool {
    matches!(url.url().host(), Some(Host::Domain(_)))
}

/// Whether a name is a single label or an ICANN public suffix. Private suffixes (`github.io`) have owners.
fn is_everybodys(host: &str) -> bool {
    let is_suffix = psl::suffix(host.as_bytes()).is_some_and(|suffix| {
        suffix.as_bytes() == host.as_bytes() && suffix.typ() != Some(psl::Type::Private)
    });
    is_suffix || !host.contains('.')
}

fn has_plain_labels(host: &str) -> bool {
    host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests;
