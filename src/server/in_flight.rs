//! The requests in flight on a connection, and its progress.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use axum::response::Response;
use http::Version;
use tokio::time::{Duration, Instant};

use super::h2_progress::ResponseProgress;
use crate::fair_semaphore::FairPermit;

/// A request that takes longer is waiting for the client.
const SLOW_AFTER: Duration = Duration::from_secs(2);

#[derive(Default)]
pub struct InFlight {
    /// When each running request began.
    running: Mutex<Vec<Instant>>,
    activity: AtomicUsize,
    http2: AtomicBool,
    evicted: AtomicBool,
    /// Event streams, which go on for as long as their page is open.
    streams: AtomicUsize,
    permit: Mutex<Option<FairPermit>>,
    released: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// HTTP/1.1 only: a response that goes on for as long as its page is open.
    event_stream: Mutex<Option<Box<Response>>>,
    /// HTTP/2 only.
    pub(super) responses: ResponseProgress,
}

impl InFlight {
    fn lock(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn running(&self) -> usize {
        self.lock().len()
    }

    /// Whether a request is answered, or an event stream goes on.
    pub fn is_busy(&self) -> bool {
        self.running() > 0 || self.streams.load(Ordering::Acquire) > 0
    }

    pub fn keep(&self, permit: FairPermit) {
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
    }

    /// Whether closing it would make room for another.
    pub fn is_limited(&self) -> bool {
        !self.released.load(Ordering::Acquire)
    }

    /// Gives the permit back: event streams have a limit of their own.
    pub fn release(&self) {
        self.released.store(true, Ordering::Release);
        drop(self.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// An event stream needs the connection for itself.
    pub(super) fn hand_over(&self, answer: Response) {
        *self.event_stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(answer));
    }

    pub(super) fn take_event_stream(&self) -> Option<Response> {
        self.event_stream.lock().unwrap_or_else(PoisonError::into_inner).take().map(|answer| *answer)
    }

    pub fn activity(&self) -> usize {
        self.activity.load(Ordering::Acquire)
    }

    pub(super) fn note_activity(&self) {
        self.activity.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether a request has been running for longer than a response takes.
    pub fn is_slow(&self, now: Instant) -> bool {
        self.lock().iter().any(|began| now.saturating_duration_since(*began) > SLOW_AFTER)
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

/// An event stream that goes on.
pub(super) struct StreamGuard(Arc<InFlight>);

impl StreamGuard {
    pub(super) fn begin(in_flight: &Arc<InFlight>) -> StreamGuard {
        in_flight.streams.fetch_add(1, Ordering::AcqRel);
        StreamGuard(Arc::clone(in_flight))
    }
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
        self.0.note_activity();
    }
}

/// A running request, and when it began.
pub(super) struct InFlightGuard(Arc<InFlight>, Instant);

impl InFlightGuard {
    pub(super) fn begin(in_flight: &Arc<InFlight>, version: Version) -> InFlightGuard {
        if version == Version::HTTP_2 {
            in_flight.http2.store(true, Ordering::Release);
        }
        let now = Instant::now();
        in_flight.lock().push(now);
        in_flight.note_activity();
        InFlightGuard(Arc::clone(in_flight), now)
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.note_activity();
        let mut running = self.0.lock();
        if let Some(at) = running.iter().position(|began| *began == self.1) {
            running.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_requests_that_overlap_are_not_slow_and_do_not_hide_a_slow_one() {
        let in_flight = Arc::<InFlight>::default();
        let first = InFlightGuard::begin(&in_flight, Version::HTTP_2);
        std::thread::sleep(Duration::from_millis(2));
        let second = InFlightGuard::begin(&in_flight, Version::HTTP_2);
        let later = first.1 + SLOW_AFTER + Duration::from_millis(1);
        assert!(!in_flight.is_slow(Instant::now()) && in_flight.is_slow(later), "the first has not ended");
        drop(first);
        assert!(!in_flight.is_slow(later), "the second began later");
        assert!(in_flight.is_slow(later + SLOW_AFTER), "and does not end either");
        drop(second);
        assert!(in_flight.running() == 0 && !in_flight.is_slow(later + SLOW_AFTER), "nothing runs");
    }
}
