//! The words of a text in every script: folded by NFKC and case, without accents. Han, Kana, Hangul and the
//! South-East Asian scripts, which are written without spaces, become pairs of characters.

use std::borrow::Cow;
use std::ops::Range;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, Script};
use unicode_normalization::{UnicodeNormalization, char, is_nfc};

use crate::domain::text::is_ignorable;

/// Characters of a word that count; more are left out, in texts and queries alike.
const LONGEST: usize = 64;

/// Arabic's, which has no sound.
const LENGTHENING: char = '\u{640}';

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextWord {
    pub text: String,
    /// Its place among the words of the text; those of a phrase follow one another.
    pub position: usize,
    /// Where it is in the text, in bytes.
    pub span: Range<usize>,
    /// Whether a query asks for it. What is only indexed is a part of another word: `node` of `node.js`, or a
    /// single character of a longer run.
    pub is_asked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A letter or digit, or a mark that belongs to one.
    Word,
    /// Of a script without spaces.
    Unspaced,
    Voicing,
    Other,
}

/// A folded character with the bytes of the text that it comes from.
struct Piece {
    c: char,
    class: Class,
    from: usize,
    to: usize,
}

/// The text in NFC, of which [`tokens`] are taken and parts are shown.
pub fn composed(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// The words of a text, in order of their position. `+`, `#` and `.` are kept within names such as `c++`,
/// `c#`, `.net` and `node.js`.
pub fn tokens(text: &str) -> Vec<TextWord> {
    let pieces = pieces(text);
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let (mut at, mut position) = (0, 0);
    while let Some(piece) = pieces.get(at) {
        let rest = pieces.get(at..).unwrap_or_default();
        let read = match piece.class {
            Class::Unspaced => unspaced(rest, &mut position, &mut tokens),
            Class::Word => name(rest, false, &mut position, &mut tokens),
            _ if begins_name(&pieces, at) => name(rest, true, &mut position, &mut tokens),
            _ => 1,
        };
        at += read.max(1);
    }
    tokens
}

/// Whether a full stop begins a name, as in `.net`.
fn begins_name(pieces: &[Piece], at: usize) -> bool {
    let is_free = at
        .checked_sub(1)
        .and_then(|before| pieces.get(before))
        .is_none_or(|before| before.class == Class::Other && before.c != '.');
    let next = pieces.get(at + 1);
    is_free
        && is_char(pieces.get(at), '.')
        && next.is_some_and(|next| next.c.is_alphabetic() && is_word(next))
}

fn is_char(piece: Option<&Piece>, c: char) -> bool {
    piece.is_some_and(|piece| piece.c == c)
}

fn is_word(piece: &Piece) -> bool {
    piece.class == Class::Word
}

/// Reads a word, or a name with full stops in it; returns how many pieces it has.
fn name(pieces: &[Piece], has_dot: bool, position: &mut usize, tokens: &mut Vec<TextWord>) -> usize {
    let mut whole = String::new();
    let mut parts: Vec<(String, Range<usize>)> = Vec::new();
    let mut at = usize::from(has_dot);
    let from = pieces.first().map_or(0, |piece| piece.from);
    loop {
        let rest = pieces.get(at..).unwrap_or_default();
        let part: Vec<&Piece> = rest.iter().take_while(|piece| is_word(piece)).collect();
        let span = part.first().map_or(from, |piece| piece.from)..part.last().map_or(from, |piece| piece.to);
        parts.push((part.iter().map(|piece| piece.c).take(LONGEST).collect(), span));
        at += part.len();
        let is_joined = is_char(pieces.get(at), '.') && pieces.get(at + 1).is_some_and(is_word);
        if !is_joined {
            break;
        }
        at += 1;
    }
    let end = suffix(pieces.get(at..).unwrap_or_default());
    let to = pieces.get((at + end.len()).saturating_sub(1)).map_or(from, |piece| piece.to);
    if has_dot {
        whole.push('.');
    }
    for (nth, (part, _)) in parts.iter().enumerate() {
        if nth > 0 {
            whole.push('.');
        }
        whole.push_str(part);
    }
    let whole: String = whole.chars().take(LONGEST).chain(end.chars()).collect();
    tokens.push(TextWord { text: whole, position: *position, span: from..to, is_asked: true });
    // `c` does not find `c++`.
    if has_dot || parts.len() > 1 {
        for (nth, (text, span)) in parts.iter().enumerate() {
            let (text, span) = (text.clone(), span.clone());
            tokens.push(TextWord { text, position: *position + nth, span, is_asked: false });
        }
    }
    *position += parts.len();
    at + end.len()
}

/// `+`, `++` or `#` at the end of a name.
fn suffix(pieces: &[Piece]) -> &'static str {
    let goes_on = |at: usize| {
        let next = pieces.get(at);
        next.is_some_and(|next| next.class != Class::Other || matches!(next.c, '+' | '#'))
    };
    match (pieces.first().map(|piece| piece.c), pieces.get(1).map(|piece| piece.c)) {
        (Some('+'), Some('+')) if !is_char(pieces.get(2), '+') => "++",
        (Some('+'), _) if !goes_on(1) => "+",
        (Some('#'), _) if !goes_on(1) => "#",
        _ => "",
    }
}

