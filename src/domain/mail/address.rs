//! E-mail addresses.

use std::fmt;

use url::Host;

/// An address of ASCII characters, its host in lower case: RFC 5321 without quoted local parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailAddressError {
    #[error("Enter an e-mail address, such as name@example.org.")]
    Empty,
    #[error("That is not an e-mail address. It has one “@”, such as name@example.org.")]
    Form,
    #[error("The part before the “@” can have letters a–z, digits and signs such as “.”, “-” and “+”.")]
    Local,
    #[error("The part after the “@” is not the name of a host, such as example.org.")]
    Host,
    #[error("That address is too long: the limit is {LONGEST} characters.")]
    Long,
}

/// In characters (RFC 5321, section 4.5.3.1, less the angle brackets).
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

impl EmailAddress {
    pub fn parse(typed: &str) -> Result<EmailAddress, EmailAddressError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(EmailAddressError::Empty);
        }
        let (local, host) = typed.rsplit_once('@').ok_or(EmailAddressError::Form)?;
        if local.is_empty() || host.is_empty() || local.contains(['@', ' ']) {
            return Err(EmailAddressError::Form);
        }
        let is_atom = |part: &str| {
            let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
            !part.is_empty() && part.bytes().all(is_sign)
        };
        if !local.split('.').all(is_atom) {
            return Err(EmailAddressError::Local);
        }
        let Ok(Host::Domain(host)) = Host::parse(host) else { return Err(EmailAddressError::Host) };
        let is_label = |label: &str| {
            let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !label.is_empty() && label.len() < 64 && label.bytes().all(is_sign)
        };
        if !host.split('.').all(is_label) {
            return Err(EmailAddressError::Host);
        }
        let whole = format!("{local}@{host}");
        if local.len() > LONGEST_LOCAL || whole.len() > LONGEST {
            return Err(EmailAddressError::Long);
        }
        Ok(EmailAddress(whole))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether mail to both reaches the same person, as hosts treat case.
    pub fn is_same(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_name_at_a_host() {
        use EmailAddressError::{Empty, Form, Host, Local, Long};
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("a@{}org", "abcdefghi.".repeat(26));
        for (typed, expected) in [
            ("mia@example.org", Ok("mia@example.org")),
            (" Mia.O'Neil+forum@Example.ORG ", Ok("Mia.O'Neil+forum@example.org")),
            ("mia@bücher.example", Ok("mia@xn--bcher-kva.example")),
            ("mia@localhost", Ok("mia@localhost")),
            ("", Err(Empty)),
            (" ", Err(Empty)),
            ("mia", Err(Form)),
            ("@example.org", Err(Form)),
            ("mia@", Err(Form)),
            ("mia o@example.org", Err(Form)),
            ("a@b@example.org", Err(Form)),
            ("mia\r\nBcc:eve@example.org", Err(Local)),
            ("mia..o@example.org", Err(Local)),
            (".mia@example.org", Err(Local)),
            ("\"mia\"@example.org", Err(Local)),
            ("<mia@example.org", Err(Local)),
            ("míа@example.org", Err(Local)),
            ("mia@example.org>", Err(Host)),
            ("mia@example..org", Err(Host)),
            ("mia@example.org\r\nBcc: eve", Err(Host)),
            ("mia@exam_ple.org", Err(Host)),
            ("mia@127.0.0.1", Err(Host)),
            ("mia@[127.0.0.1]", Err(Host)),
            ("mia@example.org:25", Err(Host)),
            (&long, Err(Long)),
            (&longer, Err(Long)),
        ] {
            let read = EmailAddress::parse(typed);
            assert_eq!(read.as_ref().map(EmailAddress::as_str), expected.as_ref().copied(), "{typed:?}");
        }
    }
}
