//! The sentences that tell members what was done to them and their posts.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::conversations::ConversationId;
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::{Action, Recipient};
use crate::domain::moderation::sanctions::WITH_BAN;
use crate::domain::text::with_reason;
use crate::domain::time::relative_time;
use crate::domain::votes::flag::Reason;

/// Log detail of a kill of a post that was dead for another reason.
pub const DEAD_ALREADY: &str = "it was dead already";

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Notification {
    pub id: i64,
    pub user_id: UserId,
    pub created_at: Timestamp,
    pub action: Action,
    pub item_id: Option<ItemId>,
    /// `None`: the operator, members together or a rule.
    pub actor_id: Option<UserId>,
    pub reason: String,
    /// What changed, or the moderator's message.
    pub detail: String,
    /// When it expires.
    pub until: Option<Timestamp>,
    /// How many posts it affected.
    pub posts: i64,
}

impl Notification {
    /// The conversation with the moderators that it is about.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self.action.spec().told {
            Recipient::Conversation(_) => self.detail.parse().ok(),
            _ => None,
        }
    }

    pub fn sentence(&self, kind: Kind) -> Option<String> {
        let said = match self.action.spec().told {
            Recipient::Nobody => return None,
            Recipient::Author(..) => {
                let (reason, detail) = (&self.reason, &self.detail);
                let (action, at) = (self.action, self.created_at);
                return LogEvent { action, by: "A moderator", reason, detail, at }.for_author(kind);
            }
            Recipient::Member(said, open, taken) => {
                let end = self
                    .until
                    .map_or(open.to_owned(), |until| format!(" until {}", relative_time::minute(until)));
                let taken = match self.posts {
                    count if count > 0 => format!(" and {taken} {count} of your posts"),
                    _ => String::new(),
                };
                format!("{said}{end}{taken}")
            }
            Recipient::Conversation(said) => return Some(format!("{said}.")),
            Recipient::Role(role) => match self.actor_id {
                None => format!("The operator made you {role}"),
                Some(actor) if actor == self.user_id => {
                    let name = role.split_once(' ').map_or(role, |(_, name)| name);
                    format!("You changed your role to {name}")
                }
                Some(_) => format!("An admin made you {role}"),
            },
        };
        let said = with_reason(&said, Some(&self.reason));
        Some(if self.detail.is_empty() { said } else { format!("{said} {}", self.detail) })
    }
}

#[derive(Debug, Clone, Copy)]
pub struct LogEvent<'a> {
    pub action: Action,
    pub by: &'a str,
    pub reason: &'a str,
    pub detail: &'a str,
    pub at: Timestamp,
}

impl LogEvent<'_> {
    /// For the post's author, with the reason; `None` for actions that are not on posts.
    pub fn for_author(&self, kind: Kind) -> Option<String> {
        let what = if kind == Kind::Comment { "your comment" } else { "your story" };
        self.sentence(kind, what, " with your ban")
    }

    pub fn for_others(&self, kind: Kind) -> Option<String> {
        self.sentence(kind, "this", " with the ban of its author")
    }

    fn sentence(&self, kind: Kind, what: &str, with_ban: &str) -> Option<String> {
        let Recipient::Author(verb, story, comment) = self.action.spec().told else { return None };
        let rest = if kind == Kind::Comment { comment } else { story };
        let (by, verb, rest) = match (self.action, self.detail) {
            (Action::Kill, DEAD_ALREADY) => (self.by, "reviewed", " and kept it dead".to_owned()),
            (Action::Kill, WITH_BAN) => (self.by, verb, with_ban.to_owned()),
            (Action::Edit, detail) if !detail.is_empty() => (self.by, verb, format!(": {detail}")),
            (Action::RuleKill, "") => ("A moderation rule", verb, String::new()),
            (Action::RuleKill, detail) => ("A moderation rule", verb, format!(" {detail}")),
            (Action::FlagKill, _) => {
                let why = Reason::parse(self.reason).map_or("", Reason::after_flagged);
                ("Members", verb, format!("{why}{rest}"))
            }
            (Action::Vouch, _) => ("Members", verb, rest.to_owned()),
            _ => (self.by, verb, rest.to_owned()),
        };
        let sentence = format!("{by} {verb} {what}{rest}.");
        // The sentence already includes the main reason of the flags.
        if self.reason.is_empty() || self.action == Action::FlagKill {
            return Some(sentence);
        }
        let end = if self.reason.ends_with(['.', '!', '?', '…']) { "" } else { "." };
        Some(format!("{sentence} Reason: {}{end}", self.reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_made_of_what_happened_and_keeps_the_words_of_users() {
        let of = |action, reason: &str, detail: &str| Notification {
            id: 1,
            user_id: UserId(7),
            created_at: Timestamp(0),
            action,
            item_id: None,
            actor_id: Some(UserId(8)),
            reason: reason.to_owned(),
            detail: detail.to_owned(),
            until: None,
            posts: 0,
        };
        let (until, user) = (Some(Timestamp(1_795_435_200)), Some(UserId(7)));
        let limited =
            "A moderator limited how often you can post until 23 November 2026, 12:00 UTC: a flood.";
        let edited =
            "A moderator edited your story: title changed from “your STORY by WHO” to “x”. Reason: WHO?";
        for (notification, expected) in [
            (of(Action::Moderator, "welcome", ""), "An admin made you a moderator: welcome."),
            (
                Notification { actor_id: user, ..of(Action::Member, "", "") },
                "You changed your role to member.",
            ),
            (Notification { actor_id: None, ..of(Action::Admin, "", "") }, "The operator made you an admin."),
            (
                Notification { posts: 1, ..of(Action::Ban, "", "") },
                "A moderator banned you permanently and killed 1 of your posts.",
            ),
            (Notification { until, ..of(Action::Limit, "a flood", "") }, limited),
            (of(Action::Admit, "", "Read on."), "A moderator approved your request. Welcome. Read on."),
            (of(Action::Edit, "WHO?", "title changed from “your STORY by WHO” to “x”"), edited),
        ] {
            assert_eq!(notification.sentence(Kind::Story).as_deref(), Some(expected));
        }
        assert_eq!(of(Action::Shadow, "", "").sentence(Kind::Story), None);
    }
}
