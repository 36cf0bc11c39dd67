//! How many at once: past that, the answer is a polite “later”.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
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

/// What long pages take in memory until their last reader has them: past that, who asks for another is told to come back. A page that many
/// read is there once.
pub struct Room {
    kilobytes: Arc<Semaphore>,
}

/// Pages shorter than this are not counted: connections are, and they hold no more of such than of anything else.
const LONG: usize = 64 * 1024;

/// A page's bytes, and the room that they take until they are dropped.
struct Placed {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Room {
    pub fn new(megabytes: u32) -> Room {
        let kilobytes = usize::try_from(megabytes).unwrap_or(usize::MAX).saturating_mul(1_024);
        Room { kilobytes: Arc::new(Semaphore::new(kilobytes.min(Semaphore::MAX_PERMITS))) }
    }

    /// Room for so many bytes until it is dropped; none is needed for few.
    ///
    /// # Errors
    /// `Busy` where there is not as much.
    pub fn reserve(&self, bytes: usize) -> Result<Option<OwnedSemaphorePermit>, Error> {
        if bytes < LONG {
            return Ok(None);
        }
        let kilobytes = u32::try_from(bytes.div_ceil(1_024)).map_err(|_| Error::Busy)?;
        Arc::clone(&self.kilobytes).try_acquire_many_owned(kilobytes).map(Some).map_err(|_| Error::Busy)
    }

    /// The same bytes, which keep their room for as long as anything holds them.
    pub fn take(&self, bytes: Bytes) -> Result<Bytes, Error> {
        Ok(match self.reserve(bytes.len())? {
            Some(_room) => Bytes::from_owner(Placed { bytes, _room }),
            None => bytes,
        })
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
