//! Content rules: words, links and networks that posts are checked against.

mod pattern;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;

pub use pattern::{LONGEST_PHRASE, Pattern};

use crate::domain::accounts::user::{Role, UserId};
use crate::domain::limits::policy::Policy;
use crate::domain::moderation::site_restriction::{self, SiteNameError};
use crate::domain::text;
use crate::domain::text::phrases::PhraseSet;
use crate::domain::url::StoryUrl;

/// Maximum number of rules: all are in memory.
pub const MAX_RULES: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum RuleKind {
    Word,
    Link,
    Range,
}

impl RuleKind {
    pub const ALL: [RuleKind; 3] = [RuleKind::Word, RuleKind::Link, RuleKind::Range];

    pub fn parse(s: &str) -> Option<RuleKind> {
        RuleKind::ALL.into_iter().find(|kind| kind.as_str() == s)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            RuleKind::Word => "word",
            RuleKind::Link => "link",
            RuleKind::Range => "range",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            RuleKind::Word | RuleKind::Link => self.as_str(),
            RuleKind::Range => "network",
        }
    }
}

/// Ordered by severity; the most severe match applies. Sign-ups and profiles are always refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Effect {
    /// The post is visible and added to the queue.
    Queue,
    /// Nobody else sees the post until a moderator approves it. An edit is queued instead.
    Hold,
    /// The post is dead at once, and its author is informed.
    Kill,
    /// The form is shown again with an error.
    Refuse,
}

impl Effect {
    pub const ALL: [Effect; 4] = [Effect::Queue, Effect::Hold, Effect::Kill, Effect::Refuse];

    pub fn parse(s: &str) -> Option<Effect> {
        Effect::ALL.into_iter().find(|effect| effect.as_str() == s)
    }

    /// What it does to a post that is out already.
    pub fn of_edit(self) -> Effect {
        if self == Effect::Hold { Effect::Queue } else { self }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Queue => "queue",
            Effect::Hold => "hold",
            Effect::Kill => "kill",
            Effect::Refuse => "refuse",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("Enter the word, the site or the network that the rule is about.")]
    Empty,
    #[error("That is too long: a phrase can have up to {LONGEST_PHRASE} characters.")]
    Long,
    #[error("Enter at least one word. Rules match whole words and ignore punctuation.")]
    NoWord,
    #[error(transparent)]
    Site(#[from] SiteNameError),
    #[error(
        "That is not a network. Enter an IP address such as 203.0.113.5, or a network such as \
         203.0.113.0/24 or 2001:db8:1::/48."
    )]
    NotANetwork,
    #[error("Only single addresses, /24 and /16 (IPv4), and /64, /48 and /32 (IPv6) are supported.")]
    Width,
    #[error("That rule already exists. Delete it first to change it.")]
    There,
    #[error("The limit of {MAX_RULES} rules is reached. Delete one that is no longer needed.")]
    Full,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub pattern: Pattern,
    pub effect: Effect,
    /// `None`: the operator.
    pub actor: Option<UserId>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Pattern::Word(_) => write!(f, "rule: it says “{}”", self.pattern),
            Pattern::Link(site) => write!(f, "rule: it links to {site}"),
            Pattern::Range(network) => write!(f, "rule: it comes from {network}"),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct RuleInput<'a> {
    pub title: &'a str,
    pub url: Option<&'a StoryUrl>,
    pub text: &'a str,
    /// `None` if networks do not apply.
    pub from: Option<IpAddr>,
}

/// A match that does not refuse the post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMatch {
    /// Anything but a refusal.
    pub effect: Effect,
    /// For moderators only.
    pub why: String,
    pub by: Option<UserId>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleRejection {
    #[error("“{0}” is not allowed here. Please rephrase it, or ask the moderators.")]
    Words(String),
    #[error("Links to {0} are not allowed here. Please remove it, or ask the moderators.")]
    Link(String),
    #[error(
        "Posting from your network is blocked at the moment because of abuse. You can ask the moderators."
    )]
    Network,
}

/// Whether a member is exempt from network rules: established members may share a network with strangers.
pub fn is_past_ranges(role: Role, karma: i64, policy: &Policy) -> bool {
    role >= Role::Moderator || karma >= policy.ip_rules_exempt_karma
}

/// Indexed rules, so that matching is one pass over the post.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    words: PhraseSet,
    links: HashMap<String, usize>,
    ranges: Vec<usize>,
}

impl RuleSet {
    pub fn new(rules: Vec<Rule>) -> RuleSet {
        let mut all = RuleSet::default();
        for (at, rule) in rules.iter().enumerate() {
            match &rule.pattern {
                Pattern::Word(_) => {}
                Pattern::Link(site) => {
                    all.links.insert(site.as_str().to_owned(), at);
                }
                Pattern::Range(_) => all.ranges.push(at),
            }
        }
        let phrases = rules.iter().enumerate().filter_map(|(at, rule)| match &rule.pattern {
            Pattern::Word(words) => Some((at, words.as_slice())),
            Pattern::Link(_) | Pattern::Range(_) => None,
        });
        let words = PhraseSet::new(phrases);
        RuleSet { rules, words, ..all }
    }

    /// The most severe match. Fails if a rule refuses the post.
    pub fn judge(&self, draft: &RuleInput<'_>) -> Result<Option<RuleMatch>, RuleRejection> {
        let Some(rule) = self.gravest(draft) else { return Ok(None) };
        match (rule.effect, &rule.pattern) {
            (Effect::Refuse, Pattern::Word(_)) => Err(RuleRejection::Words(rule.pattern.to_string())),
            (Effect::Refuse, Pattern::Link(site)) => Err(RuleRejection::Link(site.to_string())),
            (Effect::Refuse, Pattern::Range(_)) => Err(RuleRejection::Network),
            (effect, _) => Ok(Some(RuleMatch { effect, why: rule.to_string(), by: rule.actor })),
        }
    }

    fn gravest(&self, draft: &RuleInput<'_>) -> Option<&Rule> {
        let mut met = Vec::new();
        if !self.words.is_empty() {
            // A phrase matches within one of the two, not across them.
            met.extend(self.words.found_in(draft.title));
            met.extend(self.words.found_in(&text::plain(draft.text)));
        }
        if !self.links.is_empty() {
            let linked = text::linked(draft.text);
            let linked: Vec<StoryUrl> = linked.iter().filter_map(|href| StoryUrl::of_link(href)).collect();
            for url in draft.url.into_iter().chain(&linked) {
                met.extend(site_restriction::names(url).iter().filter_map(|name| self.links.get(name)));
            }
        }
        if let Some(address) = draft.from {
            let holds = |at: &&usize| self.rules.get(**at).is_some_and(|rule| rule.pattern.holds(address));
            met.extend(self.ranges.iter().filter(holds));
        }
        met.into_iter()
            .filter_map(|at| Some((self.rules.get(at)?, at)))
            .max_by_key(|(rule, at)| (rule.effect, Reverse(*at)))
            .map(|(rule, _)| rule)
    }
}

#[cfg(test)]
mod tests;
