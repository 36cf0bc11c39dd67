//! Reports that something is illegal, by anybody (article 16 of the EU's Digital Services Act).

use crate::domain::mail::address::{EmailAddress, EmailAddressError};
use crate::domain::text::is_legible;

/// What somebody says that a post is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum IllegalGround {
    Terrorism,
    ChildAbuse,
    Hate,
    Threats,
    IntimateImages,
    Fraud,
    Trade,
    Privacy,
    Rights,
    Other,
}

impl IllegalGround {
    pub const ALL: [IllegalGround; 10] = [
        IllegalGround::Terrorism,
        IllegalGround::ChildAbuse,
        IllegalGround::Hate,
        IllegalGround::Threats,
        IllegalGround::IntimateImages,
        IllegalGround::Fraud,
        IllegalGround::Trade,
        IllegalGround::Privacy,
        IllegalGround::Rights,
        IllegalGround::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            IllegalGround::Terrorism => "terrorism",
            IllegalGround::ChildAbuse => "child-abuse",
            IllegalGround::Hate => "hate",
            IllegalGround::Threats => "threats",
            IllegalGround::IntimateImages => "intimate-images",
            IllegalGround::Fraud => "fraud",
            IllegalGround::Trade => "trade",
            IllegalGround::Privacy => "privacy",
            IllegalGround::Rights => "rights",
            IllegalGround::Other => "other",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            IllegalGround::Terrorism => "terrorism or incitement to violence",
            IllegalGround::ChildAbuse => "sexual abuse of children",
            IllegalGround::Hate => "hate speech",
            IllegalGround::Threats => "threats, stalking or harassment",
            IllegalGround::IntimateImages => "intimate images without consent",
            IllegalGround::Fraud => "fraud or a scam",
            IllegalGround::Trade => "trade in drugs, weapons or other illegal goods",
            IllegalGround::Privacy => "personal data or defamation",
            IllegalGround::Rights => "copyright or another right",
            IllegalGround::Other => "something else",
        }
    }

    pub fn parse(text: &str) -> Option<IllegalGround> {
        IllegalGround::ALL.into_iter().find(|ground| ground.as_str() == text)
    }

    /// Whether the police may have to be told at once (article 18).
    pub fn threatens_life(self) -> bool {
        matches!(self, IllegalGround::Terrorism | IllegalGround::ChildAbuse | IllegalGround::Threats)
    }

    /// Whether a report of it says who sends it.
    pub fn needs_name(self) -> bool {
        self != IllegalGround::ChildAbuse
    }
}

/// In characters.
pub const MAX_NAME_CHARS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    #[error("Choose what kind of illegal content it is.")]
    NoGround,
    #[error("Enter your name. It is not shown to the author.")]
    NoName,
    #[error("That name is too long: the limit is {MAX_NAME_CHARS} characters.")]
    LongName,
    #[error("That name contains invisible characters. Please type it again.")]
    UnshownName,
    #[error("Tick the box if you believe that what you have written is accurate and complete.")]
    NoGoodFaith,
}

/// What somebody without an account calls themselves.
pub fn name(typed: &str, needed: bool) -> Result<&str, ReportError> {
    let name = typed.trim();
    if needed && name.is_empty() {
        return Err(ReportError::NoName);
    }
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(ReportError::LongName);
    }
    if !is_legible(name) {
        return Err(ReportError::UnshownName);
    }
    Ok(name)
}

/// Where the answer is mailed; empty: nowhere.
pub fn email(typed: &str, needed: bool) -> Result<String, EmailAddressError> {
    match typed.trim() {
        "" if !needed => Ok(String::new()),
        typed => EmailAddress::parse(typed).map(|address| address.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reports_says_who_they_are_unless_it_is_abuse_of_children() {
        assert_eq!(name("  ", true), Err(ReportError::NoName));
        assert_eq!(name("  ", false), Ok(""));
        assert_eq!(name(" Ann Other ", true), Ok("Ann Other"));
        assert_eq!(name(&"n".repeat(101), true), Err(ReportError::LongName));
        assert_eq!(name("a\u{202e}b", true), Err(ReportError::UnshownName));
        assert_eq!(email("", true), Err(EmailAddressError::Empty));
        assert_eq!(email("", false), Ok(String::new()));
        assert_eq!(email(" ann@Example.org ", false).as_deref(), Ok("ann@example.org"));
        assert!(email("ann", false).is_err());
        assert!(IllegalGround::ALL.into_iter().filter(|ground| !ground.needs_name()).count() == 1);
        for ground in IllegalGround::ALL {
            assert_eq!(IllegalGround::parse(ground.as_str()), Some(ground));
        }
    }
}
