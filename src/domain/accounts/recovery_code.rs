//! Recovery codes: each serves once, in place of an authenticator app or of a lost password.

use sha2::{Digest, Sha256};

use crate::domain::accounts::token::{ALPHABET, NoRandomness, random_letters};

/// How many an account has at once.
pub const CODES: usize = 10;
const LENGTH: usize = 16;
const GROUP: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter a recovery code: 16 letters and digits, as they were shown to you. Each works once.")]
pub struct NotARecoveryCode;

/// 80 random bits, without its dashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    pub fn random() -> Result<RecoveryCode, NoRandomness> {
        random_letters(LENGTH).map(RecoveryCode)
    }

    /// All codes of an account.
    pub fn set() -> Result<Vec<RecoveryCode>, NoRandomness> {
        (0..CODES).map(|_| RecoveryCode::random()).collect()
    }

    /// In any case, with or without dashes and spaces.
    pub fn parse(typed: &str) -> Result<RecoveryCode, NotARecoveryCode> {
        let letters = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let code: String = letters.take(LENGTH + 1).map(|c| c.to_ascii_lowercase()).collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        if is_code { Ok(RecoveryCode(code)) } else { Err(NotARecoveryCode) }
    }

    /// In groups of four.
    pub fn to_text(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_shown_and_as_people_type_it() {
        let code = RecoveryCode::random().expect("randomness");
        let shown = code.to_text();
        assert_eq!(shown.len(), 19);
        for typed in [shown.clone(), shown.to_uppercase(), shown.replace('-', " "), format!(" {shown}\n")] {
            assert_eq!(RecoveryCode::parse(&typed).as_ref(), Ok(&code), "{typed}");
        }
        for wrong in [
            "",
            "123456",
            shown.trim_end_matches(char::is_alphanumeric),
            &format!("{shown}a"),
            "iiii-llll-oooo-1111",
            "é",
        ] {
            assert_eq!(RecoveryCode::parse(wrong), Err(NotARecoveryCode), "{wrong}");
        }
    }

    #[test]
    fn no_two_codes_are_alike() {
        let mut codes: Vec<String> =
            RecoveryCode::set().expect("randomness").iter().map(RecoveryCode::to_text).collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), CODES);
    }
}
