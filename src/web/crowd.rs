//! How many at once: past that, the answer is a polite “later”.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::web::error::Error;
use crate::web::state::App;

/// The part of all places that is kept for what somebody has typed: an eighth.
const FOR_WRITERS: usize = 8;

/// The places for requests that are being answered.
pub struct Crowd {
    places: Arc<Semaphore>,
    kept: usize,
}

impl Crowd {
    pub fn new(places: u32) -> Crowd {
        let places = usize::try_from(places).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        Crowd { places: Arc::new(Semaphore::new(places)), kept: places / FOR_WRITERS }
    }
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

/// Lets a request in while there is a place, the last of them for those that write.
pub async fn requests(State(app): State<App>, request: Request, next: Next) -> Response {
    let crowd = &app.crowd;
    if request.method().is_safe() && crowd.places.available_permits() <= crowd.kept {
        return Error::Busy.into_response();
    }
    match Arc::clone(&crowd.places).try_acquire_owned() {
        Ok(_place) => next.run(request).await,
        Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => Error::Busy.into_response(),
    }
}
