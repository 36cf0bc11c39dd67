//! What is logged and counted of each request when it has ended, which is when its response has been sent or
//! its client has gone away.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use http_body::{Frame, SizeHint};

use crate::web::route_table::RoutePatterns;
use crate::web::state::App;

/// The target of request lines, by which `log_filter` can turn them off.
const TARGET: &str = "stoa::requests";

/// A request that has not ended. It is recorded when this is dropped.
pub struct RunningRequest {
    app: App,
    method: &'static str,
    route: &'static str,
    id: HeaderValue,
    began: Duration,
    /// The status, and the time until the response began.
    answer: Option<(StatusCode, Duration)>,
    bytes: u64,
}

impl RunningRequest {
    /// `None` if requests are neither logged nor counted.
    pub fn begin(
        app: &App,
        patterns: &RoutePatterns,
        request: &Request,
        id: &HeaderValue,
    ) -> Option<RunningRequest> {
        let is_logged = tracing::enabled!(target: TARGET, tracing::Level::INFO);
        (is_logged || app.metrics.requests.is_some()).then(|| RunningRequest {
            app: app.clone(),
            method: known_method(request.method()),
            route: patterns.pattern(request.uri().path()),
            id: id.clone(),
            began: app.clock.uptime(),
            answer: None,
            bytes: 0,
        })
    }

    /// The response, which ends the request when it has been sent.
    pub fn measured(mut self, response: Response) -> Response {
        self.answer = Some((response.status(), self.elapsed()));
        response.map(|body| Body::new(MeasuredBody { body, request: self }))
    }

    fn elapsed(&self) -> Duration {
        self.app.clock.uptime().saturating_sub(self.began)
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        let ended = self.elapsed();
        let (status, took) = self.answer.unwrap_or((client_gone(), ended));
        if let Some(metrics) = &self.app.metrics.requests {
            metrics.record((self.method, self.route), (status, took, self.bytes));
        }
        // Refusals are logged together, so that a flood of them does not fill the disk.
        let is_refused = matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        if is_refused || !self.app.admission.request_lines.take(self.app.clock.uptime()) {
            return;
        }
        tracing::info!(
            target: TARGET,
            method = self.method,
            route = self.route,
            status = status.as_u16(),
            ms = milliseconds(took),
            sent_ms = milliseconds(ended),
            bytes = self.bytes,
            request_id = self.id.to_str().unwrap_or_default(),
            "answered"
        );
    }
}

/// The status of a request whose client went away before there was a response, as proxies log it.
fn client_gone() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

/// A body whose bytes are counted as they are sent.
struct MeasuredBody {
    body: Body,
    request: RunningRequest,
}

impl HttpBody for MeasuredBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.request.bytes += data.len() as u64;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
