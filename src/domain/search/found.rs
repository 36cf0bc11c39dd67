//! What a search finds in a text, without an index: for marks, and for posts that no index has.

use std::ops::Range;

use crate::domain::items::item::Item;
use crate::domain::search::query::{ParsedSearch, SearchCondition, SearchPhrase};
use crate::domain::search::tokens::{TextWord, composed, tokens};
use crate::domain::text::plain;

/// Bytes of a text in which matches are sought for a passage of it.
const MAX_SEARCHED: usize = 16_000;
/// Characters of a passage, and of what it shows before the first match.
const PASSAGE: usize = 240;
const BEFORE: usize = 60;

/// A part of a text, and whether the search found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedText {
    pub text: String,
    pub is_found: bool,
}

impl SearchPhrase {
    fn found_in(&self, words: &[TextWord]) -> Vec<Range<usize>> {
        let Some((_, first)) = self.words.first() else { return Vec::new() };
        let is_last = |nth: usize| nth + 1 == self.words.len();
        let fits = |token: &TextWord, nth: usize, word: &str| {
            token.text == word || (self.is_prefix && is_last(nth) && token.text.starts_with(word))
        };
        let begins = words.iter().filter(|token| fits(token, 0, first));
        begins
            .filter_map(|begin| {
                let mut span = begin.span.clone();
                for (nth, (distance, word)) in self.words.iter().enumerate().skip(1) {
                    let place = begin.position + distance;
                    let from = words.partition_point(|token| token.position < place);
                    let mut there = words.get(from..).unwrap_or_default().iter();
                    let next = there.find(|token| token.position > place || fits(token, nth, word))?;
                    if next.position > place {
                        return None;
                    }
                    span.end = span.end.max(next.span.end);
                }
                Some(span)
            })
            .collect()
    }
}

impl ParsedSearch {
    /// Whether it finds a post. Names and threads must have been looked up before.
    pub fn finds(&self, item: &Item) -> bool {
        let title = tokens(&composed(item.title.as_deref().unwrap_or_default()));
        let text = tokens(&composed(&plain(&item.text)));
        let holds = |condition: &SearchCondition| match condition {
            SearchCondition::Words(phrase) => {
                !phrase.found_in(&title).is_empty() || !phrase.found_in(&text).is_empty()
            }
            SearchCondition::Author { id, .. } => id.is_some() && *id == item.author_id,
            SearchCondition::Site(site) => {
                item.site.as_deref().is_some_and(|of| of == site || of.split('/').next() == Some(site))
            }
            SearchCondition::Kind(kind) => kind.is_of(item),
            SearchCondition::In { root, .. } => *root == Some(item.root_id),
        };
        let of_kind = |like: &SearchCondition| {
            let same = std::mem::discriminant(like);
            let all =
                self.clauses.iter().filter(|clause| !clause.is_excluded).map(|clause| &clause.condition);
            all.filter(|condition| std::mem::discriminant(*condition) == same).any(holds)
        };
        let all_hold = self.clauses.iter().all(|clause| match (&clause.condition, clause.is_excluded) {
            (condition, true) => !holds(condition),
            (words @ SearchCondition::Words(_), false) => holds(words),
            (condition, false) => of_kind(condition),
        });
        all_hold
            && self.since.is_none_or(|since| item.time >= since)
            && self.before.is_none_or(|before| item.time < before)
            && self.finds_numbers(item)
    }

    /// Whether a post has the points and comments that are asked for; a comment has neither.
    pub fn finds_numbers(&self, item: &Item) -> bool {
        !self.counts()
            || (item.kind.is_root()
                && self.points_over.is_none_or(|over| item.score > over)
                && self.comments_over.is_none_or(|over| item.descendants > over))
    }

    fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        let words = tokens(text);
        let mut ranges: Vec<Range<usize>> =
            self.phrases().flat_map(|phrase| phrase.found_in(&words)).collect();
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut joined: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        joined
    }
}

pub fn marked(search: &ParsedSearch, text: &str) -> Vec<MarkedText> {
    let text = composed(text);
    parts(&text, 0..text.len(), &search.ranges(&text))
}

