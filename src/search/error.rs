use std::io;

use tantivy::TantivyError;
use tantivy::directory::error::LockError;

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("another process uses the search index in {0}: give each its own search_dir")]
    InUse(String),
    #[error("{0} has files that are of no search index: choose another search_dir")]
    OtherFiles(String),
    #[error("the search index in {0} cannot be written")]
    Directory(String, #[source] io::Error),
    /// It must be built again.
    #[error("the search index cannot be read")]
    Index(#[source] TantivyError),
}

impl SearchError {
    pub(super) fn is_busy(error: &TantivyError) -> bool {
        matches!(error, TantivyError::LockFailure(LockError::LockBusy, _))
    }
}

impl From<TantivyError> for SearchError {
    fn from(error: TantivyError) -> SearchError {
        SearchError::Index(error)
    }
}