/// Reads a run of characters without spaces: each pair of neighbours, and each by itself.
fn unspaced(pieces: &[Piece], position: &mut usize, tokens: &mut Vec<TextWord>) -> usize {
    let mut run: Vec<(String, Range<usize>)> = Vec::new();
    let mut read = 0;
    for piece in pieces.iter().take_while(|piece| piece.class != Class::Other) {
        match (piece.class, run.last_mut()) {
            (Class::Unspaced, _) => run.push((piece.c.to_string(), piece.from..piece.to)),
            (Class::Voicing, Some((before, span))) => {
                let joined = before.chars().last().and_then(|last| char::compose(last, piece.c));
                if let Some(joined) = joined {
                    before.pop();
                    before.push(joined);
                }
                span.end = piece.to;
            }
            _ => break,
        }
        read += 1;
    }
    for (nth, (text, span)) in run.iter().enumerate() {
        let at = *position + nth;
        let is_asked = run.len() == 1;
        tokens.push(TextWord { text: text.clone(), position: at, span: span.clone(), is_asked });
        if let Some((next, after)) = run.get(nth + 1) {
            let (text, span) = (format!("{text}{next}"), span.start..after.end);
            tokens.push(TextWord { text, position: at, span, is_asked: true });
        }
    }
    *position += run.len();
    read
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(text.len());
    for (from, c) in text.char_indices() {
        let to = from + c.len_utf8();
        if c.is_ascii() {
            let class = if c.is_ascii_alphanumeric() { Class::Word } else { Class::Other };
            pieces.push(Piece { c: c.to_ascii_lowercase(), class, from, to });
            continue;
        }
        let before = pieces.len();
        fold(c, |c, class| pieces.push(Piece { c, class, from, to }));
        // What is stripped belongs to the character before it.
        if pieces.len() == before
            && let Some(last) = pieces.last_mut()
            && last.class != Class::Other
        {
            last.to = to;
        }
    }
    pieces
}

/// Folds a character to those that are compared, which may be none.
fn fold(c: char, mut each: impl FnMut(char, Class)) {
    if is_ignorable(c) {
        return;
    }
    if is_unspaced(c) || matches!(c, '\u{FF65}'..='\u{FF9F}') {
        std::iter::once(c).nfkc().for_each(|c| each(c, class(c)));
        return;
    }
    std::iter::once(c)
        .nfkd()
        // To upper case and back, which equates `ẞ`, `ß` and `ss`, `ς` and `σ`.
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|c| !is_accent(*c) && *c != LENGTHENING)
        // Syllables of Hangul are whole.
        .nfc()
        .for_each(|c| each(c, class(c)));
}

fn class(c: char) -> Class {
    match c {
        '\u{3099}' | '\u{309A}' => Class::Voicing,
        'ー' => Class::Unspaced,
        _ if c.is_ascii() => {
            if c.is_ascii_alphanumeric() {
                Class::Word
            } else {
                Class::Other
            }
        }
        _ if is_unspaced(c) => Class::Unspaced,
        _ if c.is_alphanumeric() || is_mark(c) => Class::Word,
        _ => Class::Other,
    }
}

fn is_mark(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark)
}

