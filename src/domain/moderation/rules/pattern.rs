use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};

use super::{RuleError, RuleKind};
use crate::domain::moderation::site_restriction::SiteName;
use crate::domain::text::phrases;

/// In characters.
pub const LONGEST_PHRASE: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Folded words, stored with single spaces.
    Word(Vec<String>),
    Link(SiteName),
    Range(IpNet),
}

impl Pattern {
    pub fn parse(kind: RuleKind, typed: &str) -> Result<Pattern, RuleError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(RuleError::Empty);
        }
        match kind {
            RuleKind::Word => {
                if typed.chars().count() > LONGEST_PHRASE {
                    return Err(RuleError::Long);
                }
                let words: Vec<String> =
                    phrases::words_of(&phrases::fold(typed)).map(str::to_owned).collect();
                if words.is_empty() { Err(RuleError::NoWord) } else { Ok(Pattern::Word(words)) }
            }
            RuleKind::Link => Ok(Pattern::Link(SiteName::parse(typed)?)),
            RuleKind::Range => network(typed).map(Pattern::Range),
        }
    }

    pub fn kind(&self) -> RuleKind {
        match self {
            Pattern::Word(_) => RuleKind::Word,
            Pattern::Link(_) => RuleKind::Link,
            Pattern::Range(_) => RuleKind::Range,
        }
    }

    pub fn range(&self) -> Option<IpNet> {
        if let Pattern::Range(network) = self { Some(*network) } else { None }
    }

    pub(super) fn holds(&self, address: IpAddr) -> bool {
        self.range().is_some_and(|network| network.contains(&address.to_canonical()))
    }
}

/// The stored form: `buy cheap`, `example.com`, `203.0.113.0/24`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Word(words) => f.write_str(&words.join(" ")),
            Pattern::Link(site) => site.fmt(f),
            Pattern::Range(network) => network.fmt(f),
        }
    }
}

/// A network of a prefix length that is hashed (see `ip_hash`), normalised; an IPv6 address means its /64.
fn network(typed: &str) -> Result<IpNet, RuleError> {
    let network =
        match (typed.parse::<IpNet>(), typed.parse::<IpAddr>().map(|address| address.to_canonical())) {
            (Ok(network), _) => network,
            (_, Ok(IpAddr::V4(v4))) => IpNet::from(IpAddr::V4(v4)),
            (_, Ok(IpAddr::V6(v6))) => {
                Ipv6Net::new(v6, 64).map(IpNet::V6).map_err(|_| RuleError::NotANetwork)?
            }
            _ => return Err(RuleError::NotANetwork),
        };
    let sizes = match network {
        IpNet::V4(_) => [32, 24, 16],
        IpNet::V6(_) => [64, 48, 32],
    };
    if sizes.contains(&network.prefix_len()) { Ok(network.trunc()) } else { Err(RuleError::Width) }
}
