//! Which characters are visible, and which may be shown.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Characters with a width and no ink, which have no common Unicode property.
const BLANK: [char; 4] = ['\u{2800}', '\u{13441}', '\u{13442}', '\u{1D159}'];

/// Whether a character is visible by itself: not white space, controls, format characters, combining marks or
/// default-ignorable characters such as the Hangul fillers.
pub fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    let has_ink = !matches!(
        category(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
    );
    has_ink && !is_ignorable(c) && !BLANK.contains(&c)
}

/// Whether a character renders as nothing (`Default_Ignorable_Code_Point`).
pub fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether a character may be shown. Excludes bidi embeddings, overrides and isolates (UAX 9), which can
/// disguise text; deprecated format characters, annotations and musical controls; and control characters and
/// noncharacters, which XML forbids.
pub fn is_shown(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, '\n' | '\t') || !c.is_ascii_control();
    }
    match category(c) {
        GeneralCategory::Control => false,
        GeneralCategory::Unassigned => !CodePointSetData::new::<NoncharacterCodePoint>().contains(c),
        GeneralCategory::Format => !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0001}' | '\u{1D173}'..='\u{1D17A}'),
        _ => true,
    }
}

pub fn without_hidden(text: &str) -> String {
    text.chars().filter(|c| is_shown(*c)).collect()
}

/// Whether plain text is empty, or visible and unchanged by [`without_hidden`].
pub fn is_legible(text: &str) -> bool {
    (text.is_empty() || has_visible(text)) && text.chars().all(|c| is_shown(c) || c == '\r')
}

pub fn has_visible(text: &str) -> bool {
    text.chars().any(is_visible)
}

pub(super) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
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
            "\u{2800}\u{1D159}\u{13441}\u{13442}",
            "\u{301}\u{20DD}\u{5B0}",
        ] {
            assert!(!has_visible(text), "{}", text.escape_unicode());
        }
        for text in ["a", "\u{200B}.", "é", "e\u{301}", "ש", "中", "か", "😀", "❤\u{FE0F}", "\u{E000}", "ः"]
        {
            assert!(has_visible(text), "{}", text.escape_unicode());
        }
    }

    #[test]
    fn what_steers_the_text_around_it_is_not_shown() {
        for (text, kept) in [
            ("a\u{202E}b\u{2066}c\u{2069}d\u{206A}e", "abcde"),
            ("a\u{0}\u{7F}\u{85}\r\n\tb", "a\n\tb"),
            ("\u{FFFE}\u{FDD0}\u{10FFFF}\u{FFF9}\u{E0001}\u{1D173}", ""),
            (
                "שלום\u{200F}! \u{200B}❤\u{FE0F}\u{378}\u{E000}",
                "שלום\u{200F}! \u{200B}❤\u{FE0F}\u{378}\u{E000}",
            ),
        ] {
            assert_eq!(without_hidden(text), kept, "{}", text.escape_unicode());
            assert_eq!(is_legible(text), text.replace('\r', "") == kept, "{}", text.escape_unicode());
        }
        assert!(is_legible("") && !is_legible("\u{200B}"));
    }
}
