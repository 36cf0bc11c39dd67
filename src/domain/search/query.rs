//! The language of searches. Any text is one: what an operator cannot read is told in a note, and what is no
//! operator is words.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::items::title::Section;
use crate::domain::search::dates;
use crate::domain::search::parts::{Part, next_part};
use crate::domain::search::tokens::{composed, tokens};
use crate::domain::text::{shortened, without_hidden};
use crate::domain::url;

pub const MAX_WORDS: usize = 32;
const MAX_CLAUSES: usize = 32;
/// Characters of a search that are read.
const MAX_CHARS: usize = 4_000;
/// Characters of what could not be read, as a note repeats them.
const MAX_REPEATED: usize = 40;
/// Operators of other forums and search engines.
const ELSEWHERE: [&str; 11] =
    ["from", "user", "to", "thread", "story", "domain", "host", "url", "tag", "since", "until"];
/// Letters and digits of a prefix, of scripts with spaces.
const SHORTEST_PREFIX: usize = 2;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedSearch {
    pub clauses: Vec<SearchClause>,
    pub since: Option<Timestamp>,
    pub before: Option<Timestamp>,
    /// Stories with more points.
    pub points_over: Option<i64>,
    /// Stories with more comments.
    pub comments_over: Option<i64>,
    /// What was not read, in sentences.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchClause {
    pub condition: SearchCondition,
    pub is_excluded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchCondition {
    Words(SearchPhrase),
    /// By whom it is; the id is found by the name in the store, and nobody has none.
    Author {
        name: String,
        id: Option<UserId>,
    },
    /// `github.com`, or `github.com/rust-lang` alone.
    Site(String),
    Kind(PostKind),
    /// In the thread of an item; its root is found in the store.
    In {
        item: ItemId,
        root: Option<ItemId>,
    },
}

/// Words that follow one another, each with its distance from the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPhrase {
    pub words: Vec<(usize, String)>,
    /// Whether the last word is the beginning of one.
    pub is_prefix: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostKind {
    Story,
    Comment,
    Job,
    Poll,
    Ask,
    Show,
}

impl PostKind {
    const ALL: [PostKind; 6] =
        [PostKind::Story, PostKind::Comment, PostKind::Job, PostKind::Poll, PostKind::Ask, PostKind::Show];

    pub fn as_str(self) -> &'static str {
        match self {
            PostKind::Story => "story",
            PostKind::Comment => "comment",
            PostKind::Job => "job",
            PostKind::Poll => "poll",
            PostKind::Ask => "ask",
            PostKind::Show => "show",
        }
    }

    fn parse(typed: &str) -> Option<PostKind> {
        PostKind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(typed))
    }

    pub fn is_of(self, item: &Item) -> bool {
        match self {
            PostKind::Story => item.kind == Kind::Story,
            PostKind::Comment => item.kind == Kind::Comment,
            PostKind::Job => item.kind == Kind::Job,
            PostKind::Poll => item.kind == Kind::Poll,
            PostKind::Ask => item.section == Some(Section::Ask),
            PostKind::Show => item.section == Some(Section::Show),
        }
    }

    pub fn all_of(item: &Item) -> impl Iterator<Item = PostKind> {
        PostKind::ALL.into_iter().filter(|kind| kind.is_of(item))
    }
}

impl ParsedSearch {
    pub fn parse(typed: &str) -> ParsedSearch {
        let mut search = ParsedSearch::default();
        let end = typed.char_indices().nth(MAX_CHARS).map_or(typed.len(), |(at, _)| at);
        let typed = composed(typed.get(..end).unwrap_or_default());
        let (mut rest, mut words) = (typed.trim_start(), 0_usize);
        while let Some((part, is_excluded, after)) = next_part(rest) {
            rest = after.trim_start();
            if search.clauses.len() >= MAX_CLAUSES || words >= MAX_WORDS {
                search.notes.push(format!("Only the first {MAX_WORDS} words of the search were used."));
                break;
            }
            let condition = match part {
                Part::Quoted(text) => search.words(text, false, MAX_WORDS - words),
                Part::Bare(text) => search.bare(text, MAX_WORDS - words),
            };
            if let Some(condition) = condition {
                if let SearchCondition::Words(phrase) = &condition {
                    words += phrase.words.len();
                }
                search.clauses.push(SearchClause { condition, is_excluded });
            }
        }
        search
    }

