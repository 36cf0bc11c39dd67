//! The requests in flight on a connection, and its progress.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use http::Version;
use tokio::time::{Duration, Instant};

use super::h2_progress::ResponseProgress;

/// A request that takes longer is waiting for the client.
const SLOW_AFTER: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub struct InFlight {
    busy: Mutex<Busy>,
    activity: AtomicUsize,
    http2: AtomicBool,
    evicted: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// HTTP/2 only.
    pub(super) responses: ResponseProgress,
}

/// Both under one lock, so that a running request is never without its time.
#[derive(Debug, Default)]
struct Busy {
    running: usize,
    /// When the connection became busy, or a request last ended while others ran. `None` while idle.
    since: Option<Instant>,
}

impl InFlight {
    fn busy(&self) -> MutexGuard<'_, Busy> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn running(&self) -> usize {
        self.busy().running
    }

    pub fn activity(&self) -> usize {
        self.activity.load(Ordering::Acquire)
    }

    pub(super) fn note_activity(&self) {
        self.activity.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether requests are running and none has ended for longer than a response takes.
    pub fn is_slow(&self, now: Instant) -> bool {
        self.busy().since.is_some_and(|since| now.saturating_duration_since(since) > SLOW_AFTER)
    }

    pub fn evict(&self) {
        self.evicted.store(true, Ordering::Release);
        if let Some(waker) = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }

    pub(super) fn wake_on_evict(&self, cx: &Context<'_>) {
        let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }

    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.load(Ordering::Acquire)
    }

    /// Whether requests are multiplexed.
    pub fn is_http2(&self) -> bool {
        self.http2.load(Ordering::Acquire)
    }
}

pub(super) struct InFlightGuard(Arc<InFlight>);

impl InFlightGuard {
    pub(super) fn begin(in_flight: &Arc<InFlight>, version: Version) -> InFlightGuard {
        if version == Version::HTTP_2 {
            in_flight.http2.store(true, Ordering::Release);
        }
        let mut busy = in_flight.busy();
        busy.running += 1;
        busy.since.get_or_insert_with(Instant::now);
        drop(busy);
        in_flight.note_activity();
        InFlightGuard(Arc::clone(in_flight))
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.note_activity();
        let mut busy = self.0.busy();
        busy.running = busy.running.saturating_sub(1);
        busy.since = (busy.running > 0).then(Instant::now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_requests_that_overlap_are_not_slow() {
        let in_flight = Arc::<InFlight>::default();
        let first = InFlightGuard::begin(&in_flight, Version::HTTP_2);
        let second = InFlightGuard::begin(&in_flight, Version::HTTP_2);
        std::thread::sleep(Duration::from_millis(2));
        let later = Instant::now() + SLOW_AFTER;
        assert!(in_flight.is_slow(later), "neither has ended");
        drop(first);
        assert!(!in_flight.is_slow(later), "one has");
        assert!(in_flight.is_slow(later + SLOW_AFTER), "and the other does not");
        drop(second);
        assert!(in_flight.running() == 0 && !in_flight.is_slow(later + SLOW_AFTER), "nothing runs");
    }
}
