//! The index of this process, as requests and the job that writes it share it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use crate::search::error::SearchError;
use crate::search::finding::SearchReader;
use crate::search::writer::SearchWriter;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    Absent,
    Building,
    Ready,
}

pub struct SearchIndex {
    directory: PathBuf,
    reader: RwLock<Option<SearchReader>>,
    writer: Mutex<Option<SearchWriter>>,
    is_building: AtomicBool,
    /// How often there was another reader, or another state.
    changes: AtomicU64,
    /// Whether a search failed, so that the index must be opened and examined again.
    has_failed: AtomicBool,
    /// The last change that was read.
    read_to: AtomicI64,
}

impl SearchIndex {
    pub fn new(directory: PathBuf) -> SearchIndex {
        SearchIndex {
            directory,
            reader: RwLock::default(),
            writer: Mutex::default(),
            is_building: AtomicBool::new(false),
            changes: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            read_to: AtomicI64::new(0),
        }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// `None` if nothing can be searched.
    pub fn reader(&self) -> Option<SearchReader> {
        self.reader.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn note_read(&self, change: i64) {
        self.read_to.store(change, Ordering::Relaxed);
    }

    pub fn read_to(&self) -> i64 {
        self.read_to.load(Ordering::Relaxed)
    }

    /// Changes whenever a search may find something else.
    pub fn generation(&self) -> u64 {
        let commits = self.reader().map_or(0, |reader| reader.generation());
        (self.changes.load(Ordering::Acquire) << 32) | (commits & 0xFFFF_FFFF)
    }

    pub fn state(&self) -> IndexState {
        match self.reader() {
            None => IndexState::Absent,
            Some(_) if self.is_building.load(Ordering::Acquire) => IndexState::Building,
            Some(_) => IndexState::Ready,
        }
    }

    /// The writer, for as long as the caller keeps it; it is given back with [`SearchIndex::keep`]. Blocks
    /// while the files are examined.
    pub fn writer(&self, site: &str) -> Result<SearchWriter, SearchError> {
        if self.has_failed.swap(false, Ordering::AcqRel) {
            self.close();
        }
        let kept = self.slot().take();
        let is_new = kept.is_none();
        let writer = kept.map_or_else(|| SearchWriter::open(&self.directory, site), Ok)?;
        self.shows_progress_of(&writer);
        if is_new {
            self.publish(Some(writer.reader()));
        }
        Ok(writer)
    }

    pub fn keep(&self, writer: SearchWriter) {
        self.shows_progress_of(&writer);
        *self.slot() = Some(writer);
    }

    /// Whether it is built, for those who search meanwhile.
    pub fn shows_progress_of(&self, writer: &SearchWriter) {
        let is_building = writer.progress.read_to.is_none() || writer.progress.built_to.is_some();
        if self.is_building.swap(is_building, Ordering::AcqRel) != is_building {
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// A search failed: the index is examined before it is written to again.
    pub fn failed(&self) {
        self.has_failed.store(true, Ordering::Release);
    }

    pub fn is_suspect(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Blocks until nothing is written to the directory any more.
    pub fn close(&self) {
        self.publish(None);
        let writer = self.slot().take();
        if let Some(Err(error)) = writer.map(SearchWriter::close) {
            tracing::debug!(%error, "the search index was closed");
        }
    }

    fn publish(&self, reader: Option<SearchReader>) {
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader;
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    fn slot(&self) -> MutexGuard<'_, Option<SearchWriter>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
