//! Write-behind buffer for thread visits, what was seen of the inbox and session use, so that readers never
//! wait for the writer. Reads consult it first; a crash loses about a second of activity.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::inbox::InboxId;
use crate::domain::items::item::ItemId;

/// Maximum pending entries of each kind. Beyond this, visits are dropped and comments shown as new again.
const WAITING: usize = 16_384;
/// Maximum entries of each kind per transaction, to let other writes in between.
const TOGETHER: usize = 1_000;

/// Since when comments are new, and the last visit.
type ReadMarker = (Timestamp, Timestamp);

/// The last row of the inbox that was seen, and when.
pub(crate) type SeenMark = (InboxId, Timestamp);

#[derive(Debug, Default)]
struct PendingActivity {
    visits: HashMap<(UserId, ItemId), ReadMarker>,
    /// Last use, by token hash.
    sessions: HashMap<Vec<u8>, Timestamp>,
    /// What a member saw at an item of what their inbox tells.
    seen: HashMap<(UserId, ItemId), SeenMark>,
}

pub(crate) struct ActivityBatch {
    pub visits: Vec<((UserId, ItemId), ReadMarker)>,
    pub sessions: Vec<(Vec<u8>, Timestamp)>,
    pub seen: Vec<((UserId, ItemId), SeenMark)>,
}

/// Query before the database: an entry that is gone by then has been written.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    waiting: Mutex<PendingActivity>,
    /// Held while flushing.
    pub turn: tokio::sync::Mutex<()>,
}

fn note<K: Hash + Eq, V>(kept: &mut HashMap<K, V>, key: K, value: V) {
    if kept.len() < WAITING || kept.contains_key(&key) {
        kept.insert(key, value);
    }
}

fn some<K: Clone, V: Copy>(kept: &HashMap<K, V>) -> Vec<(K, V)> {
    kept.iter().take(TOGETHER).map(|(key, value)| (key.clone(), *value)).collect()
}

/// Removes written entries unless they have changed.
fn forget<K: Hash + Eq, V: PartialEq>(kept: &mut HashMap<K, V>, written: Vec<(K, V)>) {
    for (key, value) in written {
        if kept.get(&key) == Some(&value) {
            kept.remove(&key);
        }
    }
}

impl Activity {
    fn lock(&self) -> MutexGuard<'_, PendingActivity> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn visit(&self, user: UserId, root: ItemId) -> Option<ReadMarker> {
        self.lock().visits.get(&(user, root)).copied()
    }

    pub fn visits(&self, user: UserId, ids: &[ItemId]) -> Vec<(ItemId, Timestamp)> {
        let waiting = self.lock();
        ids.iter().filter_map(|id| Some((*id, waiting.visits.get(&(user, *id))?.1))).collect()
    }

    pub fn note_visit(&self, user: UserId, root: ItemId, visited: ReadMarker) {
        note(&mut self.lock().visits, (user, root), visited);
    }

    pub fn session(&self, token_hash: &[u8]) -> Option<Timestamp> {
        self.lock().sessions.get(token_hash).copied()
    }

    pub fn note_session(&self, token_hash: &[u8], now: Timestamp) {
        note(&mut self.lock().sessions, token_hash.to_vec(), now);
    }

    /// The items at which a member saw what their inbox tells, each with the last row seen.
    pub fn seen_in_inbox(&self, user: UserId) -> Vec<(ItemId, InboxId)> {
        let waiting = self.lock();
        let own = waiting.seen.iter().filter(|((seer, _), _)| *seer == user);
        own.map(|((_, item), (last, _))| (*item, *last)).collect()
    }

    pub fn note_seen(&self, user: UserId, item: ItemId, mark: SeenMark) {
        note(&mut self.lock().seen, (user, item), mark);
    }

    pub fn is_empty(&self) -> bool {
        let PendingActivity { visits, sessions, seen } = &*self.lock();
        visits.is_empty() && sessions.is_empty() && seen.is_empty()
    }

    pub fn batch(&self) -> ActivityBatch {
        let PendingActivity { visits, sessions, seen } = &*self.lock();
        ActivityBatch { visits: some(visits), sessions: some(sessions), seen: some(seen) }
    }

    pub fn forget(&self, batch: ActivityBatch) {
        let PendingActivity { visits, sessions, seen } = &mut *self.lock();
        forget(visits, batch.visits);
        forget(sessions, batch.sessions);
        forget(seen, batch.seen);
    }
}
