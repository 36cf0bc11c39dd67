//! Conversations with the moderators: whom anybody can write to, appeals against bans, and reports of illegal
//! content.

pub mod report;

use std::fmt;

use crate::clock::{DAY, HOUR, Timestamp};
use crate::domain::accounts::ban::Ban;
use crate::domain::accounts::token::{NoRandomness, random_letters};
use crate::domain::text::is_blank;
use crate::domain::text::plural::Grouped;
use crate::domain::time::relative_time;

pub type ConversationId = i64;

/// In characters.
pub const MAX_MESSAGE_CHARS: usize = 5_000;
/// Messages of one conversation.
pub const MAX_MESSAGES: i64 = 100;
/// Messages in a row that the moderators have not answered.
pub const MAX_UNANSWERED: i64 = 10;
/// Conversations of one member that are not resolved, apart from an appeal.
pub const MAX_OPEN: i64 = 5;
/// Conversations of one kind of people without an account that wait for a moderator.
pub const MAX_WAITING_OUTSIDERS: i64 = 500;
/// After a resolved appeal, in seconds.
pub const APPEAL_INTERVAL: i64 = 14 * DAY;
/// How long one can object to a decision, in seconds: six months.
pub const OBJECTION_PERIOD: i64 = 183 * DAY;

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ConversationKind {
    Contact,
    /// Of a banned member.
    Appeal,
    /// Of illegal content.
    Report,
}

impl ConversationKind {
    pub fn as_str(self) -> &'static str {
        match self {
            ConversationKind::Contact => "message",
            ConversationKind::Appeal => "appeal",
            ConversationKind::Report => "report",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ConversationStatus {
    /// For a moderator.
    Waiting,
    Answered,
    Resolved,
}

impl ConversationStatus {
    pub const ALL: [ConversationStatus; 3] =
        [ConversationStatus::Waiting, ConversationStatus::Answered, ConversationStatus::Resolved];

    pub fn as_str(self) -> &'static str {
        match self {
            ConversationStatus::Waiting => "waiting",
            ConversationStatus::Answered => "answered",
            ConversationStatus::Resolved => "resolved",
        }
    }

    pub fn parse(text: &str) -> Option<ConversationStatus> {
        ConversationStatus::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What a message is; `Removed`, `Kept` and `Other` are decisions on a report, with their reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum MessageKind {
    Message,
    Objection,
    Removed,
    Kept,
    Other,
}

impl MessageKind {
    pub const DECISIONS: [MessageKind; 3] = [MessageKind::Removed, MessageKind::Kept, MessageKind::Other];

    pub fn as_str(self) -> &'static str {
        match self {
            MessageKind::Message => "message",
            MessageKind::Objection => "objection",
            MessageKind::Removed => "removed",
            MessageKind::Kept => "kept",
            MessageKind::Other => "other",
        }
    }

    pub fn decision(text: &str) -> Option<MessageKind> {
        MessageKind::DECISIONS.into_iter().find(|decision| decision.as_str() == text)
    }

    pub fn is_decision(self) -> bool {
        MessageKind::DECISIONS.contains(&self)
    }

    /// What was decided, as the one who reported reads it.
    pub fn sentence(self) -> Option<&'static str> {
        match self {
            MessageKind::Removed => Some("Decision: the post was removed."),
            MessageKind::Kept => Some("Decision: the post was not removed."),
            MessageKind::Other => Some("Decision: the moderators took another measure."),
            MessageKind::Objection => Some("Objection to the decision"),
            MessageKind::Message => None,
        }
    }
}

/// A number by which both sides name a conversation: of eight letters and digits, and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptNumber(String);

impl ReceiptNumber {
    pub fn random() -> Result<ReceiptNumber, NoRandomness> {
        let letters = random_letters(8)?.to_ascii_uppercase();
        let (first, last) = letters.split_at(4);
        Ok(ReceiptNumber(format!("{first}-{last}")))
    }
}

impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    #[error("Write a message first.")]
    Empty,
    #[error(
        "That would show nothing: it has only formatting marks or invisible characters. Write a message \
         first."
    )]
    Unseen,
    #[error(
        "That is {} characters; the limit is {}. Please shorten it.",
        Grouped(*.0),
        Grouped(MAX_MESSAGE_CHARS)
    )]
    Long(usize),
    #[error(
        "You have {MAX_OPEN} conversations with the moderators that are not resolved, which is the limit. \
         Write in one of them instead."
    )]
    TooMany,
    #[error(
        "Too many messages are waiting for the moderators, so yours was not sent. Please try again in a few \
         days, or use another way on the contact page."
    )]
    Full,
    #[error("You have sent {MAX_UNANSWERED} messages in a row. Please wait for an answer.")]
    Unanswered,
    #[error("This conversation has {MAX_MESSAGES} messages, which is the limit. Please begin another one.")]
    LongConversation,
    #[error("This conversation is resolved. If there is more to say, begin another one on the contact page.")]
    Resolved,
    #[error("You have reported this already. Your report is on the contact page; write in it instead.")]
    Reported,
    #[error("You have an appeal already. Write in it instead.")]
    AppealOpen,
    #[error("Your appeal was decided. You can appeal again in {0}.")]
    AppealAgain(String),
    #[error("You can appeal only while you are banned.")]
    NotBanned,
    #[error("You can object to a decision once it is made, and for six months.")]
    NoObjection,
    #[error("This is your own conversation, so another moderator has to deal with it.")]
    Own,
    #[error("This report is about your own post, so another moderator has to deal with it.")]
    OwnPost,
    #[error("This report was decided meanwhile. Reload the page to see how.")]
    Decided,
    #[error("A report is resolved by a decision: choose one below, with reasons.")]
    Undecided,
    #[error(
        "This post is not public: it waits for approval, or was merged into another story. Decline it in the \
         queue, or report what it was merged into."
    )]
    NotPublic,
}

