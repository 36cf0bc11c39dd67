//! Secret tokens for cookies and links; only their hashes are stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system's random number generator failed")]
pub struct NoRandomness;

/// Letters and digits that nobody mistakes for others; 32, so that each is five random bits.
pub const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// A random text of that alphabet.
pub fn random_letters(length: usize) -> Result<String, NoRandomness> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    let letter = |byte: u8| ALPHABET.get(usize::from(byte) % ALPHABET.len()).map(|byte| char::from(*byte));
    Ok(bytes.into_iter().filter_map(letter).collect())
}

/// 256 random bits, URL-safe.
pub struct Token(String);

impl Token {
    pub fn random() -> Result<Token, NoRandomness> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Token(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A token that was made before.
    pub fn of(text: String) -> Token {
        Token(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> Vec<u8> {
        hash(&self.0)
    }
}

pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