/// Marks that readers may leave out: accents, and the vowels of Arabic and Hebrew. Those that are letters of
/// their own, as in Devanagari, are kept.
fn is_accent(c: char) -> bool {
    const OPTIONAL: [Script; 7] = [
        Script::Inherited,
        Script::Common,
        Script::Arabic,
        Script::Hebrew,
        Script::Syriac,
        Script::Cyrillic,
        Script::Greek,
    ];
    !c.is_ascii()
        && !matches!(c, '\u{3099}' | '\u{309A}')
        && CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::NonspacingMark
        && OPTIONAL.contains(&CodePointMapData::<Script>::new().get(c))
}

fn is_unspaced(c: char) -> bool {
    const SCRIPTS: [Script; 8] = [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Hangul,
        Script::Thai,
        Script::Lao,
        Script::Khmer,
        Script::Myanmar,
    ];
    // No such script begins before Thai.
    c >= '\u{E00}'
        && (c.is_alphanumeric() || is_mark(c))
        && SCRIPTS.contains(&CodePointMapData::<Script>::new().get(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(text: &str) -> Vec<String> {
        tokens(&composed(text)).into_iter().filter(|token| token.is_asked).map(|token| token.text).collect()
    }

    fn all(text: &str) -> Vec<(String, usize)> {
        tokens(&composed(text)).into_iter().map(|token| (token.text, token.position)).collect()
    }

    #[test]
    fn words_of_every_script_are_folded() {
        for (text, words) in [
            ("The Quick, brown fox!", "the quick brown fox"),
            ("Über STRASSE straße STRAẞE", "uber strasse strasse strasse"),
            ("café cafe\u{301} ＣＡＦÉ", "cafe cafe cafe"),
            ("Ёжик ежик ЁЖИК", "ежик ежик ежик"),
            ("ΟΔΟΣ οδος ὁδός", "οδοσ οδοσ οδοσ"),
            ("İstanbul ﬁne ①", "istanbul fine 1"),
            ("شُكْرًا شكرا שָׁלוֹם", "شكرا شكرا שלום"),
            ("हिन्दी में", "हिन्दी में"),
            ("C++ c# F# .NET Node.js asp.net", "c++ c# f# .net node.js asp.net"),
            ("C++17 a+b i++ notepad++, google+", "c++ 17 a b i++ notepad++ google+"),
            ("#rust foo#bar x##", "rust foo bar x"),
            ("End.Next ...and so. On", "end.next and so on"),
            ("don't self-hosted snake_case 3.14", "don t self hosted snake case 3.14"),
            ("検索エンジン", "検索 索エ エン ンジ ジン"),
            ("字 Rustで", "字 rust で"),
            ("한국어 검색 ㈎", "한국 국어 검색 가"),
            ("か\u{3099}っこう ｶﾞ", "がっ っこ こう ガ"),
            ("ภาษาไทย", "ภา าษ ษา าไ ไท ทย"),
            ("so\u{AD}ft \u{200B} 🎉 …", "soft"),
            ("", ""),
        ] {
            assert_eq!(asked(text).join(" "), words, "{text}");
        }
    }

    #[test]
    fn parts_of_names_and_single_characters_are_indexed_too() {
        let of = |words: &[(&str, usize)]| -> Vec<(String, usize)> {
            words.iter().map(|(word, at)| ((*word).to_owned(), *at)).collect()
        };
        assert_eq!(all("node.js x"), of(&[("node.js", 0), ("node", 0), ("js", 1), ("x", 2)]));
        assert_eq!(all("检索x"), of(&[("检", 0), ("检索", 0), ("索", 1), ("x", 2)]));
        assert_eq!(all("c++"), of(&[("c++", 0)]));
    }

    proptest! {
        #[test]
        fn any_text_has_words_within_it_in_order(text in "\\PC{0,80}") {
            let tokens = tokens(&text);
            for token in &tokens {
                prop_assert!(text.get(token.span.clone()).is_some(), "{token:?}");
                prop_assert!(!token.text.is_empty() && token.text.chars().count() <= 2 * LONGEST);
            }
            prop_assert!(tokens.is_sorted_by_key(|token| token.position));
        }

        #[test]
        fn a_word_folds_to_the_same_as_its_folded_form(text in "\\PC{0,40}") {
            // Conjoining letters of Hangul would join what stands before them, too.
            prop_assume!(!text.contains(|c: char| matches!(c, '\u{1100}'..='\u{11FF}')));
            for token in tokens(&composed(&text)).into_iter().filter(|token| token.is_asked) {
                let again = asked(&token.text);
                prop_assert!(again.contains(&token.text), "{token:?} {again:?}");
            }
        }
    }
}
