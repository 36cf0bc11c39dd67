//! Who listens: a channel for each topic, with one reading of the store for all of its streams, and members.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Semaphore, broadcast, watch};

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::fair_semaphore::{FairPermit, FairSemaphore, Overloaded};
use crate::web::live::topic::Topic;

/// What was found at once. One stream can be this many findings behind before it has to resume.
const BEHIND: usize = 8;
/// Readings of the store at once, of channels and of members' sessions.
const READINGS: usize = 4;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signal {
    /// Moves when who may read what may have changed.
    pub generation: u64,
    pub is_stopped: bool,
}

pub struct Channel {
    pub topic: Topic,
    pub found: broadcast::Sender<Arc<[Item]>>,
    pub is_due: AtomicBool,
    pub state: tokio::sync::Mutex<ChannelState>,
}

pub struct ChannelState {
    pub ids: HashSet<ItemId>,
    /// In threads, the second up to which everything was found.
    pub until: Timestamp,
}

#[derive(Debug, Default)]
pub struct Touched {
    pub threads: HashSet<ItemId>,
    pub members: HashSet<UserId>,
    pub lists: bool,
    pub all_threads: bool,
    pub everything: bool,
}

pub struct EventStreams {
    permits: FairSemaphore,
    channels: Mutex<HashMap<Topic, Weak<Channel>>>,
    members: Mutex<HashMap<UserId, Weak<watch::Sender<()>>>>,
    signal: watch::Sender<Signal>,
    pub readings: Semaphore,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The entry of a key, made if there is none; before the map would grow, forgets those that are unused.
fn entry<K: Copy + Eq + std::hash::Hash, V>(
    all: &mut HashMap<K, Weak<V>>,
    key: K,
    new: impl FnOnce() -> V,
) -> Arc<V> {
    if let Some(known) = all.get(&key).and_then(Weak::upgrade) {
        return known;
    }
    if all.len() == all.capacity() {
        all.retain(|_, one| one.strong_count() > 0);
    }
    let new = Arc::new(new());
    all.insert(key, Arc::downgrade(&new));
    new
}

impl EventStreams {
    pub fn new(max_streams: u32, limited: bool) -> EventStreams {
        EventStreams {
            permits: FairSemaphore::new(usize::try_from(max_streams).unwrap_or(usize::MAX), limited),
            channels: Mutex::default(),
            members: Mutex::default(),
            signal: watch::Sender::new(Signal::default()),
            readings: Semaphore::new(READINGS),
        }
    }

    /// A permit for one stream; none is left while the server stops.
    pub fn admit(&self, address: Option<IpAddr>) -> Result<FairPermit, Overloaded> {
        if self.signal.borrow().is_stopped {
            return Err(Overloaded);
        }
        self.permits.try_acquire(1, address)
    }

    pub fn open(&self) -> usize {
        self.permits.size().saturating_sub(self.permits.available())
    }

    pub fn refused(&self) -> u64 {
        self.permits.refused()
    }

    pub fn signal(&self) -> watch::Receiver<Signal> {
        self.signal.subscribe()
    }

    /// Ends all streams, and admits no others.
    pub fn stop(&self) {
        self.signal.send_modify(|signal| signal.is_stopped = true);
    }

    pub fn channel(&self, topic: Topic, now: Timestamp) -> Arc<Channel> {
        entry(&mut lock(&self.channels), topic, || Channel {
            topic,
            found: broadcast::Sender::new(BEHIND),
            is_due: AtomicBool::new(false),
            state: tokio::sync::Mutex::new(ChannelState { ids: HashSet::new(), until: now }),
        })
    }

    pub fn member(&self, user: UserId) -> Arc<watch::Sender<()>> {
        entry(&mut lock(&self.members), user, || watch::Sender::new(()))
    }

    pub fn has_members(&self) -> bool {
        lock(&self.members).values().any(|member| member.strong_count() > 0)
    }

    /// Wakes the streams of these members, and of all if everything was touched; returns the channels that
    /// are to be read.
    pub fn touch(&self, touched: &Touched) -> Vec<Arc<Channel>> {
        if touched.everything {
            self.signal.send_modify(|signal| signal.generation = signal.generation.wrapping_add(1));
        }
        let members = lock(&self.members);
        for member in touched.members.iter().filter_map(|user| members.get(user)?.upgrade()) {
            member.send_replace(());
        }
        drop(members);
        let is_touched = |topic: &Topic| match topic {
            Topic::Thread(root) => touched.all_threads || touched.threads.contains(root),
            Topic::Newest | Topic::Ranked(_) => touched.lists,
        };
        let channels = lock(&self.channels);
        let open = channels.iter().filter(|(topic, _)| is_touched(topic));
        open.filter_map(|(_, channel)| channel.upgrade()).filter(|channel| channel.is_to_be_read()).collect()
    }
}

impl Channel {
    fn is_to_be_read(&self) -> bool {
        self.found.receiver_count() > 0 && !self.is_due.swap(true, Ordering::AcqRel)
    }
}
