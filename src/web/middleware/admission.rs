//! Admission control. Refusals count towards the address's request limit.

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::domain::limits::rate_limits::RateLimited;
use crate::web::admission::read_body;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::recovered_form;
use crate::web::state::App;

/// Admits a request once its body has arrived and a permit is free, so that slow clients occupy none; sends a
/// long response once there is memory for it.
pub async fn admit(State(app): State<App>, from: ClientIp, request: Request, next: Next) -> Response {
    let (admission, address) = (&app.admission, from.fair_key());
    let (request, _body) = if request.method().is_safe() || request.body().is_end_stream() {
        (request, Vec::new())
    } else {
        let (parts, body) = request.into_parts();
        match tokio::time::timeout(app.timeouts.body, read_body(body, &admission.bodies, address)).await {
            Ok(Ok((body, permits))) => (Request::from_parts(parts, Body::from(body)), permits),
            Ok(Err(StatusCode::SERVICE_UNAVAILABLE)) => return overloaded(&app, from).into_response(),
            Ok(Err(status)) => return status.into_response(),
            Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
        }
    };
    let response = match admission.admit(request.method(), address) {
        Ok(_place) => next.run(request).await,
        Err(_) => recovered_form::refuse_early(&app, overloaded(&app, from), request).await,
    };
    admission.memory.admit(response, address).unwrap_or_else(|refused| Error::from(refused).into_response())
}

/// Gives up a request that takes too long.
pub async fn in_time(State(app): State<App>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.timeouts.answer, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            app.metrics.timeouts.increment();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

pub async fn rate_limit(State(app): State<App>, from: ClientIp, request: Request, next: Next) -> Response {
    match check(&app, from) {
        Ok(()) => next.run(request).await,
        Err(limited) => recovered_form::refuse_early(&app, limited.into(), request).await,
    }
}

/// The error of a refused request, which counts like any other.
pub fn overloaded(app: &App, from: ClientIp) -> Error {
    check(app, from).err().map_or(Error::Busy, Error::RateLimited)
}

fn check(app: &App, from: ClientIp) -> Result<(), RateLimited> {
    app.limits.check_request(from.ip(), app.settings().requests_per_minute_per_ip)
}
