//! How many at once: past that, the answer is a polite “later”.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
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

/// What long answers take in memory until their last reader has them: past that, who asks for another is told to come back.
pub struct Room {
    kilobytes: Arc<Semaphore>,
}

/// Answers shorter than this are not counted: connections are, and they hold no more of such than of anything else.
const LONG: usize = 64 * 1024;

/// Room that is taken until this is dropped.
type Taken = OwnedSemaphorePermit;

/// The room of something kept. While nobody is sent it, it takes none, as what is kept has bounds of its own; whoever is sent it while
/// somebody else is shares what that one took, as it is there once for both.
#[derive(Debug, Default)]
pub struct Shared(Mutex<Weak<Taken>>);

/// Of an answer: how many of its bytes are something kept, and the room of that.
#[derive(Clone)]
pub struct OfKept {
    pub bytes: usize,
    pub room: Arc<Shared>,
}

/// Bytes, and the room that they take until they are dropped.
struct Placed<R> {
    bytes: Bytes,
    _room: R,
}

impl<R> AsRef<[u8]> for Placed<R> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Room {
    pub fn new(megabytes: u32) -> Room {
        let kilobytes = usize::try_from(megabytes).unwrap_or(usize::MAX).saturating_mul(1_024);
        Room { kilobytes: Arc::new(Semaphore::new(kilobytes.min(Semaphore::MAX_PERMITS))) }
    }

    /// Room for so many bytes until it is dropped.
    ///
    /// # Errors
    /// `Busy` where there is not as much.
    pub fn reserve(&self, bytes: usize) -> Result<Taken, Error> {
        let kilobytes = u32::try_from(bytes.div_ceil(1_024)).map_err(|_| Error::Busy)?;
        Arc::clone(&self.kilobytes).try_acquire_many_owned(kilobytes).map_err(|_| Error::Busy)
    }

    /// Room for so many bytes of something kept.
    fn share(&self, shared: &Shared, bytes: usize) -> Result<Arc<Taken>, Error> {
        let mut known = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_enough = |taken: &Arc<Taken>| taken.num_permits() >= bytes.div_ceil(1_024);
        if let Some(taken) = known.upgrade().filter(is_enough) {
            return Ok(taken);
        }
        let taken = Arc::new(self.reserve(bytes)?);
        *known = Arc::downgrade(&taken);
        Ok(taken)
    }

    /// Something kept as a body, which takes its room until it is sent.
    ///
    /// # Errors
    /// `Busy` where there is not as much.
    pub fn body(&self, kept: &Bytes, shared: &Shared) -> Result<Body, Error> {
        if kept.len() < LONG {
            return Ok(Body::from(kept.clone()));
        }
        let _room = self.share(shared, kept.len())?;
        Ok(Body::from(Bytes::from_owner(Placed { bytes: kept.clone(), _room })))
    }

    /// An answer that takes room until it is sent where it is long, for what it shares with others as they do.
    fn place(&self, mut response: Response) -> Result<Response, Error> {
        let all = usize::try_from(response.body().size_hint().lower()).unwrap_or(usize::MAX);
        if all < LONG {
            return Ok(response);
        }
        let kept = response.extensions_mut().remove::<OfKept>();
        let own = all.saturating_sub(kept.as_ref().map_or(0, |kept| kept.bytes));
        let shared = kept.map(|kept| self.share(&kept.room, kept.bytes)).transpose()?;
        let room = Arc::new((self.reserve(own)?, shared));
        Ok(response.map(|body| Body::new(Long { body, room })))
    }
}

/// A body of which each part holds the room of the whole: what was handed on for sending is in memory still.
struct Long {
    body: Body,
    room: Arc<(Taken, Option<Arc<Taken>>)>,
}

impl HttpBody for Long {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Long { body, room } = self.get_mut();
        let placed = |bytes| Bytes::from_owner(Placed { bytes, _room: Arc::clone(room) });
        Pin::new(body).poll_frame(cx).map_ok(|frame| frame.map_data(placed))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Says of a request that there is no room for its answer.
#[derive(Clone, Copy)]
struct NoRoom;

/// Answers a request as one for which there is no room, by the page that all refusals get.
pub async fn refuse(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(NoRoom);
    next.run(request).await
}

/// Lets a request in while there is a place, the last of them for those that write; a long answer goes out while there is room for it.
pub async fn requests(State(app): State<App>, request: Request, next: Next) -> Response {
    let crowd = &app.crowd;
    let is_full = request.method().is_safe() && crowd.places.available_permits() <= crowd.kept;
    if is_full || request.extensions().get::<NoRoom>().is_some() {
        return Error::Busy.into_response();
    }
    match Arc::clone(&crowd.places).try_acquire_owned() {
        Ok(_place) => app.room.place(next.run(request).await).unwrap_or_else(IntoResponse::into_response),
        Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => Error::Busy.into_response(),
    }
}
