//! Approval of a new account's first posts before they are published.

use crate::domain::accounts::user::{Member, Role};
use crate::domain::moderation::rules::{Effect, RuleInput, RuleMatch};
use crate::domain::text;

/// Which of a member's first posts wait for a moderator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstPosts {
    None,
    /// Those that link to another site.
    Links,
    All,
}

impl FirstPosts {
    pub const ALL: [FirstPosts; 3] = [FirstPosts::None, FirstPosts::Links, FirstPosts::All];

    pub fn as_str(self) -> &'static str {
        match self {
            FirstPosts::None => "none",
            FirstPosts::Links => "links",
            FirstPosts::All => "all",
        }
    }

    /// Whether such a post of somebody whose first posts these are may have to wait.
    pub fn includes(self, member: &Member, draft: &RuleInput<'_>) -> bool {
        let has_link = || draft.url.is_some() || !text::linked(draft.text).is_empty();
        member.role == Role::Member
            && match self {
                FirstPosts::None => false,
                FirstPosts::Links => has_link(),
                FirstPosts::All => true,
            }
    }
}

/// Holds a first post, unless a rule does more.
pub fn or_hold(by_rule: Option<RuleMatch>) -> RuleMatch {
    let why = "one of the first posts of its account".to_owned();
    by_rule.filter(|rule| rule.effect >= Effect::Hold).unwrap_or(RuleMatch {
        effect: Effect::Hold,
        why,
        by: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_post_is_held_unless_a_rule_does_more() {
        let rule = |effect| RuleMatch { effect, why: "rule".to_owned(), by: None };
        assert_eq!(or_hold(None).effect, Effect::Hold);
        assert_eq!(or_hold(Some(rule(Effect::Queue))).effect, Effect::Hold);
        for effect in [Effect::Hold, Effect::Kill] {
            assert_eq!(or_hold(Some(rule(effect))), rule(effect));
        }
    }
}
