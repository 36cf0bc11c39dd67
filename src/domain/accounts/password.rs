//! Passwords: which are good enough, and their hashes (Argon2id, m = 19 MiB, t = 2, p = 1, as OWASP advises).

use std::sync::LazyLock;

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher};

/// The longest password, in bytes.
pub const LONGEST: usize = 1_000;
/// The shortest password, in characters.
const SHORTEST: usize = 8;
/// How much of a password its guessability is judged by; the estimate's cost grows faster than its length.
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

/// Whether a password is good enough for the account called `name`.
pub fn check(password: &str, name: &str) -> Result<(), PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::Long);
    }
    let judged: String = password.chars().take(JUDGED).collect();
    if zxcvbn::zxcvbn(&judged, &[name]).score() < zxcvbn::Score::Two {
        return Err(PasswordError::Guessable);
    }
    Ok(())
}

/// A password's hash as a PHC string. Takes some 35 ms and 19 MiB: never call it on an async thread.
///
/// # Errors
/// Where the system has no randomness to give.
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    let hash: argon2::password_hash::phc::PasswordHash =
        Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

/// Whether a password is the one that was hashed. With no hash it takes as long and is wrong, so that nobody learns from the time taken
/// which names there are.
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
