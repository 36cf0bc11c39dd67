//! What a look at a page leaves behind: that a member visits a thread, has read their replies, uses a session. Looks wait in memory, where
//! they are answered from meanwhile, and are written together, so that nobody who reads waits for who writes. A process that is killed
//! takes those of the last second with it, and nothing else.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;

/// How many of each kind wait at most: more than are looked at in a second. While the writer is held for longer, what is past that is not
/// noted, and is new to its member once more.
const WAITING: usize = 16_384;
/// How many of each kind one transaction writes, so that other writes come in between.
const TOGETHER: usize = 1_000;

/// A visit of a thread: since when its comments are new, and when it was noted last.
type ReadMarker = (Timestamp, Timestamp);

#[derive(Debug, Default)]
struct PendingActivity {
    visits: HashMap<(UserId, ItemId), ReadMarker>,
    /// When sessions, by the hashes of their tokens, were used.
    sessions: HashMap<Vec<u8>, Timestamp>,
    /// Up to when members have read their replies.
    replies: Arc<HashMap<UserId, Timestamp>>,
}

/// What one transaction writes.
pub(crate) struct ActivityBatch {
    pub visits: Vec<((UserId, ItemId), ReadMarker)>,
    pub sessions: Vec<(Vec<u8>, Timestamp)>,
    pub replies: Vec<(UserId, Timestamp)>,
}

/// The looks that wait to be written. Ask here before the database is read: what is here no more by then is there.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    waiting: Mutex<PendingActivity>,
    /// Held by who writes them.
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

/// Forgets what was written, but for what has changed meanwhile.
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

    /// When those of `ids` that wait were noted last.
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

    pub fn replies(&self) -> Arc<HashMap<UserId, Timestamp>> {
        Arc::clone(&self.lock().replies)
    }

    pub fn note_replies(&self, user: UserId, at: Timestamp) {
        note(Arc::make_mut(&mut self.lock().replies), user, at);
    }

    pub fn is_empty(&self) -> bool {
        let PendingActivity { visits, sessions, replies } = &*self.lock();
        visits.is_empty() && sessions.is_empty() && replies.is_empty()
    }

    pub fn batch(&self) -> ActivityBatch {
        let PendingActivity { visits, sessions, replies } = &*self.lock();
        ActivityBatch { visits: some(visits), sessions: some(sessions), replies: some(replies) }
    }

    pub fn forget(&self, batch: ActivityBatch) {
        let PendingActivity { visits, sessions, replies } = &mut *self.lock();
        forget(visits, batch.visits);
        forget(sessions, batch.sessions);
        forget(Arc::make_mut(replies), batch.replies);
    }
}
