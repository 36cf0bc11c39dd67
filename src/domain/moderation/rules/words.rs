use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::text::is_ignorable;

/// Folds case, compatibility forms (`ｆｕｌｌ`, `𝐛𝐨𝐥𝐝`, `ﬁ`), invisible characters and decorative combining
/// marks. Regular accents stay significant.
pub(super) fn fold(text: &str) -> String {
    text.nfkc()
        .filter(|c| !is_unseen(*c))
        // To upper case and back, which equates `ß` and `ss`, `ς` and `σ`.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkc()
        .filter(|c| !is_decoration(*c))
        .collect()
}

/// The words of a folded text. Scripts without spaces split into characters, so that phrases match anywhere.
pub(super) fn of(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).flat_map(UnicodeSegmentation::unicode_words)
}

fn is_unseen(c: char) -> bool {
    (c.is_control() && !c.is_whitespace()) || is_ignorable(c)
}

/// Combining marks that remain after composition, piled up to disguise letters.
fn is_decoration(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}
