//! How many at once: past that, the answer is a polite “later”.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::LARGEST_BODY;
use crate::web::client_ip::ClientIp;
use crate::web::error::Error;
use crate::web::fair_semaphore::{FairPermit, FairSemaphore};
use crate::web::limit;
use crate::web::recovered_form;
use crate::web::state::App;

/// The part of all places that is kept for what somebody has typed: an eighth.
const FOR_WRITERS: usize = 8;

/// What all requests whose body is waited for may take in memory together, in kilobytes.
const BODIES: usize = 32 * 1_024;
/// What one of them takes with a small body, in kilobytes; most is what it waits in.
const BODY: usize = 16;
/// Of that, how much is for the body, in bytes; a longer one takes as much again whenever it is full.
const SMALL: usize = 4 * 1_024;

/// The places for requests that are being answered, and the memory for bodies that are still arriving.
pub struct Crowd {
    places: FairSemaphore,
    kept: usize,
    bodies: FairSemaphore,
}

impl Crowd {
    pub fn new(places: u32, limited: bool) -> Crowd {
        let places = usize::try_from(places).unwrap_or(usize::MAX);
        let (kept, places) = (places / FOR_WRITERS, FairSemaphore::new(places, limited));
        Crowd { places, kept, bodies: FairSemaphore::new(BODIES, limited) }
    }
}

/// The whole body of a request, and what it takes of the memory for bodies.
async fn whole(
    mut body: Body,
    bodies: &FairSemaphore,
    address: Option<IpAddr>,
) -> Result<(Bytes, Vec<FairPermit>), Response> {
    let too_large = || StatusCode::PAYLOAD_TOO_LARGE.into_response();
    let busy = IntoResponse::into_response;
    if body.size_hint().lower() > LARGEST_BODY as u64 {
        return Err(too_large());
    }
    let mut taken = vec![bodies.take(BODY, address).map_err(busy)?];
    let mut all = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST.into_response())?;
        let Ok(data) = frame.into_data() else { continue };
        if all.len() + data.len() > LARGEST_BODY {
            return Err(too_large());
        }
        while all.capacity() < all.len() + data.len() {
            let more = all.capacity().max(SMALL);
            // The first of it was taken before anything came.
            if all.capacity() > 0 {
                taken.push(bodies.take(more / 1_024, address).map_err(busy)?);
            }
            all.reserve_exact(all.capacity() + more - all.len());
        }
        // A copy, for a few bytes of a frame would hold all that was read with them.
        all.extend_from_slice(&data);
    }
    Ok((Bytes::from(all), taken))
}

/// A line before work that takes long: some do it at once, some more wait for their turn, and whoever comes after is told to come back.
pub struct Line {
    /// For all who work or wait.
    places: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

/// Somebody's turn, and their place in the line; it ends when this is dropped.
pub struct Turn {
    _held: [OwnedSemaphorePermit; 2],
}

impl Line {
    pub fn new(at_once: usize, waiting: usize) -> Line {
        let places = Arc::new(Semaphore::new(at_once.saturating_add(waiting)));
        Line { places, at_once: Arc::new(Semaphore::new(at_once)) }
    }

    /// # Errors
    /// `Busy` where as many wait as may.
    pub async fn turn(&self) -> Result<Turn, Error> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::Busy)?;
        let turn = Arc::clone(&self.at_once).acquire_owned().await.map_err(Error::internal)?;
        Ok(Turn { _held: [place, turn] })
    }
}

/// Lets a request in while there is a place, the last of them for those that write. Its body is waited for before: whoever sends it slowly
/// keeps nobody out. A long answer goes out while there is room for it.
pub async fn requests(State(app): State<App>, from: ClientIp, request: Request, next: Next) -> Response {
    let (crowd, address) = (&app.crowd, from.fair_key());
    let (request, _taken) = if request.method().is_safe() || request.body().is_end_stream() {
        (request, Vec::new())
    } else {
        let (parts, body) = request.into_parts();
        match tokio::time::timeout(app.timeouts.body, whole(body, &crowd.bodies, address)).await {
            Ok(Ok((body, taken))) => (Request::from_parts(parts, Body::from(body)), taken),
            Ok(Err(refusal)) => return refusal,
            Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
        }
    };
    let is_full = request.method().is_safe() && crowd.places.left() <= crowd.kept;
    if is_full {
        return limit::overloaded(&app, from).into_response();
    }
    let response = match crowd.places.take(1, address) {
        Ok(_place) => next.run(request).await,
        Err(_) => recovered_form::refuse_early(&app, limit::overloaded(&app, from), request).await,
    };
    app.room.place(response, address).unwrap_or_else(IntoResponse::into_response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_take_room_as_they_come_and_no_more_than_there_is() {
        let kilobytes = BODY + 3 * SMALL / 1_024;
        let stock = FairSemaphore::new(kilobytes, false);
        let (body, taken) = whole(Body::from(vec![7; 4 * SMALL]), &stock, None).await.expect("it fits");
        assert!(body.len() == 4 * SMALL && body.iter().all(|byte| *byte == 7));
        assert_eq!(stock.left(), 0);
        assert!(whole(Body::from("a"), &stock, None).await.is_err(), "there is no room for another");
        drop(taken);
        assert!(whole(Body::from("a"), &stock, None).await.is_ok());
        let status = |refused: Result<_, Response>| refused.err().map(|refused| refused.status());
        let longer = whole(Body::from(vec![7; 4 * SMALL + 1]), &stock, None).await;
        assert_eq!(status(longer), Some(StatusCode::SERVICE_UNAVAILABLE));
        let longest = whole(Body::from(vec![7; LARGEST_BODY + 1]), &stock, None).await;
        assert_eq!(status(longest), Some(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(stock.left(), kilobytes, "all was given back");
    }
}
