//! The storage engine, which only this module names. Contains no forum tables.

mod backup;
mod check;
mod checkpoint;
mod connection;
mod error;
mod file;
mod generations;
mod health;
mod instance_id;
mod key;
mod migrations;
mod open;
mod saving;
mod statement;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use check::CheckError;
pub use checkpoint::CheckpointResult;
pub use connection::MAX_WAL_BYTES;
pub use error::{Error, OpenError, Result};
pub use file::{beside, free_beside, remove};
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

/// One writer, and readers that never wait for it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(in crate::store) read: ReadPool,
    write: SqlitePool,
    path: PathBuf,
    pub(in crate::store) generations: Arc<Generations>,
    saving: Arc<SaveState>,
    ip_hash_key: IpHashKey,
    site_id: Arc<str>,
    /// Write-behind buffer of members' activity.
    pub(in crate::store) looks: Arc<Activity>,
}

impl Store {
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn ip_hash_key(&self) -> &IpHashKey {
        &self.ip_hash_key
    }

    /// A random id that survives changes of the site's address.
    pub fn site_id(&self) -> &str {
        &self.site_id
    }

    /// Detects writes by other processes and invalidates caches. On an error of the writer's connection, no
    /// cache is invalidated.
    pub async fn detect_external_writes(&self) -> Result<()> {
        // Must use the writer, whose own writes do not change its `data_version`.
        let mut writer = self.write.acquire().await?;
        self.generations.others(writer::number(&mut writer).await?);
        Ok(())
    }

    /// Begins a write transaction with `begin immediate`, since upgrading a read transaction cannot be
    /// retried.
    pub(in crate::store) async fn begin(&self) -> Result<Tx> {
        let transaction = self.write.begin_with("begin immediate").await?;
        Ok(Tx { transaction, has_failed: false })
    }

    /// Commits and invalidates caches. Runs to completion even if the caller is cancelled.
    pub(in crate::store) async fn commit(&self, tx: Tx, changes: &[Change]) -> Result<()> {
        if tx.has_failed {
            return Err(sqlx::Error::Protocol("a statement of the transaction failed".to_owned()).into());
        }
        let (generations, saving) = (Arc::clone(&self.generations), Arc::clone(&self.saving));
        let changes = changes.to_vec();
        let commit = async move {
            let committed = tx.transaction.commit().await;
            generations.invalidate(&changes);
            committed.inspect(|()| saving.works())
        };
        Ok(tokio::spawn(commit).await.map_err(|_| sqlx::Error::WorkerCrashed)??)
    }

    /// Invalidates all caches, for instance after settings have changed.
    pub fn expire_caches(&self) {
        self.generations.invalidate(&[Change::Everything]);
    }

    /// Changes with every public write.
    pub fn generation(&self) -> u64 {
        self.generations.all.load(Ordering::Acquire)
    }

    /// Changes with every public write except votes.
    pub fn content_generation(&self) -> u64 {
        self.generations.said.load(Ordering::Acquire)
    }

    /// Changes when items may have moved between threads.
    pub fn moved(&self) -> u64 {
        self.generations.moved.load(Ordering::Acquire)
    }

    /// Changes with every write that the thread may show, which excludes most votes and comments elsewhere.
    pub fn thread_generation(&self, root: ItemId) -> ThreadGeneration {
        let own = generations::one_of(&self.generations.threads, root.0)
            .map_or(0, |number| number.load(Ordering::Acquire));
        ThreadGeneration { any: self.generations.any_thread.load(Ordering::Acquire), own }
    }

    /// Changes with every write that only `user` sees.
    pub fn own_generation(&self, user: UserId) -> u64 {
        generations::one_of(&self.generations.own, user.0).map_or(0, |number| number.load(Ordering::Acquire))
    }
}
