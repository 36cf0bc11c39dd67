//! The full-text index of what everybody may see: one directory for each process, derived from the store and
//! read on from its table of changes. Nothing of it is worth a backup.

mod criteria;
mod error;
mod finding;
mod schema;
mod state;
mod writer;

pub use criteria::SearchCriteria;
pub use error::SearchError;
pub use finding::{Hit, MAX_COUNTED, SearchReader};
pub use state::{IndexState, SearchIndex};
pub use writer::{IndexProgress, SearchWriter};
