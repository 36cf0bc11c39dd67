use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum_server::accept::Accept;
use http::header::CONNECTION;
use http::{HeaderValue, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Duration, Instant};
use tower_service::Service;

use super::h2_progress::{ProgressBody, ResponseProgress};
use super::listener::ShutdownSignal;
use super::timeout_stream::TimeoutStream;

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

struct InFlightGuard(Arc<InFlight>);

impl InFlightGuard {
    fn begin(in_flight: &Arc<InFlight>, version: Version) -> InFlightGuard {
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

#[derive(Debug, Clone)]
pub struct TrackingAcceptor {
    shutdown: Arc<ShutdownSignal>,
}

impl TrackingAcceptor {
    pub fn new(shutdown: Arc<ShutdownSignal>) -> TrackingAcceptor {
        TrackingAcceptor { shutdown }
    }
}

impl<S> Accept<TimeoutStream, S> for TrackingAcceptor {
    type Stream = TimeoutStream;
    type Service = TrackedRouter<S>;
    type Future = Ready<io::Result<(TimeoutStream, TrackedRouter<S>)>>;

    fn accept(&self, connection: TimeoutStream, service: S) -> Self::Future {
        let (in_flight, shutdown) = (Arc::clone(connection.in_flight()), Arc::clone(&self.shutdown));
        ready(Ok((connection, TrackedRouter { service, in_flight, shutdown })))
    }
}

#[derive(Clone)]
pub struct TrackedRouter<S> {
    service: S,
    in_flight: Arc<InFlight>,
    shutdown: Arc<ShutdownSignal>,
}

impl<S> Service<Request<Incoming>> for TrackedRouter<S>
where
    S: Service<Request<Incoming>, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let version = request.version();
        let guard = InFlightGuard::begin(&self.in_flight, version);
        let (in_flight, shutdown) = (Arc::clone(&self.in_flight), Arc::clone(&self.shutdown));
        let answer = self.service.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            if version == Version::HTTP_2 && !answer.body().is_end_stream() {
                answer = answer.map(|body| Body::new(ProgressBody::new(body, &in_flight)));
            }
            drop(guard);
            // HTTP/2 sends GOAWAY itself.
            if version < Version::HTTP_2 && shutdown.is_triggered() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        })
    }
}
