//! Which characters a reader sees something of.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Symbols that have a width and no ink, which no property of Unicode tells from others.
const BLANK_SYMBOLS: [char; 2] = ['\u{2800}', '\u{1D159}'];

/// Whether a character is seen by itself. White space, control and format characters, marks without a letter, and what Unicode calls
/// default-ignorable (the Hangul fillers among them) are not.
pub fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    let has_ink = !matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
    );
    has_ink && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) && !BLANK_SYMBOLS.contains(&c)
}

/// Whether a plain text has a character that can be seen.
pub fn has_visible(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// Whether a character may be shown. Bidirectional overrides and isolates can make a text read as something else;
/// control characters and non-characters are not allowed in the XML of feeds.
pub fn is_shown(c: char) -> bool {
    !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
        && (matches!(c, '\n' | '\t') || !c.is_control())
}

/// A text as it was typed, without the characters that may not be shown.
pub fn shown(text: &str) -> String {
    text.chars().filter(|c| is_shown(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_ink_is_not_visible() {
        for text in [
            "",
            " \t\r\n\u{A0}\u{1680}\u{2003}\u{2028}\u{202F}\u{3000}",
            "\u{0}\u{7F}\u{85}",
            "\u{AD}\u{34F}\u{61C}\u{180E}\u{200B}\u{200C}\u{200D}\u{200E}\u{2060}\u{2064}\u{FEFF}",
            "\u{115F}\u{1160}\u{3164}\u{FFA0}\u{17B4}\u{17B5}",
            "\u{FE0F}\u{E0100}\u{E0001}\u{E007F}\u{1D173}\u{FFF9}",
            "\u{2800}\u{1D159}",
            "\u{301}\u{20DD}\u{5B0}",
        ] {
            assert!(!has_visible(text), "{}", text.escape_unicode());
        }
        for text in ["a", "\u{200B}.", "é", "e\u{301}", "ש", "中", "か", "😀", "❤\u{FE0F}", "\u{E000}", "ः"] {
            assert!(has_visible(text), "{}", text.escape_unicode());
        }
    }
}
