use crate::domain::text::is_legible;

pub const MAX_CONTACT_CHARS: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    #[error("This is too long: the limit is 2,000 characters.")]
    Long,
    #[error("This contains invisible characters. Please type it again.")]
    Unshown,
}

pub fn contact(typed: &str) -> Result<&str, ContactError> {
    let typed = typed.trim();
    if typed.chars().count() > MAX_CONTACT_CHARS {
        return Err(ContactError::Long);
    }
    if !is_legible(typed) {
        return Err(ContactError::Unshown);
    }
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_some_shown_text_or_nothing() {
        assert_eq!(contact(" \n "), Ok(""));
        assert_eq!(contact(" Write to\r\npost@stoa.example. "), Ok("Write to\r\npost@stoa.example."));
        assert_eq!(contact(&"ä".repeat(2_000)).map(str::len), Ok(4_000));
        assert_eq!(contact(&"ä".repeat(2_001)), Err(ContactError::Long));
        assert_eq!(contact("a\u{202e}b"), Err(ContactError::Unshown));
        assert_eq!(contact("a\0b"), Err(ContactError::Unshown));
        assert_eq!(contact("\u{200B}"), Err(ContactError::Unshown));
    }
}