    /// Whether it looks for nothing.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
            && self.since.is_none()
            && self.before.is_none()
            && self.points_over.is_none()
            && self.comments_over.is_none()
    }

    /// The phrases that are looked for.
    pub fn phrases(&self) -> impl Iterator<Item = &SearchPhrase> {
        self.clauses.iter().filter(|clause| !clause.is_excluded).filter_map(|clause| {
            match &clause.condition {
                SearchCondition::Words(phrase) => Some(phrase),
                _ => None,
            }
        })
    }

    /// Whether only stories can be found, as the points of comments may be for their authors alone.
    pub fn counts(&self) -> bool {
        self.points_over.is_some() || self.comments_over.is_some()
    }

    fn bare(&mut self, text: &str, most: usize) -> Option<SearchCondition> {
        let key_end = text.find([':', '>']).unwrap_or(text.len());
        let (key, value) = text.split_at(key_end);
        let value = value.trim_start_matches(':').trim_matches('"');
        if !value.is_empty() {
            let read = match key.to_ascii_lowercase().as_str() {
                "author" | "by" => self.author(value),
                "site" => self.site(text, value),
                "type" => self.kind(text, value),
                "in" => self.item(text, value),
                "before" | "after" => return self.date(text, key, value),
                other if ELSEWHERE.contains(&other) => {
                    self.note(format!(
                        "“{}” was looked for as words: no operator has that name.",
                        repeated(text)
                    ));
                    Some(None)
                }
                "points" | "comments" if value.starts_with('>') => return self.number(text, key, value),
                _ => Some(None),
            };
            match read {
                Some(Some(condition)) => return Some(condition),
                None => return None,
                Some(None) => {}
            }
        }
        match text.strip_suffix('*') {
            Some(prefix) => self.prefix(text, prefix, most),
            None => self.words(text, false, most),
        }
    }

    fn author(&self, value: &str) -> Option<Option<SearchCondition>> {
        let name = without_hidden(value.trim_start_matches('@'));
        Some((!name.is_empty()).then_some(SearchCondition::Author { name, id: None }))
    }

    fn site(&mut self, text: &str, value: &str) -> Option<Option<SearchCondition>> {
        match url::from_param(&value.to_lowercase()) {
            Some(site) => Some(Some(SearchCondition::Site(site))),
            None => self.not_read(text, "a site is written as next to stories, such as site:example.com"),
        }
    }

    fn kind(&mut self, text: &str, value: &str) -> Option<Option<SearchCondition>> {
        match PostKind::parse(value) {
            Some(kind) => Some(Some(SearchCondition::Kind(kind))),
            None => self.not_read(text, "a type is story, comment, ask, show, job or poll"),
        }
    }

    fn item(&mut self, text: &str, value: &str) -> Option<Option<SearchCondition>> {
        match value.parse() {
            Ok(item) => Some(Some(SearchCondition::In { item, root: None })),
            Err(_) => self.not_read(text, "an item is named by its number, such as in:123"),
        }
    }

    fn date<T>(&mut self, text: &str, key: &str, value: &str) -> Option<T> {
        let Some(moment) = dates::beginning(value) else {
            self.not_read(text, "a date is written 2026, 2026-11 or 2026-11-23")?;
            return None;
        };
        if key.eq_ignore_ascii_case("before") {
            self.before = Some(self.before.map_or(moment, |before| before.min(moment)));
        } else {
            self.since = Some(self.since.map_or(moment, |since| since.max(moment)));
        }
        None
    }

    fn number<T>(&mut self, text: &str, key: &str, value: &str) -> Option<T> {
        let number = value.trim_start_matches('>');
        let (number, less) = number.strip_prefix('=').map_or((number, 0), |number| (number, 1));
        let Ok(over) = number.parse::<i64>().map(|number| number.saturating_sub(less)) else {
            self.not_read(text, "a number is written as in points>10 or comments>10")?;
            return None;
        };
        let is_points = key.eq_ignore_ascii_case("points");
        let place = if is_points { &mut self.points_over } else { &mut self.comments_over };
        *place = Some(place.map_or(over, |other| other.max(over)));
        None
    }

    fn not_read(&mut self, text: &str, why: &str) -> Option<Option<SearchCondition>> {
        self.note(format!("“{}” was left out: {why}.", repeated(text)));
        None
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < 4 && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn prefix(&mut self, text: &str, prefix: &str, most: usize) -> Option<SearchCondition> {
        let letters = prefix.chars().filter(|c| c.is_alphanumeric()).count();
        if letters > 0 && letters < SHORTEST_PREFIX && prefix.is_ascii() {
            let why = format!("the beginning of a word needs {SHORTEST_PREFIX} letters");
            self.not_read(text, &why)?;
            return None;
        }
        self.words(prefix, true, most)
    }

    fn words(&mut self, text: &str, is_prefix: bool, most: usize) -> Option<SearchCondition> {
        let mut found = tokens(text);
        found.retain(|token| token.is_asked);
        found.truncate(most);
        let Some(first) = found.first().map(|token| token.position) else {
            if !text.trim().is_empty() {
                self.note(format!("“{}” has no letters or digits to search for.", repeated(text)));
            }
            return None;
        };
        let words = found.into_iter().map(|token| (token.position - first, token.text)).collect();
        Some(SearchCondition::Words(SearchPhrase { words, is_prefix }))
    }
}

