//! What is stored of an item, and in what form.

use tantivy::index::{IndexSettings, IndexSortByField, Order};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{self, TokenStream, Tokenizer, TokenizerManager};
use tantivy::{TantivyDocument, Term};

use crate::domain::items::item::Item;
use crate::domain::search::{PostKind, TextWord, composed, tokens};
use crate::domain::text;

/// Changes with the schema and with what counts as a word; an index of another version is built again.
pub const VERSION: u32 = 1;

/// The newest first, so that the newest matches are read without the others.
const TIME: &str = "time";
const ID: &str = "id";
const WORDS: &str = "words";
pub const ROOT: &str = "root";

#[derive(Debug, Clone)]
pub struct IndexFields {
    pub id: Field,
    pub title: Field,
    pub text: Field,
    pub author: Field,
    pub site: Field,
    pub kind: Field,
    pub root: Field,
    pub time: Field,
    /// When it becomes visible, of posts that were not when they were indexed.
    pub visible_at: Field,
}

/// An item's `time` and `id` are read with every match.
pub fn time_column(reader: &tantivy::SegmentReader) -> tantivy::Result<tantivy::columnar::Column<i64>> {
    reader.fast_fields().i64(TIME)
}

pub fn id_column(reader: &tantivy::SegmentReader) -> tantivy::Result<tantivy::columnar::Column<i64>> {
    reader.fast_fields().i64(ID)
}

pub fn settings() -> IndexSettings {
    IndexSettings {
        sort_by_field: Some(IndexSortByField { field: TIME.to_owned(), order: Order::Desc }),
        ..IndexSettings::default()
    }
}

impl IndexFields {
    pub fn new() -> (Schema, IndexFields) {
        let mut schema = SchemaBuilder::new();
        let words = TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(words);
        let fields = IndexFields {
            id: schema.add_i64_field(ID, INDEXED | FAST),
            title: schema.add_text_field("title", words.clone()),
            text: schema.add_text_field("text", words),
            author: schema.add_i64_field("author", INDEXED),
            site: schema.add_text_field("site", STRING),
            kind: schema.add_text_field("kind", STRING),
            root: schema.add_i64_field("root", INDEXED),
            time: schema.add_i64_field(TIME, FAST),
            visible_at: schema.add_i64_field("visible_at", INDEXED),
        };
        (schema.build(), fields)
    }

    pub fn id_term(&self, id: i64) -> Term {
        Term::from_field_i64(self.id, id)
    }

    pub fn document(&self, item: &Item) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_i64(self.id, item.id.0);
        document.add_i64(self.time, item.time.0);
        document.add_i64(self.root, item.root_id.0);
        if let Some(author) = item.author_id {
            document.add_i64(self.author, author.0);
        }
        if item.visible_at > item.time {
            document.add_i64(self.visible_at, item.visible_at.0);
        }
        if let Some(site) = &item.site {
            document.add_text(self.site, site);
            if let Some((host, _)) = site.split_once('/') {
                document.add_text(self.site, host);
            }
        }
        for kind in PostKind::all_of(item) {
            document.add_text(self.kind, kind.as_str());
        }
        if item.kind.is_root() {
            document.add_text(self.kind, ROOT);
        }
        if let Some(title) = &item.title {
            document.add_text(self.title, composed(title));
        }
        if !item.text.is_empty() {
            document.add_text(self.text, composed(&text::plain(&item.text)));
        }
        document
    }
}

pub fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(WORDS, Words);
    tokenizers
}

#[derive(Clone)]
struct Words;

struct WordStream {
    words: std::vec::IntoIter<TextWord>,
    word: tokenizer::Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream;

    fn token_stream(&mut self, text: &str) -> WordStream {
        WordStream { words: tokens(text).into_iter(), word: tokenizer::Token::default() }
    }
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let next = self.words.next();
        let is_there = next.is_some();
        if let Some(next) = next {
            self.word.offset_from = next.span.start;
            self.word.offset_to = next.span.end;
            self.word.position = next.position;
            self.word.text = next.text;
        }
        is_there
    }

    fn token(&self) -> &tokenizer::Token {
        &self.word
    }

    fn token_mut(&mut self) -> &mut tokenizer::Token {
        &mut self.word
    }
}
