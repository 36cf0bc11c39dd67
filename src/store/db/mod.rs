//! The storage engine, which only this module names. Contains no forum tables.

mod changes;
mod engine;
mod error;
mod external_writes;
mod generations;
mod health;
mod identity;
mod migrations;
mod open;
mod postgres;
mod run;
mod saving;
pub mod sqlite;
mod statement;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use changes::ChangesCursor;
use engine::Connections;
pub use engine::Tx;
pub use error::{Error, OpenError, Result};
use generations::Generations;
pub use generations::{Change, ThreadGeneration};
use saving::SaveState;
pub use sqlite::CheckpointResult;
pub use statement::{Bindable, Db, ReadPool};

use crate::database_address::DatabaseAddress;
use crate::domain::accounts::ip_hash::IpHashKey;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::store::accounts::pending_activity::Activity;

/// One writer at a time, and readers that never wait for it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(in crate::store) read: ReadPool,
    write: Connections,
    address: DatabaseAddress,
    pub(in crate::store) generations: Arc<Generations>,
    changes: Arc<ChangesCursor>,
    saving: Arc<SaveState>,
    ip_hash_key: IpHashKey,
    site_id: Arc<str>,
    /// Write-behind buffer of members' activity.
    pub(in crate::store) looks: Arc<Activity>,
}

impl Store {
    pub fn address(&self) -> &DatabaseAddress {
        &self.address
    }

    pub fn ip_hash_key(&self) -> &IpHashKey {
        &self.ip_hash_key
    }

    /// A random id that survives changes of the site's address.
    pub fn site_id(&self) -> &str {
        &self.site_id
    }

    /// Begins a write transaction, which waits until no other is open.
    pub(in crate::store) async fn begin(&self) -> Result<Tx> {
        self.write.begin().await
    }

    /// Commits and invalidates caches. Runs to completion even if the caller is cancelled.
    pub(in crate::store) async fn commit(&self, mut tx: Tx, changes: &[Change]) -> Result<()> {
        let store = self.clone();
        let changes = changes.to_vec();
        let commit = async move {
            if !changes.is_empty() && !tx.has_failed() {
                store.changes.write(&mut tx, &changes).await?;
            }
            let committed = tx.commit().await;
            store.generations.invalidate(&changes);
            committed?;
            store.saving.works();
            Ok(())
        };
        tokio::spawn(commit).await.map_err(|_| sqlx::Error::WorkerCrashed)?
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
