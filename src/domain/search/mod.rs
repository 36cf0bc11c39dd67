//! Full-text search: what counts as a word, the language of queries, and what a query finds in a text. The
//! index (`crate::search`) stores and looks up what this module names.

mod dates;
mod found;
mod parts;
mod query;
mod tokens;

pub use found::{MarkedText, marked, passage};
pub use query::{ParsedSearch, PostKind, SearchClause, SearchCondition, SearchPhrase};
pub use tokens::{TextWord, composed, tokens};
