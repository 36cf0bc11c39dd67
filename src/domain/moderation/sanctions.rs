//! Bans and limits of accounts. Expiry is computed when read: nothing is written when a term ends.

use crate::clock::{DAY, Timestamp};
use crate::domain::accounts::user::{Member, Profile, Role};
use crate::domain::moderation::permissions::ModerationError;
use crate::domain::text::plural::counted;
use crate::domain::time::relative_time;

/// How far back a ban may kill posts, in seconds.
pub const TAKEDOWN_PERIOD: i64 = 30 * DAY;
/// Maximum posts killed with a ban, newest first.
pub const MAX_TAKEDOWN_POSTS: usize = 1_000;

/// Log detail of a kill that was part of a ban; lifting the ban searches for it.
pub const WITH_BAN: &str = "with the ban of its author";
/// Prefix of a log detail when a ban replaces an active one.
pub const CHANGED: &str = "now ";

pub fn posts(count: usize) -> String {
    counted(count, "post").to_string()
}

/// The duration of a ban or a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SanctionTerm {
    Days(u16),
    Open,
}

/// In days.
const MAX_DAYS: u16 = 3_650;
/// The end of an indefinite limit: the last second of the year 9999.
const NEVER: Timestamp = Timestamp(253_402_300_799);

impl SanctionTerm {
    pub const OFFERED: [u16; 7] = [1, 3, 7, 14, 30, 90, 365];

    pub fn parse(typed: &str) -> Result<SanctionTerm, ModerationError> {
        if typed.trim() == "open" {
            return Ok(SanctionTerm::Open);
        }
        SanctionTerm::days(typed.trim().parse().map_err(|_| ModerationError::Days)?)
    }

    pub fn days(days: u16) -> Result<SanctionTerm, ModerationError> {
        if (1..=MAX_DAYS).contains(&days) { Ok(SanctionTerm::Days(days)) } else { Err(ModerationError::Days) }
    }

    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            SanctionTerm::Days(days) => Some(now.plus(i64::from(days) * DAY)),
            SanctionTerm::Open => None,
        }
    }
}

pub fn limited_until(end: Option<Timestamp>) -> Timestamp {
    end.unwrap_or(NEVER)
}

pub fn until(end: Option<Timestamp>) -> String {
    match end.filter(|end| *end < NEVER) {
        Some(end) => format!("until {}", relative_time::minute(end)),
        None => "until a moderator lifts it".to_owned(),
    }
}

pub fn may_moderate(actor: &Member, person: &Profile) -> Result<(), ModerationError> {
    if actor.id == person.id {
        return Err(ModerationError::Yourself);
    }
    crate::domain::moderation::permissions::may_act_on(actor, person.role)
}

/// Whether a warning would have a reader.
pub fn may_warn(person: &Profile) -> Result<(), ModerationError> {
    if person.unclaimed { Err(ModerationError::NobodyReads) } else { Ok(()) }
}

/// Whether a ban or a limit would have any effect.
pub fn may_hold_back(person: &Profile) -> Result<(), ModerationError> {
    if person.unclaimed { Err(ModerationError::NobodyThere) } else { Ok(()) }
}

/// Moderators would see their own shadow-ban in the log.
pub fn may_shadow(person: &Profile) -> Result<(), ModerationError> {
    if person.role > Role::Member { Err(ModerationError::Staff) } else { may_hold_back(person) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::accounts::ban::Ban;

    const NOW: Timestamp = Timestamp(1_795_435_200);

    fn ban(at: Option<i64>, until: Option<i64>, reason: &str) -> Ban {
        Ban {
            banned_at: at.map(Timestamp),
            banned_until: until.map(|seconds| NOW.plus(seconds)),
            ban_reason: Some(reason.to_owned()),
        }
    }

    #[test]
    fn a_ban_holds_until_its_end_and_says_so() {
        for (ban, sentence) in [
            (Ban::default(), None),
            (ban(Some(1), None, "spam"), Some("This account is banned: spam.")),
            (ban(Some(1), None, ""), Some("This account is banned.")),
            (ban(Some(1), None, "Why? "), Some("This account is banned: Why?")),
            (
                ban(Some(1), Some(DAY), "spam"),
                Some("This account is banned until 24 November 2026, 12:00 UTC: spam."),
            ),
            (ban(Some(1), Some(1), ""), Some("This account is banned until 23 November 2026, 12:00 UTC.")),
            (ban(Some(1), Some(0), "spam"), None),
            (ban(Some(1), Some(-1), "spam"), None),
        ] {
            assert_eq!(ban.sentence(NOW).as_deref(), sentence, "{ban:?}");
            assert_eq!(ban.since(NOW), ban.banned_at.filter(|_| sentence.is_some()), "{ban:?}");
        }
    }

    #[test]
    fn a_term_is_some_days_or_open() {
        for (typed, term) in [
            ("1", Some(SanctionTerm::Days(1))),
            (" 30 ", Some(SanctionTerm::Days(30))),
            ("3650", Some(SanctionTerm::Days(3_650))),
            ("open", Some(SanctionTerm::Open)),
            ("3651", None),
            ("0", None),
            ("-1", None),
            ("1.5", None),
            ("99999999999", None),
            ("", None),
        ] {
            assert_eq!(SanctionTerm::parse(typed).ok(), term, "{typed:?}");
        }
        assert_eq!(SanctionTerm::Days(1).end(NOW), Some(NOW.plus(DAY)));
        assert_eq!(until(Some(limited_until(SanctionTerm::Open.end(NOW)))), "until a moderator lifts it");
        assert_eq!(
            until(Some(limited_until(SanctionTerm::Days(1).end(NOW)))),
            "until 24 November 2026, 12:00 UTC"
        );
    }
}
