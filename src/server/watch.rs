//! What goes on on a connection, told by the requests to the connection that they came over; and its end, told by the answer.

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

use super::connection::Connection;
use super::door::Closing;
use super::flow::{Answers, Flow};

/// What takes longer than this waits for its body, or for much else.
const SLOW: Duration = Duration::from_secs(2);

/// The requests of one connection.
#[derive(Debug, Default)]
pub struct Requests {
    running: AtomicUsize,
    turns: AtomicUsize,
    many: AtomicBool,
    /// Since when something has run; none while nothing does.
    busy: Mutex<Option<Instant>>,
    evicted: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// Of HTTP/2.
    pub(super) answers: Answers,
}

impl Requests {
    /// How many are being answered.
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// A number that changes whenever one begins or ends, or its answer moves on.
    pub fn turns(&self) -> usize {
        self.turns.load(Ordering::Acquire)
    }

    pub(super) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether the other side keeps it waiting: nothing runs, or something for longer than an answer takes.
    pub fn is_slow(&self) -> bool {
        let busy = *self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.is_none_or(|since| since.elapsed() > SLOW)
    }

    /// Ends the connection.
    pub fn evict(&self) {
        self.evicted.store(true, Ordering::Release);
        if let Some(waker) = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }

    /// Wakes `cx` when the connection is to end.
    pub(super) fn wake_when_evicted(&self, cx: &Context<'_>) {
        let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }

    /// Whether the connection is to end now.
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.load(Ordering::Acquire)
    }

    /// Whether several may run at a time, which is HTTP/2.
    pub fn are_many(&self) -> bool {
        self.many.load(Ordering::Acquire)
    }
}

/// A request that runs, until dropped.
struct Run(Arc<Requests>);

impl Run {
    fn begin(requests: &Arc<Requests>, version: Version) -> Run {
        if version == Version::HTTP_2 {
            requests.many.store(true, Ordering::Release);
        }
        if requests.running.fetch_add(1, Ordering::AcqRel) == 0 {
            *requests.busy.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        requests.turn();
        Run(Arc::clone(requests))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.0.turn();
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            *self.0.busy.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// Puts a [`Watched`] between each connection and the site.
#[derive(Debug, Clone)]
pub struct Attendant {
    closing: Arc<Closing>,
}

impl Attendant {
    pub fn new(closing: Arc<Closing>) -> Attendant {
        Attendant { closing }
    }
}

impl<S> Accept<Connection, S> for Attendant {
    type Stream = Connection;
    type Service = Watched<S>;
    type Future = Ready<io::Result<(Connection, Watched<S>)>>;

    fn accept(&self, connection: Connection, service: S) -> Self::Future {
        let (requests, closing) = (Arc::clone(connection.requests()), Arc::clone(&self.closing));
        ready(Ok((connection, Watched { service, requests, closing })))
    }
}

/// The site, as one connection has it.
#[derive(Clone)]
pub struct Watched<S> {
    service: S,
    requests: Arc<Requests>,
    closing: Arc<Closing>,
}

impl<S> Service<Request<Incoming>> for Watched<S>
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
        let run = Run::begin(&self.requests, version);
        let (requests, closing) = (Arc::clone(&self.requests), Arc::clone(&self.closing));
        let answer = self.service.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            if version == Version::HTTP_2 && !answer.body().is_end_stream() {
                answer = answer.map(|body| Body::new(Flow::new(body, &requests)));
            }
            drop(run);
            // HTTP/2 says goodbye by itself.
            if version < Version::HTTP_2 && closing.is_said() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        })
    }
}
