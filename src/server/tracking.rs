//! Counts the requests of each connection as they reach the router.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Method, Version};
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use hyper::service::Service;
use tower_service::Service as _;

use super::h2_progress::ProgressBody;
use super::in_flight::{InFlight, InFlightGuard, StreamGuard};
use super::shutdown::ShutdownSignal;

/// The router of one connection.
pub struct TrackedRouter {
    router: Router,
    peer: ConnectInfo<SocketAddr>,
    in_flight: Arc<InFlight>,
    shutdown: Arc<ShutdownSignal>,
}

impl TrackedRouter {
    pub fn new(
        router: Router,
        peer: SocketAddr,
        in_flight: &Arc<InFlight>,
        shutdown: &Arc<ShutdownSignal>,
    ) -> TrackedRouter {
        let (in_flight, shutdown) = (Arc::clone(in_flight), Arc::clone(shutdown));
        TrackedRouter { router, peer: ConnectInfo(peer), in_flight, shutdown }
    }
}

impl Service<Request<Incoming>> for TrackedRouter {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let (version, is_get) = (request.version(), request.method() == Method::GET);
        let guard = InFlightGuard::begin(&self.in_flight, version);
        let (in_flight, shutdown) = (Arc::clone(&self.in_flight), Arc::clone(&self.shutdown));
        request.extensions_mut().insert(self.peer);
        let answer = self.router.clone().call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            if is_get && is_event_stream(&answer) {
                if version < Version::HTTP_2 {
                    in_flight.hand_over(answer);
                    return pending().await;
                }
                let guard = StreamGuard::begin(&in_flight);
                return Ok(answer.map(|body| Body::new(StreamBody { body, _guard: guard })));
            }
            if version == Version::HTTP_2 && !answer.body().is_end_stream() {
                answer = answer.map(|body| Body::new(ProgressBody::new(body, &in_flight)));
            }
            drop(guard);
            // HTTP/2 sends GOAWAY itself.
            if version < Version::HTTP_2 && shutdown.is_draining() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        })
    }
}

fn is_event_stream(answer: &Response) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
}

/// The body of an event stream over HTTP/2. Its reader may be slow, as it is asked for nothing meanwhile.
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
