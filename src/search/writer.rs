//! Writing the index. All of it blocks, for milliseconds or, while files are merged, for longer.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, IndexWriter, ReloadPolicy};

use crate::clock::Timestamp;
use crate::domain::items::item::{Item, ItemId, Kind, Visibility, may_see};
use crate::search::error::SearchError;
use crate::search::finding::SearchReader;
use crate::search::schema::{self, IndexFields, VERSION};

/// Memory for documents that are not written yet, in bytes: little more than the least that is allowed.
const ARENA: usize = 20_000_000;
/// The part of a file's documents that are deleted before it is written again.
const MAX_DELETED: f32 = 0.3;
/// Within the directory of the index.
const FOLDER: &str = "index";
const LOCK: &str = "lock";

/// How far an index has read, stored with each commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexProgress {
    version: u32,
    /// The id of the site that it is of.
    site: String,
    /// The change up to which it has read, by its id and its process; `None` before it is built.
    pub read_to: Option<(i64, String)>,
    /// While it is built: the item up to which it is.
    pub built_to: Option<i64>,
}

pub struct SearchWriter {
    writer: IndexWriter,
    fields: IndexFields,
    reader: SearchReader,
    pub progress: IndexProgress,
    /// What was written with the last commit.
    committed: IndexProgress,
    pending: usize,
    /// No other process writes to the directory while this is open.
    _lock: File,
}

impl SearchWriter {
    /// Opens the index of a site, or creates it. One that is damaged, of another version or of another site
    /// is removed first.
    pub(super) fn open(directory: &Path, site: &str) -> Result<SearchWriter, SearchError> {
        let shown = || directory.display().to_string();
        let failed = |error| SearchError::Directory(shown(), error);
        private_folder(directory).map_err(failed)?;
        let lock = File::create(directory.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(SearchError::InUse(shown())),
            Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        let folder = directory.join(FOLDER);
        let found = if folder.exists() { existing(&folder, site) } else { None };
        let (index, progress) = match found {
            Some(found) => found,
            None => {
                if folder.exists() {
                    if !is_of_an_index(&folder).map_err(failed)? {
                        return Err(SearchError::OtherFiles(folder.display().to_string()));
                    }
                    tracing::warn!(directory = %shown(), "the search index is built again: it is damaged or \
                        of another version");
                    fs::remove_dir_all(&folder).map_err(failed)?;
                }
                private_folder(&folder).map_err(failed)?;
                let (schema, _) = IndexFields::new();
                let new = Index::builder().schema(schema).settings(schema::settings());
                let progress =
                    IndexProgress { version: VERSION, site: site.to_owned(), ..Default::default() };
                (new.tokenizers(schema::tokenizers()).create_in_dir(&folder)?, progress)
            }
        };
        SearchWriter::of(index, progress, lock).map_err(|error| match error {
            SearchError::Index(error) if SearchError::is_busy(&error) => SearchError::InUse(shown()),
            error => error,
        })
    }

    fn of(index: Index, progress: IndexProgress, lock: File) -> Result<SearchWriter, SearchError> {
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(ARENA)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        let mut merging = LogMergePolicy::default();
        merging.set_del_docs_ratio_before_merge(MAX_DELETED);
        writer.set_merge_policy(Box::new(merging));
        let (_, fields) = IndexFields::new();
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(1)
            .try_into()?;
        let reader = SearchReader { reader, fields: fields.clone() };
        let committed = progress.clone();
        Ok(SearchWriter { writer, fields, reader, progress, committed, pending: 0, _lock: lock })
    }

    pub(super) fn reader(&self) -> SearchReader {
        self.reader.clone()
    }

    /// Forgets everything, to be built from the first item on and then to read changes after this one.
    pub fn start_over(&mut self, read_to: (i64, String)) -> Result<(), SearchError> {
        self.writer.delete_all_documents()?;
        self.progress.read_to = Some(read_to);
        self.progress.built_to = Some(0);
        self.commit()
    }

    /// Adds an item that is not in the index, if everybody may see it.
    pub fn add(&mut self, item: &Item) -> Result<(), SearchError> {
        if is_public(item) {
            self.writer.add_document(self.fields.document(item))?;
            self.pending += 1;
        }
        Ok(())
    }

    pub fn remove(&mut self, id: ItemId) {
        self.writer.delete_term(self.fields.id_term(id.0));
        self.pending += 1;
    }

    /// Documents that searches do not find yet.
    pub fn pending(&self) -> usize {
        self.pending
    }

    pub fn has_moved(&self) -> bool {
        self.progress != self.committed
    }

    /// Makes all that was written durable and lets searches find it.
    pub fn commit(&mut self) -> Result<(), SearchError> {
        let mut commit = self.writer.prepare_commit()?;
        let progress = serde_json::to_string(&self.progress).unwrap_or_default();
        commit.set_payload(&progress);
        commit.commit()?;
        self.committed = self.progress.clone();
        self.pending = 0;
        self.reader.reader.reload()?;
        Ok(())
    }

    /// Waits until files are merged.
    pub fn close(self) -> Result<(), SearchError> {
        Ok(self.writer.wait_merging_threads()?)
    }
}

fn is_public(item: &Item) -> bool {
    // One that becomes visible later is stored with that moment.
    item.kind != Kind::Pollopt && may_see(item, None, Timestamp(i64::MAX)) == Visibility::Whole
}

/// Makes a folder that no other user reads, as the index has the words of what only members may read.
fn private_folder(folder: &Path) -> io::Result<()> {
    if folder.exists() { Ok(()) } else { fs::DirBuilder::new().recursive(true).mode(0o700).create(folder) }
}

/// Whether nothing else is lost with a folder.
fn is_of_an_index(folder: &Path) -> io::Result<bool> {
    let is_known = ["meta.json", ".managed.json"].iter().any(|file| folder.join(file).exists());
    Ok(is_known || fs::read_dir(folder)?.next().is_none())
}

/// The index in a folder, if it is whole, of this version and of this site.
fn existing(folder: &Path, site: &str) -> Option<(Index, IndexProgress)> {
    let read = || -> tantivy::Result<(Index, Option<String>)> {
        let mut index = Index::open(MmapDirectory::open(folder)?)?;
        index.set_tokenizers(schema::tokenizers());
        let damaged = index.validate_checksum()?;
        let payload = index.load_metas()?.payload;
        Ok((index, payload.filter(|_| damaged.is_empty())))
    };
    let (index, payload) = read().inspect_err(|error| tracing::warn!(%error, "the search index")).ok()?;
    let progress: IndexProgress = serde_json::from_str(&payload?).ok()?;
    let is_ours =
        progress.version == VERSION && progress.site == site && index.schema() == IndexFields::new().0;
    is_ours.then_some((index, progress))
}
