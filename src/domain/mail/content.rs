//! What a mail says, as data: its texts are made when it is sent.

use serde::{Deserialize, Serialize};

use crate::domain::moderation::action::Action;
use crate::domain::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum MailKind {
    Confirm,
    Reset,
    Security,
    /// Confirms that a message to the moderators has arrived.
    Receipt,
    Answer,
    Inbox,
    BestOf,
}

impl MailKind {
    /// For the operator.
    pub fn label(self) -> &'static str {
        match self {
            MailKind::Confirm => "address confirmation",
            MailKind::Reset => "password link",
            MailKind::Security => "account security",
            MailKind::Receipt => "receipt of a message",
            MailKind::Answer => "answer of the moderators",
            MailKind::Inbox => "replies",
            MailKind::BestOf => "best of the week",
        }
    }

    /// Whether it waits until others are sent, which somebody waits for.
    pub fn is_bulk(self) -> bool {
        matches!(self, MailKind::Inbox | MailKind::BestOf)
    }
}

/// Something that an account's owner must be able to object to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityEvent {
    /// By its browser, as in “Firefox on Linux”.
    NewDevice(String),
    PasswordChanged,
    /// By the operator, at the command line.
    PasswordSetByOperator,
    /// By a link.
    PasswordReset,
    /// To this one.
    AddressChanged(String),
    AddressRemoved,
    TwoFactorOn,
    TwoFactorOff,
    RecoveryCodesMade,
    /// As the second step of a log-in, or to set a password.
    RecoveryCodeUsed,
    PasskeyAdded,
    PasskeyRemoved,
    /// The password logs nobody in any more.
    PasskeysOnly,
    /// By an admin, in three days.
    TwoFactorCleared,
    /// By an admin.
    PasswordLinkMade,
}

impl SecurityEvent {
    /// What an action that an account's owner is told of is in mail.
    pub fn of_action(action: Action) -> Option<SecurityEvent> {
        Some(match action {
            Action::TwoFactorOn => SecurityEvent::TwoFactorOn,
            Action::TwoFactorOff => SecurityEvent::TwoFactorOff,
            Action::RecoveryCodes => SecurityEvent::RecoveryCodesMade,
            Action::RecoveryLogin | Action::RecoveryPassword => SecurityEvent::RecoveryCodeUsed,
            Action::PasskeyAdded => SecurityEvent::PasskeyAdded,
            Action::PasskeyRemoved => SecurityEvent::PasskeyRemoved,
            Action::PasskeysOnly => SecurityEvent::PasskeysOnly,
            Action::ClearTwoFactor => SecurityEvent::TwoFactorCleared,
            Action::ResetLink => SecurityEvent::PasswordLinkMade,
            _ => return None,
        })
    }

