use std::fmt;

use ::url::Host;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::text::{has_visible, is_shown};
use crate::domain::url::StoryUrl;

/// In graphemes.
pub const MIN: usize = 3;
pub const MAX: usize = 80;

/// A grapheme can have any number of code points; these bound a title and a grapheme.
const MAX_BYTES: usize = 2_000;
const MAX_CODE_POINTS: usize = 16;

/// A title of 3 to 80 graphemes, trimmed, with single spaces and no invisible or text-direction characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TitleError {
    #[error("A story needs a title.")]
    Empty,
    #[error("That title is too short: it needs at least {MIN} characters.")]
    TooShort,
    #[error("That title is too long: the limit is {MAX} characters.")]
    TooLong,
    #[error("That title contains invisible characters. Please type it instead of pasting it.")]
    Control,
}

impl Title {
    pub fn parse(input: &str) -> Result<Title, TitleError> {
        let title = fold(input, |c| !is_dropped(c));
        if title.len() > MAX_BYTES {
            return Err(TitleError::TooLong);
        }
        if !title.chars().all(is_shown) {
            return Err(TitleError::Control);
        }
        let graphemes = title.graphemes(true);
        if graphemes.clone().any(|g| g.chars().count() > MAX_CODE_POINTS) {
            return Err(TitleError::Control);
        }
        if graphemes.clone().count() > MAX {
            return Err(TitleError::TooLong);
        }
        // Spaces between words count as characters, invisible characters do not.
        match graphemes.filter(|g| *g == " " || has_visible(g)).count() {
            _ if !has_visible(&title) => Err(TitleError::Empty),
            ..MIN => Err(TitleError::TooShort),
            _ => Ok(Title(title)),
        }
    }

