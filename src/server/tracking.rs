//! Counts the requests of each connection as they reach the router.

use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum_server::accept::Accept;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Version};
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use tower_service::Service;

use super::h2_progress::ProgressBody;
use super::in_flight::{InFlight, InFlightGuard, StreamGuard};
use super::shutdown::ShutdownSignal;
use super::timeout_stream::TimeoutStream;

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
            if is_event_stream(&answer) {
                return Ok(streamed(answer, version, &in_flight));
            }
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

fn is_event_stream(answer: &Response) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
}

/// An event stream. Over HTTP/1.1 it has the connection for itself, which is no longer one of those that are
/// limited and ends with it; over HTTP/2 its reader may be slow, as it is asked for nothing in the meantime.
fn streamed(mut answer: Response, version: Version, in_flight: &Arc<InFlight>) -> Response {
    if version < Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        in_flight.release();
    }
    let guard = StreamGuard::begin(in_flight);
    answer.map(|body| Body::new(StreamBody { body, _guard: guard }))
}

/// The body of an event stream.
struct StreamBody {
    body: Body,
    _guard: StreamGuard,
}

impl http_body::Body for StreamBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }
}
