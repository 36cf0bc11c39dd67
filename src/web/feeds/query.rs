//! What a feed's reader can ask for, with the parameters of hnrss (https://hnrss.github.io).

use serde::Deserialize;

use crate::domain::items::item::{Item, Kind};

/// Entries of a feed, if the reader does not say how many.
const COUNT: usize = 30;
const MAX_COUNT: usize = 100;
/// Phrases that are looked for, and the characters of a text in which they are.
const MAX_PHRASES: usize = 8;
const MAX_SEARCHED: usize = 2_000;

/// What cannot be read is as if it were not there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FeedQuery {
    /// At least so many points; of stories.
    points: Option<String>,
    /// At least so many comments; of stories.
    comments: Option<String>,
    /// Words of the title, or of a comment's text: a phrase, or several that ` OR ` separates.
    q: Option<String>,
    count: Option<String>,
    /// `comments`: stories lead to their thread rather than to the page that they are about.
    link: Option<String>,
    /// `0`: titles alone.
    description: Option<String>,
}

fn number<T: std::str::FromStr>(typed: Option<&String>) -> Option<T> {
    typed?.trim().parse().ok()
}

impl FeedQuery {
    pub fn count(&self) -> usize {
        number(self.count.as_ref()).unwrap_or(COUNT).clamp(1, MAX_COUNT)
    }

    pub fn leads_to_thread(&self) -> bool {
        self.link.as_deref() == Some("comments")
    }

    pub fn has_texts(&self) -> bool {
        self.description.as_deref() != Some("0")
    }

    /// The text that is looked for; empty if there is none.
    pub fn words(&self) -> &str {
        self.q.as_deref().unwrap_or_default().trim()
    }

    /// Whether it leaves out anything, so that more must be read than is shown.
    pub fn narrows(&self) -> bool {
        number::<i64>(self.points.as_ref()).is_some()
            || number::<i64>(self.comments.as_ref()).is_some()
            || !self.words().is_empty()
    }

    pub fn filter(&self) -> FeedFilter {
        let phrases = self.words().split(" OR ").take(MAX_PHRASES);
        let phrases = phrases.map(|phrase| phrase.trim().trim_matches('"').to_lowercase());
        FeedFilter {
            points: number(self.points.as_ref()),
            comments: number(self.comments.as_ref()),
            any: self.words().is_empty(),
            phrases: phrases.filter(|phrase| !phrase.is_empty()).collect(),
        }
    }

    /// The query of the feed's own address, in the order of the route table.
    pub fn to_address(&self) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let typed = [
            ("points", &self.points),
            ("comments", &self.comments),
            ("q", &self.q),
            ("count", &self.count),
            ("link", &self.link),
            ("description", &self.description),
        ];
        pairs.extend_pairs(typed.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))));
        let pairs = pairs.finish();
        if pairs.is_empty() { pairs } else { format!("?{pairs}") }
    }
}

pub struct FeedFilter {
    points: Option<i64>,
    comments: Option<i64>,
    /// Whether no text is looked for.
    any: bool,
    phrases: Vec<String>,
}

impl FeedFilter {
    pub fn takes(&self, item: &Item) -> bool {
        let has_points = self.points.is_none_or(|least| item.score >= least);
        let has_comments = self.comments.is_none_or(|least| item.descendants >= least);
        // The points of comments may be for their authors alone.
        (item.kind == Kind::Comment || (has_points && has_comments))
            && self.finds(item.title.as_deref().unwrap_or(&item.text))
    }

    fn finds(&self, text: &str) -> bool {
        if self.any {
            return true;
        }
        let end = text.char_indices().nth(MAX_SEARCHED).map_or(text.len(), |(at, _)| at);
        let text = text.get(..end).unwrap_or(text).to_lowercase();
        self.phrases.iter().any(|phrase| text.contains(phrase))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(q: &str) -> FeedQuery {
        FeedQuery { q: Some(q.to_owned()), ..FeedQuery::default() }
    }

    #[test]
    fn a_phrase_or_one_of_several_is_found_in_any_case() {
        for (q, text, found) in [
            ("", "Anything", true),
            ("rust", "Rust 1.95", true),
            ("rust lang", "Rust", false),
            ("\"rust lang\"", "The Rust lang", true),
            ("go OR rust", "Rust", true),
            ("go OR ", "Rust", false),
            ("ÉTÉ", "L’été", true),
        ] {
            assert_eq!(asked(q).filter().finds(text), found, "{q:?} in {text:?}");
        }
    }

    #[test]
    fn of_a_long_query_and_a_long_text_only_the_beginning_counts() {
        let phrases = (0..9).map(|nth| format!("phrase{nth}")).collect::<Vec<_>>().join(" OR ");
        assert!(asked(&phrases).filter().finds("phrase7") && !asked(&phrases).filter().finds("phrase8"));
        let text = |before: usize| format!("{}needle", "ä".repeat(before));
        let filter = asked("needle").filter();
        assert!(filter.finds(&text(MAX_SEARCHED - 6)) && !filter.finds(&text(MAX_SEARCHED)));
    }

    #[test]
    fn numbers_that_cannot_be_read_are_ignored() {
        let count = |typed: &str| FeedQuery { count: Some(typed.to_owned()), ..FeedQuery::default() }.count();
        for (typed, meant) in [("5", 5), ("0", 1), ("1000", 100), ("many", 30), ("-1", 30), ("", 30)] {
            assert_eq!(count(typed), meant, "{typed:?}");
        }
        assert!(!FeedQuery { points: Some("many".to_owned()), ..FeedQuery::default() }.narrows());
        assert!(asked("rust").narrows() && !asked("  ").narrows());
    }

    #[test]
    fn an_address_has_what_was_asked() {
        assert_eq!(FeedQuery::default().to_address(), "");
        assert_eq!(asked("c++ & co").to_address(), "?q=c%2B%2B+%26+co");
    }
}
