//! Texts as word rules compare them: the words alone, and alike however they are dressed up.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::text::is_ignorable;

/// A text with what does not tell words apart taken away: case, the forms that fonts give to letters (`ｆｕｌｌ`, `𝐛𝐨𝐥𝐝`, `ﬁ`), what does
/// not show, and accents that make no letter of any script. A letter with an accent stays another than the one without.
pub(super) fn fold(text: &str) -> String {
    text.nfkc()
        .filter(|c| !is_unseen(*c))
        // To upper case and back: `ß` and `ss`, `ς` and `σ` are alike then.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkc()
        .filter(|c| !is_decoration(*c))
        .collect()
}

/// The words of a folded text. Scripts without blanks come apart into letters, so that a phrase of them is found anywhere.
pub(super) fn of(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).flat_map(UnicodeSegmentation::unicode_words)
}

fn is_unseen(c: char) -> bool {
    (c.is_control() && !c.is_whitespace()) || is_ignorable(c)
}

/// Combining marks of no script's own that stay after composition: what is heaped upon letters to hide them.
fn is_decoration(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}
