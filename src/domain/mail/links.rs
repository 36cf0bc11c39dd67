//! Links in mail that do something once, and how often they are sent.

use crate::clock::{DAY, HOUR, Timestamp};
use crate::domain::time::relative_time;

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum LinkPurpose {
    /// Confirms an address at the address itself.
    Confirm,
    /// Confirms or cancels a change at the address before.
    Change,
    /// Ends all sessions and restores the address that the mail went to.
    NotMe,
}

impl LinkPurpose {
    /// How long a link works, in seconds.
    pub fn ttl(self) -> i64 {
        match self {
            LinkPurpose::Confirm => DAY,
            LinkPurpose::Change | LinkPurpose::NotMe => 7 * DAY,
        }
    }
}

/// How long the address before can answer a change, in seconds. Without an answer, the change is made then.
pub const CHANGE_WAITS: i64 = 7 * DAY;

/// How many mails of a kind may go somewhere in an hour and in a day.
#[derive(Debug, Clone, Copy)]
pub struct MailQuota {
    pub per_hour: i64,
    pub per_day: i64,
}

/// Links that confirm an address, for an account and for an address.
pub const CONFIRMATIONS: MailQuota = MailQuota { per_hour: 3, per_day: 10 };
/// Links that set a lost password, for an account.
pub const RESETS: MailQuota = MailQuota { per_hour: 3, per_day: 10 };
/// Mails about an account's security.
pub const SECURITY_MAILS: MailQuota = MailQuota { per_hour: 20, per_day: 40 };

/// Receipts of messages to the moderators, for an address, which anybody can enter.
pub const RECEIPTS: MailQuota = MailQuota { per_hour: 2, per_day: 4 };
/// Answers of the moderators, for an address.
pub const ANSWERS: MailQuota = MailQuota { per_hour: 10, per_day: 20 };

impl MailQuota {
    /// Whether another mail may go, after so many in the last hour and in the last day.
    pub fn allows(self, last_hour: i64, last_day: i64) -> bool {
        last_hour < self.per_hour && last_day < self.per_day
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("That is your address already, and it is confirmed.")]
    Same,
    #[error("A link was sent several times in a short time. Look for it in your mail, or try again in {0}.")]
    TooOften(String),
    #[error("Another account has this address. Remove it there first, or use another address.")]
    Taken,
}

impl AddressError {
    pub fn too_often(last_day: i64) -> AddressError {
        let wait = if last_day >= CONFIRMATIONS.per_day { DAY } else { HOUR };
        AddressError::TooOften(relative_time::left(wait))
    }
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// This is the account's address now.
    Active(String),
    /// The address before has not confirmed it yet; it has until then.
    WaitsForOld(String, Timestamp),
    /// The new address has not confirmed it yet.
    WaitsForNew(String),
    Taken,
}
