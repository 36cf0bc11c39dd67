//! Keeps the search index up to date: builds it from all items, and reads on from the table of changes.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use rustix::process::setpriority_process;
use rustix::thread::gettid;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::domain::items::item::ItemId;
use crate::search::{SearchError, SearchIndex, SearchWriter};
use crate::store::{self, Store};
use crate::web::App;

const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// Looks that are left out after a failure.
const LOOKS_PER_RETRY: u32 = 150;
/// Looks between commits that only say how far changes were read; they are kept for ten minutes.
const LOOKS_PER_COMMIT: u32 = 500;
const BATCH: i64 = 500;
/// Documents between two commits while the index is built.
const DOCUMENTS_PER_COMMIT: usize = 50_000;
/// How much lower than that of requests the priority of its threads is.
const NICE: i32 = 10;

#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// Runs on a thread of its own, of a lower priority, which those that write the index inherit.
pub(super) async fn index_search_regularly(app: App) {
    let runtime = tokio::runtime::Handle::current();
    let (ended, end) = oneshot::channel::<()>();
    let work = move || {
        let _ended = ended;
        let lowered = setpriority_process(Some(gettid()), NICE);
        if let Err(error) = lowered {
            tracing::debug!(%error, "the priority of the search index could not be lowered");
        }
        runtime.block_on(index_forever(&app));
    };
    match thread::Builder::new().name("search index".to_owned()).spawn(work) {
        Ok(_) => drop(end.await),
        Err(error) => tracing::error!(%error, "the search index has no thread"),
    }
}

/// Until the process is told to stop.
async fn index_forever(app: &App) {
    let (store, index) = (&app.store, &app.search_index);
    let (mut read_to, mut looks) = (-1, 0_u32);
    let mut to_wait = 0_u32;
    while !app.metrics.is_stopping.load(Ordering::Relaxed) {
        sleep(LOOK_INTERVAL).await;
        if to_wait > 0 {
            to_wait -= 1;
            continue;
        }
        let known = store.known_change();
        looks = looks.saturating_add(1);
        let is_due = looks >= LOOKS_PER_COMMIT;
        if known > read_to || index.is_suspect() || is_due {
            let done = update(store, index, is_due, &mut |_| {}).await;
            app.metrics.jobs.record("search_index", done.is_ok(), app.clock.now().0);
            match done {
                Ok(to) => {
                    read_to = to.max(known);
                    index.note_read(read_to);
                }
                Err(error) => {
                    tell(store, &error);
                    (read_to, to_wait) = (-1, LOOKS_PER_RETRY);
                }
            }
            looks = if is_due { 0 } else { looks };
        }
    }
}

fn tell(store: &Store, error: &IndexingError) {
    match error {
        IndexingError::Store(error) => super::log_failure(store, error, "could not index what was written"),
        IndexingError::Search(error) => tracing::error!(
            error = error as &dyn std::error::Error,
            "search is not available: the index could not be written"
        ),
    }
}

/// Builds the index if there is none, and reads all changes.
pub async fn update_search_index(store: &Store, index: &SearchIndex) -> Result<(), IndexingError> {
    update(store, index, true, &mut |_| {}).await.map(drop)
}

/// Builds the index anew; `told` is given the number of items as they are read.
pub async fn rebuild_search_index(
    store: &Store,
    index: &SearchIndex,
    told: &mut impl FnMut(u64),
) -> Result<(), IndexingError> {
    let mut writer = index.writer(store.site_id())?;
    writer.start_over(store.latest_change().await?)?;
    index.keep(writer);
    update(store, index, true, told).await?;
    index.close();
    Ok(())
}

/// Returns the id of the last change that was read. With `notes_progress`, it is committed even if no item
/// changed.
async fn update(
    store: &Store,
    index: &SearchIndex,
    notes_progress: bool,
    told: &mut impl FnMut(u64),
) -> Result<i64, IndexingError> {
    let mut writer = index.writer(store.site_id())?;
    let done = read_on(store, index, &mut writer, told).await;
    match done {
        Ok(()) if writer.pending() > 0 || (notes_progress && writer.has_moved()) => {
            if let Err(error) = writer.commit() {
                index.keep(writer);
                index.close();
                return Err(error.into());
            }
        }
        Ok(()) => {}
        // What was read is still to be written.
        Err(IndexingError::Store(error)) => {
            index.keep(writer);
            return Err(error.into());
        }
        Err(error) => {
            index.keep(writer);
            index.close();
            return Err(error);
        }
    }
    let read_to = writer.progress.read_to.as_ref().map_or(0, |(id, _)| *id);
    index.keep(writer);
    Ok(read_to)
}

async fn read_on(
    store: &Store,
    index: &SearchIndex,
    writer: &mut SearchWriter,
    told: &mut impl FnMut(u64),
) -> Result<(), IndexingError> {
    loop {
        let is_up_to_date = match writer.progress.read_to.clone() {
            None => false,
            Some(_) => build(store, index, writer, told).await? && read_changes(store, writer).await?,
        };
        if is_up_to_date {
            return Ok(());
        }
        tracing::info!("the search index is being built");
        writer.start_over(store.latest_change().await?)?;
        index.shows_progress_of(writer);
    }
}

/// Reads all items if the index is being built. False if it is to be built anew.
async fn build(
    store: &Store,
    index: &SearchIndex,
    writer: &mut SearchWriter,
    told: &mut impl FnMut(u64),
) -> Result<bool, IndexingError> {
    while let Some(built_to) = writer.progress.built_to {
        let items = store.items_after(ItemId(built_to), BATCH).await?;
        for item in &items {
            writer.add(item)?;
        }
        told(u64::try_from(items.len()).unwrap_or_default());
        writer.progress.built_to = items.last().map(|last| last.id.0);
        if items.is_empty() || writer.pending() >= DOCUMENTS_PER_COMMIT {
            // Those of items that are still to be read are as well.
            if !read_changes(store, writer).await? {
                return Ok(false);
            }
            writer.commit()?;
        }
        if items.is_empty() {
            tracing::info!("the search index is built");
        }
    }
    index.shows_progress_of(writer);
    Ok(true)
}

/// Reads all changes. False if some may have been missed.
async fn read_changes(store: &Store, writer: &mut SearchWriter) -> Result<bool, IndexingError> {
    while let Some(read_to) = writer.progress.read_to.clone() {
        let Some(changed) = store.changed_items(&read_to).await? else { return Ok(false) };
        // The others are read when the index is built so far.
        let built_to = writer.progress.built_to.unwrap_or(i64::MAX);
        let ids: Vec<ItemId> = changed.ids.into_iter().filter(|id| id.0 <= built_to).collect();
        for ids in ids.chunks(usize::try_from(BATCH).unwrap_or(1)) {
            let items = store.items(ids).await?;
            ids.iter().for_each(|id| writer.remove(*id));
            for item in &items {
                writer.add(item)?;
            }
        }
        writer.progress.read_to = Some(changed.read_to);
        if changed.is_last {
            return Ok(true);
        }
    }
    Ok(false)
}