fn repeated(text: &str) -> String {
    shortened(without_hidden(text), MAX_REPEATED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What was understood, in one line.
    fn read(typed: &str) -> String {
        let search = ParsedSearch::parse(typed);
        let mut said: Vec<String> = search.clauses.iter().map(one).collect();
        said.extend(search.since.map(|time| format!("since {}", time.0)));
        said.extend(search.before.map(|time| format!("before {}", time.0)));
        said.extend(search.points_over.map(|over| format!("points>{over}")));
        said.extend(search.comments_over.map(|over| format!("comments>{over}")));
        said.extend((!search.notes.is_empty()).then(|| format!("{} noted", search.notes.len())));
        said.join(", ")
    }

    fn one(clause: &SearchClause) -> String {
        let said = match &clause.condition {
            SearchCondition::Words(phrase) => {
                let words: Vec<&str> = phrase.words.iter().map(|(_, word)| word.as_str()).collect();
                format!("{}{}", words.join("_"), if phrase.is_prefix { "*" } else { "" })
            }
            SearchCondition::Author { name, .. } => format!("author {name}"),
            SearchCondition::Site(site) => format!("site {site}"),
            SearchCondition::Kind(kind) => format!("type {}", kind.as_str()),
            SearchCondition::In { item, .. } => format!("in {item}"),
        };
        if clause.is_excluded { format!("not {said}") } else { said }
    }

    #[test]
    fn words_phrases_and_operators_are_read() {
        for (typed, meant) in [
            ("rust  async", "rust, async"),
            ("\"hello world\" foo", "hello_world, foo"),
            ("-java -\"java script\"", "not java, not java_script"),
            ("ai* c++ node.js", "ai*, c++, node.js"),
            ("self-hosted 検索エ", "self_hosted, 検索_索エ"),
            ("author:Alice by:@bob AUTHOR:\"carol\"", "author Alice, author bob, author carol"),
            (
                "site:Example.com -site:github.com/rust-lang",
                "site example.com, not site github.com/rust-lang",
            ),
            ("type:comment type:ASK in:12", "type comment, type ask, in 12"),
            ("after:2024 before:2024-02", "since 1704067200, before 1706745600"),
            ("points>10 comments>=5 points>20", "points>20, comments>4"),
        ] {
            assert_eq!(read(typed), meant, "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_words_or_noted() {
        for (typed, meant) in [
            ("", ""),
            (" - ", "1 noted"),
            ("\"unbalanced phrase", "unbalanced_phrase"),
            ("a\"b", "a, b"),
            ("author:", "author"),
            ("author:\"\"", "author"),
            ("before:nonsense x", "x, 1 noted"),
            ("type:news site:? in:abc points>many", "4 noted"),
            ("http://example.com/a foo:bar 5>3", "http_example.com_a, foo_bar, 5_3"),
            ("points:10 a*", "points_10, 1 noted"),
            ("from:alice Thread:12 re: until", "from_alice, thread_12, re, until, 2 noted"),
            ("🎉 \0 *", "2 noted"),
            ("--x", "not x"),
            ("points>99999999999999999999", "1 noted"),
        ] {
            assert_eq!(read(typed), meant, "{typed}");
        }
        let search = ParsedSearch::parse("before:nonsense");
        assert_eq!(
            search.notes,
            ["“before:nonsense” was left out: a date is written 2026, 2026-11 or 2026-11-23."]
        );
        assert!(search.is_empty());
    }

    #[test]
    fn of_a_huge_search_the_beginning_is_used() {
        let search = ParsedSearch::parse(&"word ".repeat(2_000));
        assert_eq!((search.clauses.len(), search.notes.len()), (MAX_WORDS, 1));
        let long = ParsedSearch::parse(&format!("\"{}\"", "漢".repeat(10_000)));
        assert_eq!(long.phrases().map(|phrase| phrase.words.len()).sum::<usize>(), MAX_WORDS);
    }

    proptest! {
        #[test]
        fn any_text_is_a_search(
            typed in "([a-z]{1,9}[:>*]?|[\"\\-:>* ]|\\PC|author:|in:|points>|before:){0,40}",
        ) {
            let search = ParsedSearch::parse(&typed);
            prop_assert!(search.clauses.len() <= MAX_CLAUSES);
            prop_assert!(search.phrases().all(|phrase| !phrase.words.is_empty()));
        }
    }
}
