//! What a look at a page leaves behind: that a member visits a thread, has read their replies, uses a session. Looks wait in memory, where
//! they are answered from meanwhile, and are written together, so that nobody who reads waits for who writes. A process that is killed
//! takes those of the last second with it, and nothing else.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::{QueryBuilder, Sqlite, Transaction};

use super::{Error, Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::ItemId;
use crate::domain::user::UserId;

/// How many of each kind wait at most: more than are looked at in a second. While the writer is held for longer, what is past that is not
/// noted, and is new to its member once more.
const WAITING: usize = 16_384;
/// How many of each kind one transaction writes, so that other writes come in between.
const TOGETHER: usize = 1_000;

/// A visit of a thread: since when its comments are new, and when it was noted last.
type Visited = (Timestamp, Timestamp);

#[derive(Debug, Default)]
struct Waiting {
    visits: HashMap<(UserId, ItemId), Visited>,
    /// When sessions, by the hashes of their tokens, were used.
    sessions: HashMap<Vec<u8>, Timestamp>,
    /// Up to when members have read their replies.
    replies: Arc<HashMap<UserId, Timestamp>>,
}

/// What one transaction writes.
struct Batch {
    visits: Vec<((UserId, ItemId), Visited)>,
    sessions: Vec<(Vec<u8>, Timestamp)>,
    replies: Vec<(UserId, Timestamp)>,
}

/// The looks that wait to be written. Ask here before the database is read: what is here no more by then is there.
#[derive(Debug, Default)]
pub(super) struct Looks {
    waiting: Mutex<Waiting>,
    turn: tokio::sync::Mutex<()>,
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

impl Looks {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn visit(&self, user: UserId, root: ItemId) -> Option<Visited> {
        self.lock().visits.get(&(user, root)).copied()
    }

    /// When those of `ids` that wait were noted last.
    pub fn visits(&self, user: UserId, ids: &[ItemId]) -> Vec<(ItemId, Timestamp)> {
        let waiting = self.lock();
        ids.iter().filter_map(|id| Some((*id, waiting.visits.get(&(user, *id))?.1))).collect()
    }

    pub fn note_visit(&self, user: UserId, root: ItemId, visited: Visited) {
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

    fn is_empty(&self) -> bool {
        let Waiting { visits, sessions, replies } = &*self.lock();
        visits.is_empty() && sessions.is_empty() && replies.is_empty()
    }

    fn batch(&self) -> Batch {
        let Waiting { visits, sessions, replies } = &*self.lock();
        Batch { visits: some(visits), sessions: some(sessions), replies: some(replies) }
    }

    fn forget(&self, batch: Batch) {
        let Waiting { visits, sessions, replies } = &mut *self.lock();
        forget(visits, batch.visits);
        forget(sessions, batch.sessions);
        forget(Arc::make_mut(replies), batch.replies);
    }
}

impl Store {
    /// Writes the looks that wait.
    ///
    /// # Errors
    /// `Busy` where others write for long, `Storage` where nothing can be saved: then they wait on. What cannot be written at all is given
    /// up.
    pub async fn write_looks(&self) -> Result<()> {
        let _turn = self.looks.turn.lock().await;
        while !self.looks.is_empty() {
            let mut tx = self.begin().await?;
            // Not before the writer is free: until then more may come.
            let batch = self.looks.batch();
            let written = match write(&mut tx, &batch).await {
                // Whom they are of sees them already.
                Ok(()) => self.commit(tx, &[]).await,
                failed => failed,
            };
            if !matches!(written, Err(Error::Busy | Error::Storage(_))) {
                self.looks.forget(batch);
            }
            written?;
        }
        Ok(())
    }
}

async fn write(tx: &mut Transaction<'static, Sqlite>, batch: &Batch) -> Result<()> {
    if !batch.visits.is_empty() {
        let mut query = QueryBuilder::new("insert into visits (user_id, root_id, since, last) ");
        query.push_values(&batch.visits, |mut values, ((user, root), (since, last))| {
            values.push_bind(*user).push_bind(*root).push_bind(*since).push_bind(*last);
        });
        query.push(" on conflict (user_id, root_id) do update set since = excluded.since, last = excluded.last");
        query.build().persistent(false).execute(&mut **tx).await?;
    }
    let sessions = " update sessions set seen = more.at from more where sessions.token_hash = more.id";
    put(tx, &batch.sessions, sessions).await?;
    let replies = " update users set replies_read_at = more.at from more \
                   where users.id = more.id and users.replies_read_at < more.at";
    put(tx, &batch.replies, replies).await
}

/// Puts moments where they belong, by the ids that they are of.
async fn put<'a, K>(
    tx: &mut Transaction<'static, Sqlite>,
    moments: &'a [(K, Timestamp)],
    update: &'static str,
) -> Result<()>
where
    &'a K: sqlx::Encode<'a, Sqlite> + sqlx::Type<Sqlite>,
{
    if moments.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("with more (id, at) as (");
    query.push_values(moments, |mut values, (id, at)| {
        values.push_bind(id).push_bind(*at);
    });
    query.push(")").push(update);
    query.build().persistent(false).execute(&mut **tx).await?;
    Ok(())
}