    /// Appends ` [pdf]` or ` [video]` for such a URL, unless present or too long.
    pub fn with_mark(self, url: &StoryUrl) -> Title {
        let Some(mark) = mark_of(url) else { return self };
        let lower = self.0.to_lowercase();
        let said = [format!("[{mark}]"), format!("({mark})")].iter().any(|m| lower.contains(m));
        let marked = format!("{} [{mark}]", self.0);
        if said || length(&marked) > MAX || marked.len() > MAX_BYTES { self } else { Title(marked) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Invisible characters that text pasted from a page may have between letters, where they make titles that
/// look the same differ. Zero-width joiners and variation selectors stay, as scripts and emoji need them.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{180E}' | '\u{200B}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}

/// Folds white space and keeps some characters, until [`MAX_BYTES`] are exceeded.
fn fold(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut folded = String::new();
    for word in text.split_whitespace() {
        let start = folded.len();
        folded.extend(word.chars().filter(|c| is_kept(*c)).take(MAX_BYTES + 1));
        if start > 0 && folded.len() > start {
            folded.insert(start, ' ');
        }
        if folded.len() > MAX_BYTES {
            break;
        }
    }
    folded
}

/// Turns any text into a valid title: folds white space, removes invisible characters, cuts at a word to 80
/// graphemes with `…`.
pub fn suggestion(text: &str) -> String {
    let folded = fold(text, |c| is_shown(c) && !is_dropped(c));
    if folded.len() <= MAX_BYTES && folded.graphemes(true).nth(MAX).is_none() {
        return folded;
    }
    let starts = folded.grapheme_indices(true).map(|(at, _)| at).take(MAX);
    let room = starts.take_while(|at| at + '…'.len_utf8() <= MAX_BYTES).last().unwrap_or(0);
    let head = folded.get(..room).unwrap_or_default();
    // The character at the cut may be the space after the last word.
    let words = if folded.get(room..).is_some_and(|rest| rest.starts_with(' ')) {
        Some(head)
    } else {
        head.rsplit_once(' ').map(|(h, _)| h)
    };
    format!("{}…", words.unwrap_or(head).trim_end_matches([' ', ',', ';', ':', '-', '–', '—']))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Section {
    Ask,
    Show,
}

impl Section {
    pub fn as_str(self) -> &'static str {
        match self {
            Section::Ask => "ask",
            Section::Show => "show",
        }
    }

    pub fn parse(text: &str) -> Option<Section> {
        [Section::Ask, Section::Show].into_iter().find(|section| section.as_str() == text)
    }
}

/// The section of a title such as `Ask:`, `Ask HN:` or `Show XY:` with the site's short name, in any case.
pub fn section(title: &str, short_name: &str) -> Option<Section> {
    let (head, _) = title.split_once(':')?;
    let mut words = head.split_whitespace();
    let section = Section::parse(&words.next()?.to_ascii_lowercase())?;
    let named: Vec<String> = words.map(str::to_lowercase).collect();
    let short: Vec<String> = short_name.split_whitespace().map(str::to_lowercase).collect();
    (named.is_empty() || named == ["hn"] || named == short).then_some(section)
}

fn length(text: &str) -> usize {
    text.graphemes(true).count()
}

fn mark_of(url: &StoryUrl) -> Option<&'static str> {
    let (host, path) = (url.bare_host(), url.url().path().to_ascii_lowercase());
    if !matches!(url.url().host(), Some(Host::Domain(_))) {
        return path.ends_with(".pdf").then_some("pdf");
    }
    let video = match host {
        "youtube.com" | "m.youtube.com" => {
            ["/watch", "/shorts/", "/live/", "/embed/"].iter().any(|p| path.starts_with(p))
        }
        "youtu.be" => path.len() > 1,
        "vimeo.com" => path.get(1..).is_some_and(|id| id.starts_with(|c: char| c.is_ascii_digit())),
        "twitch.tv" | "dailymotion.com" => path.contains("/video"),
        _ => [".mp4", ".webm", ".mov"].iter().any(|end| path.ends_with(end)),
    };
    let pdf = path.ends_with(".pdf") || (host == "arxiv.org" && path.starts_with("/pdf/"));
    if pdf { Some("pdf") } else { video.then_some("video") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_trimmed_and_its_blanks_are_folded() {
        for (input, kept) in [
            ("Show: a reader", "Show: a reader"),
            ("  two \t words\n\u{a0}here\u{2028}  ", "two words here"),
            ("abc", "abc"),
            ("soft\u{AD}ware \u{200B} with\u{FEFF}out", "software without"),
            ("می\u{200C}خواهم ❤\u{FE0F}", "می\u{200C}خواهم ❤\u{FE0F}"),
            ("日本語", "日本語"),
            ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦"),
            ("C++ is ~40", "C++ is ~40"),
            ("<b>not bold</b> & \"quoted\"", "<b>not bold</b> & \"quoted\""),
            ("שלום\u{200f}!", "שלום\u{200f}!"),
        ] {
            assert_eq!(Title::parse(input).unwrap().as_str(), kept, "{input:?}");
        }
    }

    #[test]
    fn a_title_that_cannot_be_taken_says_why() {
        let long = "a".repeat(81);
        let zalgo = format!("za{}lgo", "\u{301}".repeat(40));
        for (input, error) in [
            ("", TitleError::Empty),
            (" \n\t ", TitleError::Empty),
            ("\u{200b}\u{200d}\u{feff}\u{2060}", TitleError::Empty),
            ("\u{3164}\u{3164}\u{3164} \u{2800}", TitleError::Empty),
            ("ab", TitleError::TooShort),
            ("a\u{301}\u{302}b", TitleError::TooShort),
            ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", TitleError::TooShort),
            ("a\u{200b}\u{200b}\u{200b}b", TitleError::TooShort),
            (&long, TitleError::TooLong),
            ("safe \u{202e}gpj.exe", TitleError::Control),
            ("isolate \u{2067}here", TitleError::Control),
            ("bell\u{7} rings", TitleError::Control),
            ("null\0byte", TitleError::Control),
            ("escape \u{1b}[31m", TitleError::Control),
            (&zalgo, TitleError::Control),
        ] {
            assert_eq!(Title::parse(input), Err(error), "{input:?}");
        }
    }

    #[test]
    fn eighty_characters_fit_whatever_they_are_made_of() {
        for character in ["a", "é", "e\u{301}", "語", "👍🏽"] {
            assert!(Title::parse(&character.repeat(80)).is_ok(), "{character}");
            assert_eq!(Title::parse(&character.repeat(81)), Err(TitleError::TooLong), "{character}");
        }
    }

    #[test]
    fn a_title_of_a_megabyte_is_refused() {
        for huge in [
            "a".repeat(1 << 20),
            "a ".repeat(1 << 19),
            "é".repeat(1 << 19),
            format!("a{}", "\u{301}".repeat(1 << 19)),
        ] {
            assert_eq!(Title::parse(&huge), Err(TitleError::TooLong));
        }
    }

    #[test]
    fn the_mark_follows_the_address() {
        let long = "a".repeat(75);
        for (title, url, marked) in [
            ("A paper", "https://example.com/a.pdf", "A paper [pdf]"),
            ("A paper", "https://example.com/a.PDF?x=1", "A paper [pdf]"),
            ("A paper", "https://arxiv.org/pdf/1706.03762", "A paper [pdf]"),
            ("A paper", "http://192.0.2.1/a.pdf", "A paper [pdf]"),
            ("A paper [PDF]", "https://example.com/a.pdf", "A paper [PDF]"),
            ("A paper (pdf)", "https://example.com/a.pdf", "A paper (pdf)"),
            ("A paper", "https://example.com/?file=a.pdf", "A paper"),
            ("A talk", "https://www.youtube.com/watch?v=1", "A talk [video]"),
            ("A talk", "https://youtu.be/1", "A talk [video]"),
            ("A talk", "https://vimeo.com/1234", "A talk [video]"),
            ("A talk [video]", "https://youtu.be/1", "A talk [video]"),
            ("A channel", "https://www.youtube.com/@someone", "A channel"),
            ("A company", "https://vimeo.com/about", "A company"),
            ("A talk", "https://notyoutube.com/watch?v=1", "A talk"),
            (&long, "https://example.com/a.pdf", &long),
        ] {
            let url = StoryUrl::parse(url).unwrap();
            assert_eq!(Title::parse(title).unwrap().with_mark(&url).as_str(), marked, "{url}");
        }
    }

    #[test]
    fn a_title_names_its_section() {
        for (title, expected) in [
            ("Ask: why?", Some(Section::Ask)),
            ("ask HN: why?", Some(Section::Ask)),
            ("ASK Garden Club: why?", Some(Section::Ask)),
            ("Ask  garden club : why?", Some(Section::Ask)),
            ("Show: mine", Some(Section::Show)),
            ("Show hn: mine", Some(Section::Show)),
            ("show garden club: mine", Some(Section::Show)),
            ("Ask Bob: why?", None),
            ("Asking: why?", None),
            ("Ask why", None),
            ("To ask: why?", None),
            ("Tell HN: this", None),
            (": ask", None),
            ("", None),
        ] {
            assert_eq!(section(title, "Garden Club"), expected, "{title}");
        }
        assert_eq!(section("Ask: x", ""), Some(Section::Ask));
        for one in [Section::Ask, Section::Show] {
            assert_eq!(Section::parse(one.as_str()), Some(one));
        }
    }

    #[test]
    fn a_suggestion_is_cut_at_a_word() {
        let cut = suggestion(&"word ".repeat(40));
        assert_eq!(cut, format!("{}…", "word ".repeat(16).trim_end()));
        assert_eq!(suggestion(&"x".repeat(200)), format!("{}…", "x".repeat(79)));
        assert_eq!(suggestion(" A\n\u{202e}title \u{7} here "), "A title here");
        assert_eq!(suggestion(&"e".repeat(80)), "e".repeat(80));
        assert_eq!(suggestion(&format!("He said a{}", "\u{301}".repeat(3_000))), "He said…");
    }

    proptest! {
        #[test]
        fn what_is_taken_reads_back_as_itself(input in "[\\PC\\s\u{200b}-\u{2069}]{0,90}") {
            if let Ok(title) = Title::parse(&input) {
                prop_assert_eq!(Title::parse(title.as_str()), Ok(title));
            }
        }

        #[test]
        fn a_suggestion_is_never_too_long(input in "[\\PC\\s\u{0}-\u{ff}\u{200b}-\u{2069}]{0,300}") {
            let refused = Title::parse(&suggestion(&input)).err();
            prop_assert!(refused != Some(TitleError::TooLong), "{:?}", suggestion(&input));
        }
    }
}
