//! Password strength and hashing (Argon2id, m = 19 MiB, t = 2, p = 1, as OWASP recommends).

use std::sync::LazyLock;

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher};

/// In bytes.
pub const MAX_PASSWORD_BYTES: usize = 1_000;
/// In characters.
const SHORTEST: usize = 8;
/// Characters given to the strength estimate, whose cost is superlinear.
const JUDGED: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("Use at least 8 characters.")]
    Short,
    #[error("Use at most 1,000 bytes.")]
    Long,
    #[error("That password is easily guessed. Use a longer one, such as four unrelated words.")]
    Guessable,
}

pub fn check(password: &str, name: &str) -> Result<(), PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::Long);
    }
    let judged: String = password.chars().take(JUDGED).collect();
    if zxcvbn::zxcvbn(&judged, &[name]).score() < zxcvbn::Score::Two {
        return Err(PasswordError::Guessable);
    }
    Ok(())
}

/// Hashes a password into a PHC string. Takes some 35 ms and 19 MiB: never call it on an async thread.
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    let hash: argon2::password_hash::phc::PasswordHash =
        Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

/// Verifies a password. Without a hash it fails in the same time, so that timing does not reveal which names
/// exist.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: LazyLock<String> =
        LazyLock::new(|| self::hash("nobody has this password").unwrap_or_default());
    let known = hash.is_some();
    let parsed = PasswordHash::new(hash.unwrap_or(&NOBODY));
    let matches = parsed.is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok());
    known && matches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_hard_to_guess() {
        for (password, expected) in [
            ("short", Err(PasswordError::Short)),
            ("password", Err(PasswordError::Guessable)),
            ("aaaaaaaaaaaaaa", Err(PasswordError::Guessable)),
            ("alicealice", Err(PasswordError::Guessable)),
            ("correct horse battery", Ok(())),
            ("žluťoučký kůň", Ok(())),
        ] {
            assert_eq!(check(password, "alice"), expected, "{password:?}");
        }
        assert_eq!(check(&"x".repeat(1_001), "alice"), Err(PasswordError::Long));
        assert_eq!(check(&"qs8!Zk 2".repeat(125), "alice"), Ok(()));
    }

    #[test]
    fn a_hash_verifies_its_own_password_only() {
        let hashed = hash("correct horse battery").expect("randomness");
        assert!(verify("correct horse battery", Some(&hashed)));
        assert!(!verify("correct horse batterx", Some(&hashed)));
        assert!(!verify("correct horse battery", Some("not a hash")));
        assert!(!verify("nobody has this password", None));
    }
}
