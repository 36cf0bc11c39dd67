//! Whether an edit removes nearly all of a text.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

/// An edit that leaves less than one part in this many removed the text.
const PARTS: usize = 10;

/// Whether an edit leaves at most a tenth of the text's words, by length, whatever replaces them.
pub fn is_nearly_all(before: &str, after: &str) -> bool {
    let words = |text| UnicodeSegmentation::unicode_words(text).collect::<Vec<&str>>();
    let (mut was, mut is) = (words(before), words(after));
    if was.is_empty() {
        // A text without words, such as a row of emoji.
        was = before.graphemes(true).filter(|sign| !sign.trim().is_empty()).collect();
        is = after.graphemes(true).collect();
    }
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in is {
        *left.entry(word).or_default() += 1;
    }
    let (mut all, mut kept) = (0_usize, 0_usize);
    for word in was {
        let length = word.chars().count();
        all = all.saturating_add(length);
        if let Some(many) = left.get_mut(word).filter(|many| **many > 0) {
            *many -= 1;
            kept = kept.saturating_add(length);
        }
    }
    all > 0 && kept.saturating_mul(PARTS) <= all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_nearly_gone_when_a_tenth_of_its_words_is_left() {
        let text =
            "The quick brown fox jumps over the lazy dog, and nobody has ever asked it why it does so.";
        for (before, after, gone) in [
            (text, "", true),
            (text, ".", true),
            (text, "[removed]", true),
            (text, "the dog", true),
            (
                text,
                "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt.",
                true,
            ),
            (text, "The quick brown fox jumps over the lazy dog.", false),
            (text, text, false),
            (
                text,
                "so does it. why it asked ever has nobody and dog lazy the over jumps fox brown quick The",
                false,
            ),
            ("日本語の文章を書きました。", "。", true),
            ("日本語の文章を書きました。", "日本語の文章を書いた。", false),
            ("🎉🎉🎉", "-", true),
            ("🎉🎉🎉", "🎉🎉", false),
            ("", "anything", false),
        ] {
            assert_eq!(is_nearly_all(before, after), gone, "{before:?} {after:?}");
        }
    }
}
