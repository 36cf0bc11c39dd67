//! A search as a query of the index.

use std::ops::Bound;

use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, EmptyQuery, Occur, PhrasePrefixQuery, PhraseQuery, Query, RangeQuery,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::clock::Timestamp;
use crate::domain::accounts::mutes::{Mute, Mutes};
use crate::domain::search::{ParsedSearch, PostKind, SearchClause, SearchCondition, SearchPhrase, tokens};
use crate::search::schema::{IndexFields, ROOT};

/// How much more a word in a title weighs than one in a text.
const TITLE: f32 = 3.0;
/// Words that begin with a prefix and are looked for, the most frequent ones.
const MAX_COMPLETIONS: usize = 50;
/// Words of a part of the index that are considered for them.
const MAX_CONSIDERED: usize = 5_000;

/// What is looked for, and what its viewer does not want to see.
#[derive(Debug, Clone, Copy)]
pub struct SearchCriteria<'a> {
    pub search: &'a ParsedSearch,
    pub mutes: &'a Mutes,
    pub now: Timestamp,
}

type Clauses = Vec<(Occur, Box<dyn Query>)>;

impl SearchCriteria<'_> {
    /// Whether the index finds the best matches without reading all.
    pub(super) fn is_of_one_word(&self) -> bool {
        let is_word = |clause: &SearchClause| match &clause.condition {
            SearchCondition::Words(phrase) => phrase.words.len() == 1 && !clause.is_excluded,
            _ => false,
        };
        let search = self.search;
        let has_range = search.since.or(search.before).is_some() || search.counts();
        search.clauses.len() == 1
            && search.clauses.iter().all(is_word)
            && !has_range
            && self.mutes.iter().next().is_none()
    }

    /// The query without its range of time, unless `with_time`.
    pub(super) fn query(
        &self,
        fields: &IndexFields,
        searcher: &Searcher,
        with_time: bool,
    ) -> tantivy::Result<Box<dyn Query>> {
        let mut clauses: Clauses = Vec::new();
        for clause in &self.search.clauses {
            let occur = if clause.is_excluded { Occur::MustNot } else { Occur::Must };
            match &clause.condition {
                SearchCondition::Words(phrase) => clauses.push((occur, words(fields, searcher, phrase)?)),
                other if clause.is_excluded => clauses.push((occur, one(fields, other))),
                _ => {}
            }
        }
        clauses.extend(self.alternatives(fields));
        if self.search.counts() {
            clauses.push((Occur::Must, kind(fields, ROOT)));
        }
        if with_time {
            clauses.extend(self.time(fields));
        }
        if !clauses.iter().any(|(occur, _)| *occur == Occur::Must) {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        self.without_muted(fields, searcher, &mut clauses)?;
        clauses.extend(self.not_yet_visible(fields, searcher)?);
        Ok(match clauses.pop() {
            // By itself it is found without reading all of its matches.
            Some((Occur::Must, only)) if clauses.is_empty() => only,
            last => {
                clauses.extend(last);
                Box::new(BooleanQuery::new(clauses))
            }
        })
    }

    /// Several people, sites, types or threads are each enough.
    fn alternatives(&self, fields: &IndexFields) -> Clauses {
        let mut groups: Vec<(&SearchCondition, Vec<Box<dyn Query>>)> = Vec::new();
        let wanted = self.search.clauses.iter().filter(|clause| !clause.is_excluded);
        for condition in wanted.map(|clause| &clause.condition) {
            if matches!(condition, SearchCondition::Words(_)) {
                continue;
            }
            let same = |(like, _): &&mut (&SearchCondition, Vec<_>)| {
                std::mem::discriminant(*like) == std::mem::discriminant(condition)
            };
            match groups.iter_mut().find(same) {
                Some((_, queries)) => queries.push(one(fields, condition)),
                None => groups.push((condition, vec![one(fields, condition)])),
            }
        }
        let any = |queries| Box::new(BooleanQuery::union(queries)) as Box<dyn Query>;
        groups.into_iter().map(|(_, queries)| (Occur::Must, any(queries))).collect()
    }

    fn time(&self, fields: &IndexFields) -> Clauses {
        if self.search.since.is_none() && self.search.before.is_none() {
            return Vec::new();
        }
        let term = |time: Timestamp| Term::from_field_i64(fields.time, time.0);
        let since = self.search.since.map_or(Bound::Unbounded, |since| Bound::Included(term(since)));
        let before = self.search.before.map_or(Bound::Unbounded, |before| Bound::Excluded(term(before)));
        vec![(Occur::Must, Box::new(RangeQuery::new(since, before)))]
    }

    /// What the posts themselves say of it; a comment in a muted person's thread is left out when it is read.
    fn without_muted(
        &self,
        fields: &IndexFields,
        searcher: &Searcher,
        clauses: &mut Clauses,
    ) -> tantivy::Result<()> {
        let mut muted: Vec<Box<dyn Query>> = Vec::new();
        for mute in self.mutes.iter() {
            muted.push(match mute {
                Mute::Person(id) => term(Term::from_field_i64(fields.author, id.0)),
                Mute::Site(site) => term(Term::from_field_text(fields.site, site)),
                Mute::Thread(root) => term(Term::from_field_i64(fields.root, root.0)),
                // Others are told apart when they are read: the index knows no accents.
                Mute::Word(word) if !word.is_ascii() => continue,
                Mute::Word(word) => {
                    let Some(phrase) = SearchPhrase::of(word) else { continue };
                    let in_text = in_field(fields.text, searcher, &phrase)?;
                    let comment = kind(fields, PostKind::Comment.as_str());
                    let in_comment = BooleanQuery::intersection(vec![comment, in_text]);
                    let in_title = in_field(fields.title, searcher, &phrase)?;
                    Box::new(BooleanQuery::union(vec![in_title, Box::new(in_comment)]))
                }
            });
        }
        if muted.is_empty() {
            return Ok(());
        }
        let mut others: Clauses = vec![(Occur::Must, Box::new(BooleanQuery::union(muted)))];
        // Own posts are always shown.
        let own = self.mutes.owner().map(|owner| term(Term::from_field_i64(fields.author, owner.0)));
        others.extend(own.map(|own| (Occur::MustNot, own)));
        clauses.push((Occur::MustNot, Box::new(BooleanQuery::new(others))));
        Ok(())
    }

    fn not_yet_visible(&self, fields: &IndexFields, searcher: &Searcher) -> tantivy::Result<Clauses> {
        let mut is_any = false;
        for segment in searcher.segment_readers() {
            is_any |= segment.inverted_index(fields.visible_at)?.terms().num_terms() > 0;
        }
        if !is_any {
            return Ok(Vec::new());
        }
        let now = Term::from_field_i64(fields.visible_at, self.now.0);
        Ok(vec![(Occur::MustNot, Box::new(RangeQuery::new(Bound::Excluded(now), Bound::Unbounded)))])
    }
}