/// A message as it is kept: Markdown source.
pub fn message(typed: &str) -> Result<String, ConversationError> {
    let text = typed.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    let text = text.trim();
    match text.chars().count() {
        0 => Err(ConversationError::Empty),
        length if length > MAX_MESSAGE_CHARS => Err(ConversationError::Long(length)),
        _ if is_blank(text) => Err(ConversationError::Unseen),
        _ => Ok(text.to_owned()),
    }
}

/// Whether a banned member may appeal, after the latest appeal and when that was last written in.
pub fn may_appeal(
    latest: Option<(ConversationStatus, Timestamp)>,
    now: Timestamp,
) -> Result<(), ConversationError> {
    match latest {
        None => Ok(()),
        Some((ConversationStatus::Resolved, at)) => match APPEAL_INTERVAL - now.since(at) {
            wait if wait > 0 => Err(ConversationError::AppealAgain(relative_time::left(wait.max(HOUR)))),
            _ => Ok(()),
        },
        Some(_) => Err(ConversationError::AppealOpen),
    }
}

/// Whether an appeal is against this ban: open, or written in since it was set.
pub fn is_against(ban: &Ban, status: ConversationStatus, last_at: Timestamp) -> bool {
    status != ConversationStatus::Resolved || ban.banned_at.is_none_or(|banned_at| last_at >= banned_at)
}

/// Whether a report's decision, the latest of these, can be objected to.
pub fn may_object(messages: impl Iterator<Item = (MessageKind, Timestamp)>, now: Timestamp) -> bool {
    let latest = messages.filter(|(kind, _)| *kind != MessageKind::Message).last();
    latest.is_some_and(|(kind, at)| kind.is_decision() && now.since(at) <= OBJECTION_PERIOD)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_435_200);

    #[test]
    fn a_message_says_something_and_not_too_much() {
        assert_eq!(message(" \r\n Hello\r\nthere \n"), Ok("Hello\nthere".to_owned()));
        assert_eq!(message(" \n\0"), Err(ConversationError::Empty));
        assert_eq!(message("****"), Err(ConversationError::Unseen));
        assert_eq!(message(&"ä".repeat(5_001)), Err(ConversationError::Long(5_001)));
        assert!(message(&"ä".repeat(5_000)).is_ok());
    }

    #[test]
    fn one_appeal_is_open_at_a_time_and_the_next_one_waits() {
        use ConversationStatus::{Answered, Resolved, Waiting};
        assert_eq!(may_appeal(None, NOW), Ok(()));
        for status in [Waiting, Answered] {
            assert_eq!(may_appeal(Some((status, Timestamp(0))), NOW), Err(ConversationError::AppealOpen));
        }
        let after = |seconds| may_appeal(Some((Resolved, NOW.minus(seconds))), NOW);
        assert_eq!(after(DAY), Err(ConversationError::AppealAgain("13 days".to_owned())));
        assert_eq!(after(APPEAL_INTERVAL), Ok(()));
    }

    #[test]
    fn one_objects_to_the_latest_decision_within_six_months() {
        use MessageKind::{Kept, Message, Objection, Removed};
        let may = |messages: &[(MessageKind, i64)]| {
            may_object(messages.iter().map(|(kind, ago)| (*kind, NOW.minus(*ago))), NOW)
        };
        assert!(!may(&[(Message, 9)]));
        assert!(may(&[(Message, 9), (Kept, 8), (Message, 7)]));
        assert!(!may(&[(Kept, 8), (Objection, 7)]), "once for each decision");
        assert!(may(&[(Kept, 8), (Objection, 7), (Removed, 6)]));
        assert!(!may(&[(Kept, OBJECTION_PERIOD + 1)]));
    }

    #[test]
    fn a_receipt_number_can_be_read_aloud() {
        let number = ReceiptNumber::random().expect("randomness").to_string();
        assert_eq!((number.len(), number.find('-')), (9, Some(4)));
        assert_ne!(number, ReceiptNumber::random().expect("randomness").to_string());
    }
}
