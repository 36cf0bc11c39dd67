//! The storage engine, which only this module names. Contains no forum tables.

mod changes;
mod copy;
mod engine;
mod error;
mod external_writes;
mod generations;
mod health;
mod identity;
mod leases;
mod migrations;
mod open;
mod postgres;
mod run;
mod saving;
pub mod sqlite;
mod statement;
mod statement_times;

use std::sync::Arc;

use changes::ChangesCursor;
pub use changes::WriteMark;
pub use copy::{MoveError, MoveProgress, MovedTable, move_forum};
use engine::Connections;
pub use engine::Tx;
pub use error::{Error, OpenError, Result};
use generations::Generations;
pub use generations::{Change, ThreadGeneration, uncached};
use saving::SaveState;
pub use sqlite::CheckpointResult;
pub use statement::{Bindable, Db, Fetchable, ReadPool};
pub use statement_times::{STATEMENT_TARGET, StatementTimes};

use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::database_address::DatabaseAddress;
use crate::domain::accounts::ip_hash::IpHashKey;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::store::accounts::pending_activity::Activity;

/// One writer at a time, except for votes and comments on PostgreSQL, and readers that never wait for it.
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
    setup_token: Arc<str>,
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

    /// The secret of the link that creates the first admin.
    pub fn setup_token(&self) -> &str {
        &self.setup_token
    }

    /// This process, for what only one process may hold.
    pub(in crate::store) fn node(&self) -> &str {
        self.changes.node()
    }

    /// Begins a write transaction, which waits until no other is open.
    pub(in crate::store) async fn begin(&self) -> Result<Tx> {
        self.timed(self.write.begin()).await
    }

    /// Begins a write that on PostgreSQL goes on beside others of its kind, except those of the same member.
    /// Of rows that such writes change, it may change one item, and after it one user.
    pub(in crate::store) async fn begin_beside(&self, member: Option<UserId>) -> Result<Tx> {
        self.timed(self.write.begin_beside(member)).await
    }

    async fn timed(&self, begin: impl Future<Output = Result<Tx>>) -> Result<Tx> {
        let (times, began) = (self.statement_times(), Instant::now());
        let begun = begin.await;
        times.begins.record(began.elapsed());
        begun.map(|tx| tx.timed(times))
    }

    pub fn statement_times(&self) -> &Arc<StatementTimes> {
        &self.read.1
    }

    /// Commits and invalidates caches. Runs to completion even if the caller is cancelled.
    pub(in crate::store) async fn commit(&self, tx: Tx, changes: &[Change]) -> Result<()> {
        self.commit_and(tx, changes, |generations, changes| generations.invalidate(changes)).await
    }

    /// Commits what this process knows already and others do not.
    pub(in crate::store) async fn commit_for_others(&self, tx: Tx, changes: &[Change]) -> Result<()> {
        self.commit_and(tx, changes, |_, _| {}).await
    }

    async fn commit_and(
        &self,
        mut tx: Tx,
        changes: &[Change],
        invalidate: impl FnOnce(&Generations, &[Change]) + Send + 'static,
    ) -> Result<()> {
        let store = self.clone();
        let mut changes = changes.to_vec();
        changes.extend(tx.take_touched().into_iter().map(Change::Member));
        changes.extend(tx.changed_items().into_iter().map(Change::Item));
        let commit = async move {
            let row = match changes[..] {
                [] => None,
                // It is refused below.
                _ if tx.has_failed() => None,
                _ => Some(store.changes.write(&mut tx, &changes).await?),
            };
            let began = Instant::now();
            let committed = tx.commit().await;
            store.statement_times().record_commit(began.elapsed());
            invalidate(&store.generations, &changes);
            committed?;
            row.into_iter().for_each(|id| store.changes.committed(id));
            store.saving.works();
            Ok(())
        };
        tokio::spawn(commit).await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Invalidates all caches, for instance after settings have changed.
    pub fn expire_caches(&self) {
        self.generations.invalidate(&[Change::Everything]);
    }

    /// What is written from now on, here and by other processes, as they become known.
    pub fn watch_changes(&self) -> broadcast::Receiver<Change> {
        self.generations.watch()
    }

    /// Changes with every public write.
    pub fn generation(&self) -> u64 {
        self.generations.site_generation()
    }

    /// Changes with every public write except votes.
    pub fn content_generation(&self) -> u64 {
        self.generations.content_generation()
    }

    /// Changes with every public write except votes and comments.
    pub fn public_generation(&self) -> u64 {
        self.generations.public_generation()
    }

    /// Changes with every write after which the community's settings may be others.
    pub fn settings_generation(&self) -> u64 {
        self.generations.settings_generation()
    }

    /// Changes when items may have moved between threads.
    pub fn moved(&self) -> u64 {
        self.generations.moved_generation()
    }

    /// Changes with every write that the thread may show, which excludes most votes and comments elsewhere.
    pub fn thread_generation(&self, root: ItemId) -> ThreadGeneration {
        self.generations.thread_generation(root)
    }

    /// Changes with every write that only `user` sees.
    pub fn own_generation(&self, user: UserId) -> u64 {
        self.generations.own_generation(user)
    }
}
