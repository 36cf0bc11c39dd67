//! The requests in flight on a connection, and its progress.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use http::Version;
use tokio::time::{Duration, Instant};

use super::h2_progress::ResponseProgress;

/// A request that takes longer is waiting for the client.
const SLOW_AFTER: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub struct InFlight {
    running: AtomicUsize,
    activity: AtomicUsize,
    http2: AtomicBool,
    /// `None` while idle.
    busy_since: Mutex<Option<Instant>>,
    evicted: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// HTTP/2 only.
    pub(super) responses: ResponseProgress,
}

impl InFlight {
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    pub fn activity(&self) -> usize {
        self.activity.load(Ordering::Acquire)
    }

    pub(super) fn note_activity(&self) {
        self.activity.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether the connection is idle, or busy for longer than a response takes.
    pub fn is_slow(&self) -> bool {
        let busy_since = *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner);
        busy_since.is_none_or(|since| since.elapsed() > SLOW_AFTER)
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
        if in_flight.running.fetch_add(1, Ordering::AcqRel) == 0 {
            *in_flight.busy_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        in_flight.note_activity();
        InFlightGuard(Arc::clone(in_flight))
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.note_activity();
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            *self.0.busy_since.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}
