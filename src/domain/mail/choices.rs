//! What members want sent to them.

use crate::clock::{DAY, HOUR, MINUTE, Timestamp};

/// When mail tells what the inbox does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum InboxMail {
    AtOnce,
    #[default]
    Daily,
    Never,
}

impl InboxMail {
    pub const ALL: [InboxMail; 3] = [InboxMail::Daily, InboxMail::AtOnce, InboxMail::Never];

    pub fn parse(s: &str) -> Option<InboxMail> {
        InboxMail::ALL.into_iter().find(|choice| choice.as_str() == s)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            InboxMail::AtOnce => "at-once",
            InboxMail::Daily => "daily",
            InboxMail::Never => "never",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            InboxMail::AtOnce => "at once",
            InboxMail::Daily => "once a day, if there is anything new",
            InboxMail::Never => "never",
        }
    }
}

/// What one click unsubscribes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailList {
    Inbox,
    BestOf,
}

impl MailList {
    const ALL: [MailList; 2] = [MailList::Inbox, MailList::BestOf];

    pub fn as_str(self) -> &'static str {
        match self {
            MailList::Inbox => "inbox",
            MailList::BestOf => "best",
        }
    }

    /// Reads what [`MailList::token`] made: a list and its member's key.
    pub fn of_token(token: &str) -> Option<(MailList, &str)> {
        let (key, name) = token.rsplit_once('.')?;
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if key.is_empty() || !key.bytes().all(is_key) {
            return None;
        }
        MailList::ALL.into_iter().find(|list| list.as_str() == name).map(|list| (list, key))
    }

    pub fn token(self, key: &str) -> String {
        format!("{key}.{}", self.as_str())
    }
}

/// Before a reply is mailed at once, so that an edit or a removal counts.
const AT_ONCE_DELAY: i64 = 2 * MINUTE;
/// Mails at once for a member in a day; what comes after waits for the digest.
pub const MAX_AT_ONCE: i64 = 20;
/// The time of the day, in UTC, when digests become due.
const DIGEST_HOUR: i64 = 6;

/// When the daily digest is next due.
pub fn next_digest(now: Timestamp) -> Timestamp {
    let shifted = now.minus(DIGEST_HOUR * HOUR).0;
    Timestamp(shifted.div_euclid(DAY).saturating_add(1).saturating_mul(DAY)).plus(DIGEST_HOUR * HOUR)
}

/// When a row of the inbox that is written now is mailed, by the member's choice.
#[derive(Debug, Clone, Copy)]
pub struct MailTimes {
    pub at_once: Timestamp,
    pub daily: Timestamp,
}

impl MailTimes {
    pub fn at(now: Timestamp) -> MailTimes {
        MailTimes { at_once: now.plus(AT_ONCE_DELAY), daily: next_digest(now) }
    }
}

const WEEK: i64 = 7 * DAY;
/// Weekly mails to somebody who does not visit.
const MAX_WEEKS: i64 = 4;

/// Whether the week's best is for somebody who was last here then, and when to look again.
pub fn best_of_is_for(last_visit: Timestamp, now: Timestamp) -> (bool, Timestamp) {
    let away = now.since(last_visit);
    if away < WEEK {
        return (false, last_visit.plus(WEEK));
    }
    (away < WEEK * (MAX_WEEKS + 1), now.plus(WEEK))
}

/// When somebody who asks for the week's best is first looked at.
pub fn first_best_of(now: Timestamp) -> Timestamp {
    now.plus(WEEK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_due_at_six_o_clock() {
        let noon = Timestamp(1_795_435_200);
        let six = noon.plus(18 * HOUR);
        for at in [noon, six.minus(1), six.minus(DAY)] {
            assert_eq!(next_digest(at), six);
        }
        assert_eq!(next_digest(six), six.plus(DAY));
    }

    #[test]
    fn the_best_of_the_week_is_for_those_who_are_away_a_week_and_ends_after_four() {
        let (visit, mut at) = (Timestamp(1_000_000), Timestamp(1_000_000));
        let mut sent = Vec::new();
        for _ in 0..10 {
            let (is_sent, next) = best_of_is_for(visit, at);
            sent.extend(is_sent.then_some(at.since(visit) / DAY));
            assert!(next > at);
            at = next;
        }
        assert_eq!(sent, [7, 14, 21, 28]);
        assert_eq!(best_of_is_for(at.minus(DAY), at), (false, at.plus(6 * DAY)), "back again");
    }

    #[test]
    fn a_token_names_a_list_and_a_key() {
        assert_eq!(MailList::of_token(&MailList::BestOf.token("key")), Some((MailList::BestOf, "key")));
        for mangled in ["", "key", "key.", "key.other", ".inbox", "k\0y.inbox", ".inboxes"] {
            assert_eq!(MailList::of_token(mangled), None);
        }
    }
}
