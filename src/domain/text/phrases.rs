//! Words and phrases as people write them: folded, whole, and found in one pass over a text.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::text::is_ignorable;

/// Folds case, compatibility forms (`ｆｕｌｌ`, `𝐛𝐨𝐥𝐝`, `ﬁ`), invisible characters and decorative combining
/// marks. Regular accents stay significant.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        let shown = text.bytes().map(char::from).filter(|c| !is_unseen(*c));
        return shown.map(|c| c.to_ascii_lowercase()).collect();
    }
    fold_unicode(text)
}

fn fold_unicode(text: &str) -> String {
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
pub fn words_of(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).flat_map(|run| {
        // Letters and digits of ASCII are one word by Unicode's rules.
        let (whole, other) = if run.is_ascii() { (Some(run), "") } else { (None, run) };
        whole.into_iter().filter(|run| !run.is_empty()).chain(other.unicode_words())
    })
}

fn is_unseen(c: char) -> bool {
    (c.is_control() && !c.is_whitespace()) || (!c.is_ascii() && is_ignorable(c))
}

/// Combining marks that remain after composition, piled up to disguise letters.
fn is_decoration(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// Phrases by their first word, each with a number and the words that follow.
#[derive(Debug, Clone, Default)]
pub struct PhraseSet(HashMap<String, Vec<(usize, Vec<String>)>>);

impl PhraseSet {
    /// `phrases` are folded words.
    pub fn new<'a>(phrases: impl IntoIterator<Item = (usize, &'a [String])>) -> PhraseSet {
        let mut by_first = HashMap::<String, Vec<(usize, Vec<String>)>>::new();
        for (number, words) in phrases {
            if let Some((first, rest)) = words.split_first() {
                by_first.entry(first.clone()).or_default().push((number, rest.to_vec()));
            }
        }
        PhraseSet(by_first)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers of the phrases in a text.
    pub fn found_in(&self, text: &str) -> Vec<usize> {
        self.matches(&words_of(&fold(text)).collect::<Vec<_>>()).collect()
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.matches(&words_of(&fold(text)).collect::<Vec<_>>()).next().is_some()
    }

    fn matches<'a>(&'a self, words: &'a [&'a str]) -> impl Iterator<Item = usize> + 'a {
        words.iter().enumerate().flat_map(move |(at, word)| {
            let after = words.get(at.saturating_add(1)..).unwrap_or_default();
            let begins = self.0.get(*word).into_iter().flatten();
            let follow = move |rest: &[String]| {
                rest.len() <= after.len() && rest.iter().zip(after).all(|(a, b)| a == b)
            };
            begins.filter(move |(_, rest)| follow(rest)).map(|(number, _)| *number)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ascii_is_folded_and_split_as_any_text_is(text in "[\\x00-\\x7f]{0,60}") {
            let folded = fold(&text);
            prop_assert_eq!(&folded, &fold_unicode(&text));
            let runs = folded.split(|c: char| !c.is_alphanumeric());
            let words: Vec<&str> = runs.flat_map(UnicodeSegmentation::unicode_words).collect();
            prop_assert_eq!(words_of(&folded).collect::<Vec<_>>(), words);
        }
    }
}