    pub fn subject(&self) -> &'static str {
        match self {
            SecurityEvent::NewDevice(_) => "A new device logged in to your account",
            SecurityEvent::PasswordChanged
            | SecurityEvent::PasswordSetByOperator
            | SecurityEvent::PasswordReset => "Your password was changed",
            SecurityEvent::AddressChanged(_) => "Your e-mail address was changed",
            SecurityEvent::AddressRemoved => "Your e-mail address was removed",
            SecurityEvent::TwoFactorOn => "Two-factor log-in was turned on",
            SecurityEvent::TwoFactorOff => "Two-factor log-in was turned off",
            SecurityEvent::RecoveryCodesMade => "New recovery codes were made",
            SecurityEvent::RecoveryCodeUsed => "A recovery code was used",
            SecurityEvent::PasskeyAdded => "A passkey was added to your account",
            SecurityEvent::PasskeyRemoved => "A passkey of your account was removed",
            SecurityEvent::PasskeysOnly => "Your password logs you in no longer",
            SecurityEvent::TwoFactorCleared => "An admin is clearing your second factor",
            SecurityEvent::PasswordLinkMade => "An admin made a link to set your password",
        }
    }

    /// What happened; an address in it is on no line of its own.
    pub fn sentence(&self) -> String {
        match self {
            SecurityEvent::NewDevice(browser) => {
                format!("Somebody logged in to your account from a browser that it did not know: {browser}.")
            }
            SecurityEvent::PasswordChanged => {
                "The password of your account was changed on its settings page. All other sessions have \
                 ended."
                    .to_owned()
            }
            SecurityEvent::PasswordSetByOperator => {
                "The operator set a new password for your account. All sessions have ended.".to_owned()
            }
            SecurityEvent::PasswordReset => {
                "The password of your account was set by a link. All other sessions have ended.".to_owned()
            }
            SecurityEvent::AddressChanged(to) => {
                format!(
                    "The e-mail address of your account was changed to {to}. Mail goes there from now on."
                )
            }
            SecurityEvent::AddressRemoved => {
                "The e-mail address of your account was removed. No mail goes there from now on.".to_owned()
            }
            SecurityEvent::TwoFactorOn => {
                "Two-factor log-in was turned on: your account asks for a code after the password.".to_owned()
            }
            SecurityEvent::TwoFactorOff => {
                "Two-factor log-in was turned off: your account asks for the password alone.".to_owned()
            }
            SecurityEvent::RecoveryCodesMade => {
                "New recovery codes were made for your account. The earlier ones do not work any more."
                    .to_owned()
            }
            SecurityEvent::PasskeyAdded => {
                "A passkey was added to your account. It logs in by itself, without the password.".to_owned()
            }
            SecurityEvent::PasskeyRemoved => {
                "A passkey of your account was removed, and logs in no longer.".to_owned()
            }
            SecurityEvent::PasskeysOnly => {
                "The password of your account logs in no longer: its passkeys do. Setting a new password \
                 brings that back."
                    .to_owned()
            }
            SecurityEvent::TwoFactorCleared => {
                "An admin is clearing your second factor, because they were told that you have lost it. It \
                 takes three days, in which you can stop it on any page of the site."
                    .to_owned()
            }
            SecurityEvent::PasswordLinkMade => {
                "An admin made a link by which your password can be set, because they were told that you \
                 have lost it."
                    .to_owned()
            }
            SecurityEvent::RecoveryCodeUsed => {
                "One of the recovery codes of your account was used to log in or to set a password."
                    .to_owned()
            }
        }
    }
}

/// One post or notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailEntry {
    /// One line: who did what, or a title.
    pub head: String,
    /// The story that it is about; or its points and comments.
    pub about: String,
    /// Its first words; may be empty.
    pub excerpt: String,
    /// A path of the site.
    pub path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailContent {
    /// Confirms the address that it is sent to.
    Confirm {
        token: String,
    },
    /// Asks the address before about the new one.
    Change {
        token: String,
        to: String,
    },
    Reset {
        token: String,
    },
    Security {
        token: String,
        event: SecurityEvent,
    },
    /// To somebody without an account who wrote to the moderators.
    Receipt {
        token: String,
        number: String,
    },
    /// To the same, or to a banned member, who has no token.
    Answer {
        token: Option<String>,
        number: String,
        is_decision: bool,
    },
    Inbox {
        entries: Vec<MailEntry>,
        more: bool,
        token: String,
    },
    BestOf {
        entries: Vec<MailEntry>,
        token: String,
    },
}

impl MailContent {
    pub fn kind(&self) -> MailKind {
        match self {
            MailContent::Confirm { .. } | MailContent::Change { .. } => MailKind::Confirm,
            MailContent::Reset { .. } => MailKind::Reset,
            MailContent::Security { .. } => MailKind::Security,
            MailContent::Receipt { .. } => MailKind::Receipt,
            MailContent::Answer { .. } => MailKind::Answer,
            MailContent::Inbox { .. } => MailKind::Inbox,
            MailContent::BestOf { .. } => MailKind::BestOf,
        }
    }
}

/// One line for a subject or a line of a plain text: without line breaks and characters that cannot be seen.
pub fn one_line(given: &str, max_chars: usize) -> String {
    let shown: String = given
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| text::is_shown(*c))
        .collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    text::shortened(words.join(" "), max_chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_break_and_nothing_that_turns_it_around() {
        for (given, expected) in [
            ("A title\r\nBcc: eve@example.org", "A title Bcc: eve@example.org"),
            ("a\u{202E}b\u{2028}c\u{85}d\te\0", "ab c d e"),
            ("  spaced \n\n out ", "spaced out"),
        ] {
            assert_eq!(one_line(given, 80), expected, "{given:?}");
        }
        assert_eq!(one_line(&"word ".repeat(40), 20).chars().count(), 20);
    }
}
