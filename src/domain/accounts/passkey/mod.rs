//! Passkeys: where they work, their names, and why they are refused.

mod ceremony;

use serde::Deserialize;
use webauthn_rs::prelude::WebauthnError;

pub use self::ceremony::{Answer, Challenge, CreationAnswer, NewChallenge, PasskeyAnswer, RelyingParty};
pub use webauthn_rs::prelude::Passkey;

use crate::clock::MINUTE;
use crate::domain::text::{has_visible, is_legible};

/// Of one account.
pub const MAX_PASSKEYS: usize = 10;
pub const MAX_PASSKEY_NAME_CHARS: usize = 40;
/// How long a challenge waits for its answer, in seconds.
pub const CHALLENGE_TTL: i64 = 5 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct PasskeyId(pub i64);

/// Why a site has no passkeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeysOff {
    #[error("Passkeys need a site with a host name, and this one is at an IP address.")]
    IpAddress,
    #[error("Passkeys need a site that is served over https, and this one is not.")]
    Insecure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    #[error("This took longer than five minutes, or was sent before. Please try again.")]
    Expired,
    #[error("Your passkey could not be verified. Please try again.")]
    Unverified,
    #[error("That passkey opens no account here; it may have been removed. Log in another way.")]
    Unknown,
    #[error(
        "This passkey may have been copied: it was used before in a way that your device does not know of. \
         Log in another way, remove it, and add a new one."
    )]
    Copied,
    #[error("Confirm this with your passkey, for which this page needs JavaScript.")]
    Unconfirmed,
    #[error("This passkey has been added before.")]
    Added,
    #[error("You have 10 passkeys, which is the limit. Remove one first.")]
    TooMany,
    #[error("You log in with passkeys only, and this is the last one. Set a password first.")]
    Last,
    #[error(
        "Make recovery codes or add a second passkey first, so that you still get in if you lose this one."
    )]
    NoOtherWay,
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> PasskeyError {
        match error {
            WebauthnError::CredentialPossibleCompromise => PasskeyError::Copied,
            _ => PasskeyError::Unverified,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyNameError {
    #[error("Name it, so that you know it in the list: by the device that it is on, for example.")]
    Empty,
    #[error("This name is too long: the limit is 40 characters.")]
    Long,
    #[error("This name contains invisible characters. Please type it again.")]
    Unshown,
}

/// What its owner calls a passkey.
pub fn passkey_name(typed: &str) -> Result<&str, PasskeyNameError> {
    let typed = typed.trim();
    if !has_visible(typed) {
        return Err(PasskeyNameError::Empty);
    }
    if typed.chars().count() > MAX_PASSKEY_NAME_CHARS {
        return Err(PasskeyNameError::Long);
    }
    if !is_legible(typed) || typed.contains('\n') {
        return Err(PasskeyNameError::Unshown);
    }
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_some_shown_text_of_one_line() {
        assert_eq!(passkey_name("  My phone "), Ok("My phone"));
        assert_eq!(passkey_name(" \t"), Err(PasskeyNameError::Empty));
        assert_eq!(passkey_name("\u{200B}"), Err(PasskeyNameError::Empty));
        assert_eq!(passkey_name(&"ä".repeat(40)).map(str::len), Ok(80));
        assert_eq!(passkey_name(&"ä".repeat(41)), Err(PasskeyNameError::Long));
        for unshown in ["a\u{202e}b", "a\0b", "a\nb"] {
            assert_eq!(passkey_name(unshown), Err(PasskeyNameError::Unshown), "{unshown:?}");
        }
    }
}
