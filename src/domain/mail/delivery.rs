//! What is done after a mail was refused, or could not be handed in.

use crate::clock::{DAY, HOUR, MINUTE};

/// Why a mail was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailRefusal {
    /// To be tried again: the server's answer, or the connection, or the operator's settings.
    Temporary,
    /// Not accepted for good, for what the mail is or from whom.
    Permanent,
    /// There is nobody at that address.
    NoSuchRecipient,
}

impl MailRefusal {
    /// By a server's reply (RFC 5321) and what it says, which may begin with an enhanced status code (RFC
    /// 3463). Refused log-ins and commands are the operator's to mend, so that they are tried again.
    pub fn of_reply(code: u16, says: &str) -> MailRefusal {
        let words = says.split(|c: char| !(c.is_ascii_digit() || c == '.'));
        let enhanced = words.map(|word| word.trim_matches('.')).find(|word| word.starts_with("5."));
        match (code, enhanced) {
            (550 | 551 | 553, None) => MailRefusal::NoSuchRecipient,
            // A full mailbox may be emptied.
            (_, Some("5.2.2")) => MailRefusal::Temporary,
            (550..=559, Some("5.1.7" | "5.1.8")) => MailRefusal::Permanent,
            (550..=559, Some(status)) if status.starts_with("5.1.") || status.starts_with("5.2.1") => {
                MailRefusal::NoSuchRecipient
            }
            (550..=559, _) => MailRefusal::Permanent,
            _ => MailRefusal::Temporary,
        }
    }
}

/// Waits between attempts, in seconds.
const BACK_OFF: [i64; 9] = [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, DAY, DAY, DAY, DAY];

/// How long to wait after so many failed attempts; `None`: it has failed.
pub fn wait_after(attempts: i64) -> Option<i64> {
    let last = usize::try_from(attempts).ok()?.checked_sub(1)?;
    BACK_OFF.get(last).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_tried_for_four_to_five_days() {
        let waits: Vec<i64> = (1..).map_while(wait_after).collect();
        assert_eq!(waits[..5], [60, 300, 1_800, 7_200, 21_600]);
        let all: i64 = waits.iter().sum();
        assert!((4 * DAY..=5 * DAY).contains(&all), "{all}");
        assert_eq!(wait_after(0), None);
    }

    #[test]
    fn only_an_address_that_nobody_has_is_given_up() {
        use MailRefusal::{NoSuchRecipient, Permanent, Temporary};
        for (code, says, expected) in [
            (550, "5.1.1 <mia@example.org>: User unknown", NoSuchRecipient),
            (550, "No such user here", NoSuchRecipient),
            (553, "5.1.3 Bad address", NoSuchRecipient),
            (550, "5.2.1 Mailbox disabled", NoSuchRecipient),
            (550, "5.7.1 Relaying denied", Permanent),
            (553, "5.1.8 Sender address rejected", Permanent),
            (554, "Message rejected", Permanent),
            (552, "5.2.2 Mailbox full", Temporary),
            (535, "5.7.8 Authentication failed", Temporary),
            (530, "5.7.0 Must issue a STARTTLS command first", Temporary),
            (502, "Command not implemented", Temporary),
            (451, "4.3.0 Try again later", Temporary),
            (421, "Too many connections", Temporary),
        ] {
            assert_eq!(MailRefusal::of_reply(code, says), expected, "{code} {says}");
        }
    }
}