fn term(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn kind(fields: &IndexFields, kind: &str) -> Box<dyn Query> {
    term(Term::from_field_text(fields.kind, kind))
}

fn one(fields: &IndexFields, condition: &SearchCondition) -> Box<dyn Query> {
    match condition {
        SearchCondition::Author { id: Some(id), .. } => term(Term::from_field_i64(fields.author, id.0)),
        SearchCondition::Site(site) => term(Term::from_field_text(fields.site, site)),
        SearchCondition::Kind(of) => kind(fields, of.as_str()),
        SearchCondition::In { root: Some(root), .. } => term(Term::from_field_i64(fields.root, root.0)),
        SearchCondition::Author { id: None, .. }
        | SearchCondition::In { root: None, .. }
        | SearchCondition::Words(_) => Box::new(EmptyQuery),
    }
}

/// Words in the title or in the text.
fn words(
    fields: &IndexFields,
    searcher: &Searcher,
    phrase: &SearchPhrase,
) -> tantivy::Result<Box<dyn Query>> {
    let title = BoostQuery::new(in_field(fields.title, searcher, phrase)?, TITLE);
    let text = in_field(fields.text, searcher, phrase)?;
    Ok(Box::new(BooleanQuery::union(vec![Box::new(title), text])))
}

fn in_field(field: Field, searcher: &Searcher, phrase: &SearchPhrase) -> tantivy::Result<Box<dyn Query>> {
    let term = |word: &str| Term::from_field_text(field, word);
    let scored =
        |word: &str| -> Box<dyn Query> { Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)) };
    Ok(match &phrase.words[..] {
        [] => Box::new(EmptyQuery),
        [(_, word)] if phrase.is_prefix => {
            let words = completions(field, searcher, word)?;
            Box::new(BooleanQuery::union(words.iter().map(|word| scored(word)).collect()))
        }
        [(_, word)] => scored(word),
        words if phrase.is_prefix => {
            let terms = words.iter().map(|(distance, word)| (*distance, term(word))).collect();
            let mut query = PhrasePrefixQuery::new_with_offset(terms);
            query.set_max_expansions(u32::try_from(MAX_COMPLETIONS).unwrap_or(u32::MAX));
            Box::new(query)
        }
        words => {
            let terms = words.iter().map(|(distance, word)| (*distance, term(word))).collect();
            Box::new(PhraseQuery::new_with_offset(terms))
        }
    })
}

/// The most frequent words that begin with `prefix`.
fn completions(field: Field, searcher: &Searcher, prefix: &str) -> tantivy::Result<Vec<String>> {
    let mut found = std::collections::HashMap::<String, u64>::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(field)?;
        let mut words = index.terms().range().ge(prefix).into_stream()?;
        let mut read = 0;
        while words.advance() && read < MAX_CONSIDERED && words.key().starts_with(prefix.as_bytes()) {
            read += 1;
            if let Ok(word) = std::str::from_utf8(words.key()) {
                *found.entry(word.to_owned()).or_default() += u64::from(words.value().doc_freq);
            }
        }
    }
    let mut words: Vec<(u64, String)> = found.into_iter().map(|(word, n)| (n, word)).collect();
    words.sort_unstable_by(|a, b| b.cmp(a));
    words.truncate(MAX_COMPLETIONS);
    Ok(words.into_iter().map(|(_, word)| word).collect())
}

impl SearchPhrase {
    fn of(text: &str) -> Option<SearchPhrase> {
        let mut found = tokens(text);
        found.retain(|token| token.is_asked);
        let first = found.first()?.position;
        let words = found.into_iter().map(|token| (token.position.saturating_sub(first), token.text));
        Some(SearchPhrase { words: words.collect(), is_prefix: false })
    }
}