/// A passage of plain text around the first match, or its beginning if there is none.
pub fn passage(search: &ParsedSearch, text: &str) -> Vec<MarkedText> {
    let text = composed(text);
    let searched = text.get(..text.floor_char_boundary(MAX_SEARCHED)).unwrap_or_default();
    let ranges = search.ranges(searched);
    let first = ranges.first().map_or(0, |range| range.start);
    let head = text.get(..first).unwrap_or_default();
    let mut from = head.char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
    if from > 0 {
        // To the beginning of a word, if one begins before the match.
        let next = text.get(from..first).and_then(|head| head.find(' '));
        from += next.map_or(0, |at| at + 1);
    }
    let tail = text.get(from..).unwrap_or_default();
    let to = tail.char_indices().nth(PASSAGE).map_or(text.len(), |(at, _)| from + at);
    let mut parts = parts(&text, from..to, &ranges);
    let more = |text: &str| MarkedText { text: text.to_owned(), is_found: false };
    if from > 0 {
        parts.insert(0, more("… "));
    }
    if to < text.len() {
        parts.push(more("…"));
    }
    parts
}

fn parts(text: &str, shown: Range<usize>, found: &[Range<usize>]) -> Vec<MarkedText> {
    let mut parts = Vec::new();
    let mut add = |range: Range<usize>, is_found: bool| {
        let part = text.get(range).filter(|part| !part.is_empty());
        parts.extend(part.map(|text| MarkedText { text: text.to_owned(), is_found }));
    };
    let mut at = shown.start;
    for range in found.iter().filter(|range| range.end > shown.start && range.start < shown.end) {
        let (start, end) = (range.start.max(at), range.end.min(shown.end));
        add(at..start, false);
        add(start..end, true);
        at = end;
    }
    add(at..shown.end, false);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(parts: &[MarkedText]) -> String {
        let one =
            |part: &MarkedText| if part.is_found { format!("[{}]", part.text) } else { part.text.clone() };
        parts.iter().map(one).collect()
    }

    #[test]
    fn what_is_found_is_marked() {
        for (typed, text, expected) in [
            ("rust", "The Rust book, rusty", "The [Rust] book, rusty"),
            ("ru*", "The Rust book, rusty", "The [Rust] book, [rusty]"),
            ("\"rust book\"", "Rust, the Rust book", "Rust, the [Rust book]"),
            ("cafe", "At the café", "At the [café]"),
            ("node.js x", "Node.js x", "[Node.js] [x]"),
            ("node", "Node.js", "[Node].js"),
            ("\"node.js rocks\"", "node.js rocks", "[node.js rocks]"),
            ("検索", "全文検索エンジン", "全文[検索]エンジン"),
            ("検索エ", "全文検索エンジン", "全文[検索エ]ンジン"),
            ("索", "検索", "検[索]"),
            ("<b>", "a <b> c", "a <[b]> c"),
            ("-rust book", "rust book", "rust [book]"),
            ("ai", "brain", "brain"),
        ] {
            assert_eq!(shown(&marked(&ParsedSearch::parse(typed), text)), expected, "{typed}");
        }
    }

    #[test]
    fn a_passage_is_around_the_first_match() {
        let text = format!("{} needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let found = shown(&passage(&ParsedSearch::parse("needle"), &text));
        assert!(
            found.starts_with("… hay") && found.contains("[needle] straw") && found.ends_with('…'),
            "{found}"
        );
        assert!(found.chars().count() < PASSAGE + 10);
        assert_eq!(shown(&passage(&ParsedSearch::parse("x"), "short")), "short");
    }

    proptest! {
        #[test]
        fn marks_change_no_text(typed in "\\PC{0,12}", text in "\\PC{0,60}") {
            let parts = marked(&ParsedSearch::parse(&typed), &text);
            let joined: String = parts.iter().map(|part| part.text.as_str()).collect();
            prop_assert_eq!(joined, composed(&text).into_owned());
        }

        #[test]
        fn a_word_of_a_text_is_found_in_it(
            text in "([a-zé]{1,6}[ .+#-]{0,2}|[検索がガ한글]){1,12}",
            nth in 0_usize..12,
        ) {
            let words: Vec<_> = tokens(&composed(&text)).into_iter().filter(|token| token.is_asked).collect();
            let word = &words[nth % words.len()];
            let search = ParsedSearch::parse(&word.text);
            prop_assert!(marked(&search, &text).iter().any(|part| part.is_found), "{:?}", word);
        }
    }
}
