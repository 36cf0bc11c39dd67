//! Codes of authenticator apps: TOTP with SHA-1, six digits and 30 seconds (RFC 6238), as all apps know it.

use totp_rs::{Builder, Totp};

use crate::clock::{DAY, MINUTE, Timestamp};
use crate::domain::accounts::token::NoRandomness;
use crate::domain::accounts::user::{Member, Role, UserId};

/// As RFC 4226 recommends: 160 bits.
const SECRET_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;
/// How many steps a clock may be off, before and after.
const SKEW: u16 = 1;
/// How long a secret is shown, and can be confirmed, in seconds.
pub const SETUP_TTL: i64 = 15 * MINUTE;
/// How long the owner can stop an admin who clears their second factor, in seconds.
pub const CLEARING_DELAY: i64 = 3 * DAY;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TotpError {
    #[error(
        "That is not the code of this moment. Wait for the next one, check that the clock of your device is \
         right, and enter its six digits."
    )]
    Wrong,
    #[error("This code has been used. Wait for the next one.")]
    Used,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClearingError {
    #[error("Only admins can clear somebody’s second factor.")]
    NotAnAdmin,
    #[error("Turn off your own second factor on its settings page.")]
    Yourself,
}

/// Whether `actor` may clear the second factor of `person`.
pub fn may_clear(actor: &Member, person: UserId) -> Result<(), ClearingError> {
    match actor.role {
        Role::Admin if actor.id == person => Err(ClearingError::Yourself),
        Role::Admin => Ok(()),
        Role::Member | Role::Moderator => Err(ClearingError::NotAnAdmin),
    }
}

pub struct TotpSecret(Vec<u8>);

impl TotpSecret {
    pub fn random() -> Result<TotpSecret, NoRandomness> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(TotpSecret(bytes.to_vec()))
    }

    /// A secret that was made before.
    pub fn of(bytes: Vec<u8>) -> TotpSecret {
        TotpSecret(bytes)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn totp(&self) -> Builder {
        Builder::new().with_secret(self.0.clone()).with_step_duration(STEP_SECONDS).with_skew(SKEW)
    }

    /// In groups of four letters and digits, to be typed into an app.
    pub fn to_text(&self) -> String {
        let letters: Vec<char> = self.totp().build_noncompliant().secret().to_base32().chars().collect();
        letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    /// The `otpauth:` address for an app; `None` if the names cannot be in one.
    pub fn address(&self, site: &str, name: &str) -> Option<String> {
        let site = site.replace(':', " ");
        let totp = self.totp().with_issuer(Some(site)).with_account_name(name).build();
        totp.ok()?.to_url().ok()
    }

    /// The step of a code that is right `now`, which is to be after `last_step`, that of the latest one.
    pub fn check(&self, code: &str, last_step: i64, now: Timestamp) -> Result<i64, TotpError> {
        let totp: Totp = self.totp().build_noncompliant();
        let seconds = u64::try_from(now.0).map_err(|_| TotpError::Wrong)?;
        let step = totp.check(code, seconds).and_then(|step| i64::try_from(step).ok());
        match step {
            Some(step) if step > last_step => Ok(step),
            Some(_) => Err(TotpError::Used),
            None => Err(TotpError::Wrong),
        }
    }

    /// The code of a moment, as an app shows it.
    pub fn code(&self, at: Timestamp) -> String {
        let seconds = u64::try_from(at.0).unwrap_or_default();
        self.totp().build_noncompliant().generate(seconds).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: i64 = 30;

    /// Of RFC 6238, appendix B; its codes have eight digits.
    fn secret() -> TotpSecret {
        TotpSecret::of(b"12345678901234567890".to_vec())
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(secret().code(Timestamp(at)), code);
            assert_eq!(secret().check(code, 0, Timestamp(at)), Ok(at / STEP));
        }
    }

    #[test]
    fn a_code_is_right_for_one_step_before_and_after_and_once() {
        let (secret, at) = (secret(), Timestamp(1_111_111_109));
        let (code, step) = (secret.code(at), at.0 / STEP);
        for (seconds, expected) in
            [(-60, Err(TotpError::Wrong)), (-30, Ok(step)), (30, Ok(step)), (60, Err(TotpError::Wrong))]
        {
            assert_eq!(secret.check(&code, 0, at.plus(seconds)), expected, "{seconds}");
        }
        assert_eq!(secret.check(&code, step, at), Err(TotpError::Used));
        assert_eq!(secret.check(&secret.code(at.minus(STEP)), step, at), Err(TotpError::Used));
        for wrong in ["", "12345", "1234567", "abcdef", "０８１８０４"] {
            assert_eq!(secret.check(wrong, 0, at), Err(TotpError::Wrong), "{wrong}");
        }
    }

    #[test]
    fn an_app_reads_the_secret_from_an_address_or_from_letters() {
        let address = secret().address("Tea: a forum", "mia").expect("an address");
        assert!(address.starts_with("otpauth://totp/Tea%20%20a%20forum:mia?secret=GEZDGNBV"), "{address}");
        assert_eq!(secret().to_text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }
}
