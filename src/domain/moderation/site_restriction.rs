//! What moderators hold of a site, and the names that a story falls under. Names are compared whole, label by label: never by how a
//! string ends.

use std::fmt;

use ::url::Host;

use crate::domain::url::{StoryUrl, is_host_of_names, is_shared_host, main_host};

/// What moderators decided about a site. The graver of two counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
pub enum SiteRestriction {
    /// Its stories rank lower.
    Penalised,
    /// It takes no new stories; those that are there rank lower.
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

    /// What everybody is told of a site that it is held against.
    pub fn sentence(self, site: &str, reason: &str) -> String {
        match self {
            SiteRestriction::Penalised => format!("Stories from {site} rank lower here: {reason}"),
            SiteRestriction::Banned => format!("Stories from {site} are not accepted here: {reason}"),
        }
    }
}

/// The name of a site that moderators can act on: a host with all below it, `example.com` or `blog.example.com`; or one of those who
/// share a host, `github.com/somebody`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteName(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteNameError {
    #[error("Enter a site, such as example.com.")]
    Empty,
    #[error(
        "That is not the name of a site. Enter it as shown next to stories, such as example.com or github.com/somebody; \
         it includes everything below it."
    )]
    Nonsense,
    #[error(
        "That name is too long: the limit is {LONGEST_HOST} characters, and {LONGEST_LABEL} between two dots."
    )]
    Long,
    #[error("{0} is a public suffix shared by unrelated sites. Enter one of them.")]
    Suffix(String),
    #[error(
        "That address does not name a user of {0}. Enter {0}/ and a name for one user, or {0} alone for the whole site."
    )]
    Whose(String),
    #[error(
        "Many people have sites of their own under {0}, so only an admin can act on all of them at once."
    )]
    AdminsOnly(String),
}

/// The longest name of a host, and the longest part of one between two dots, in characters (RFC 1035, section 2.3.4).
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;

impl SiteName {
    /// A site as somebody typed it: a name, a host or an address, in any case, with or without `www.`.
    ///
    /// A host stands for itself and all below it; an address with a path stands for the site that it is shown under.
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
        // Pages that several hosts serve are one site's.
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

    /// Whether it is a host under which many have sites of their own, such as `github.io` or `wordpress.com`.
    pub fn is_host_of_many(&self) -> bool {
        is_host_of_names(&self.0) || psl::suffix_str(&self.0) == Some(&self.0)
    }

    /// Whether it is one of those who share a host, and so has a path.
    pub fn is_place(&self) -> bool {
        self.0.contains('/')
    }

    /// The domain that stories below it are kept under; none for a host of many.
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

/// Every name that a story falls under, the narrowest first: whose place on a shared host it is, then its host, and each host above
/// that as far as one can be a site: `docs.github.io/x` ends with `github.io`, and none ends with `co.uk`.
pub fn names(url: &StoryUrl) -> Vec<String> {
    let mut names = Vec::new();
    let shown = url.site().name;
    if shown.contains('/') {
        names.push(shown);
    }
    // Where another host serves the same pages, what is held of that one holds here.
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
    names
}

/// The host without its first label.
fn above(host: &str) -> Option<&str> {
    host.split_once('.').map(|(_, rest)| rest)
}

/// Whether the host is a name, and not an address of the network.
fn is_name(url: &StoryUrl) -> bool {
    matches!(url.url().host(), Some(Host::Domain(_)))
}

/// Whether nobody holds this name: a single label, or a public suffix that registries hand names out under. The suffixes of hosts
/// that lend names (`github.io`) are somebody's.
fn is_everybodys(host: &str) -> bool {
    let is_suffix = psl::suffix(host.as_bytes()).is_some_and(|suffix| {
        suffix.as_bytes() == host.as_bytes() && suffix.typ() != Some(psl::Type::Private)
    });
    is_suffix || !host.contains('.')
}

fn has_plain_labels(host: &str) -> bool {
    host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests;
