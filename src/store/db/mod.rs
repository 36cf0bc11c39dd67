//! The database itself, and the only place that names its engine. No table of the forum is read here.

mod backup;
mod check;
mod checkpoint;
mod connection;
mod error;
mod file;
mod generations;
mod health;
mod key;
mod migrations;
mod open;
mod saving;
mod site;
mod statement;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use check::CheckError;
pub use checkpoint::CheckpointResult;
pub use connection::LOG;
pub use error::{Error, OpenError, Result};
pub use file::{beside, remove};
use generations::Generations;
pub use generations::{Change, ThreadGeneration};
pub use key::key_file;
use saving::SaveState;
use sqlx::sqlite::SqlitePool;
pub use statement::{Bindable, Db, ReadPool, Tx};

use crate::domain::accounts::ip_hash::IpHashKey;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::store::accounts::pending_activity::Activity;

/// The database: one writer, several readers that never wait for it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(in crate::store) read: ReadPool,
    write: SqlitePool,
    path: PathBuf,
    pub(in crate::store) generations: Arc<Generations>,
    saving: Arc<SaveState>,
    origin_key: IpHashKey,
    site_id: Arc<str>,
    /// What members looked at, until it is written.
    pub(in crate::store) looks: Arc<Activity>,
}

impl Store {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What makes an address into what is kept of it.
    pub fn origin_key(&self) -> &IpHashKey {
        &self.origin_key
    }

    /// The site's own id: random, and the same whatever its address becomes.
    pub fn site_id(&self) -> &str {
        &self.site_id
    }

    /// Notices what another process has written, such as a command beside the forum: what was derived before is stale then.
    pub async fn notice_others(&self) -> Result<()> {
        // Asked of the writer, whose own writes do not change its answer, and noted before another connection can take its place.
        let mut writer = self.write.acquire().await?;
        self.generations.others(writer::number(&mut writer).await?);
        Ok(())
    }

    /// Begins a write. It takes the write lock at once: a transaction that reads first and writes later could not be retried.
    pub(in crate::store) async fn begin(&self) -> Result<Tx> {
        Ok(Tx(self.write.begin_with("begin immediate").await?))
    }

    /// Commits, and drops what was derived from what the write changed. It runs to its end though whoever asked goes away meanwhile.
    pub(in crate::store) async fn commit(&self, tx: Tx, changes: &[Change]) -> Result<()> {
        let (generations, saving) = (Arc::clone(&self.generations), Arc::clone(&self.saving));
        let changes = changes.to_vec();
        let commit = async move {
            let committed = tx.0.commit().await;
            generations.invalidate(&changes);
            committed.inspect(|()| saving.works())
        };
        Ok(tokio::spawn(commit).await.map_err(|_| sqlx::Error::WorkerCrashed)??)
    }

    /// Drops everything that was derived so far, as after a change of the settings.
    pub fn expire_caches(&self) {
        self.generations.invalidate(&[Change::Everything]);
    }

    /// A number that changes with every write that anybody may see.
    pub fn generation(&self) -> u64 {
        self.generations.all.load(Ordering::Acquire)
    }

    /// A number that changes with every such write that is more than votes.
    pub fn content_generation(&self) -> u64 {
        self.generations.said.load(Ordering::Acquire)
    }

    /// A number that changes where items may have come to stand in another thread.
    pub fn moved(&self) -> u64 {
        self.generations.moved.load(Ordering::Acquire)
    }

    /// What the thread with this head is as of: it changes with every write that the thread may show, which votes and most comments
    /// elsewhere are not.
    pub fn thread_generation(&self, root: ItemId) -> ThreadGeneration {
        let own = generations::one_of(&self.generations.threads, root.0)
            .map_or(0, |number| number.load(Ordering::Acquire));
        ThreadGeneration { any: self.generations.any_thread.load(Ordering::Acquire), own }
    }

    /// A number that changes with every write that `user` alone sees (votes as theirs and on theirs, marks, visits, settings, sessions).
    pub fn own_generation(&self, user: UserId) -> u64 {
        generations::one_of(&self.generations.own, user.0).map_or(0, |number| number.load(Ordering::Acquire))
    }
}
