//! How much memory long answers take on their way: past that, who asks for another is told to come back.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::web::error::Error;
use crate::web::fair_semaphore::{FairPermit, FairSemaphore};

/// What long answers take in memory until their last reader has them: past that, who asks for another is told to come back.
pub struct Room {
    kilobytes: FairSemaphore,
}

/// Answers shorter than this are not counted: connections are, and they hold no more of such than of anything else.
const LONG: usize = 64 * 1024;

/// The room of something kept. While nobody is sent it, it takes none, as what is kept has bounds of its own; whoever is sent it while
/// somebody else is shares what that one took, as it is there once for both.
#[derive(Debug, Default)]
pub struct Shared(Mutex<Weak<FairPermit>>);

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
    pub fn new(megabytes: u32, limited: bool) -> Room {
        let kilobytes = usize::try_from(megabytes).unwrap_or(usize::MAX).saturating_mul(1_024);
        Room { kilobytes: FairSemaphore::new(kilobytes, limited) }
    }

    /// What so many bytes take; what is larger than all there is goes out while nothing else does.
    fn kilobytes(&self, bytes: usize) -> usize {
        bytes.div_ceil(1_024).min(self.kilobytes.all())
    }

    /// Room for so many bytes until it is dropped.
    ///
    /// # Errors
    /// `Busy` where there is not as much, or the address has its share.
    pub fn reserve(&self, bytes: usize, address: Option<IpAddr>) -> Result<FairPermit, Error> {
        self.kilobytes.take(self.kilobytes(bytes), address)
    }

    /// Room for so many bytes of something kept, and so many of an answer's own. It is one permit, as an address may have one that is
    /// larger than its share; what is kept counts for whoever asked for it first.
    fn share(
        &self,
        shared: &Shared,
        (kept, own): (usize, usize),
        address: Option<IpAddr>,
    ) -> Result<[Option<Arc<FairPermit>>; 2], Error> {
        let mut known = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_enough = |taken: &Arc<FairPermit>| taken.many() >= self.kilobytes(kept);
        if let Some(taken) = known.upgrade().filter(is_enough) {
            let own = if own > 0 { Some(Arc::new(self.reserve(own, address)?)) } else { None };
            return Ok([Some(taken), own]);
        }
        let taken = Arc::new(self.reserve(kept.saturating_add(own), address)?);
        *known = Arc::downgrade(&taken);
        Ok([Some(taken), None])
    }

    /// Something kept as a body, which takes its room until it is sent.
    ///
    /// # Errors
    /// `Busy` where there is not as much.
    pub fn body(&self, kept: &Bytes, shared: &Shared, address: Option<IpAddr>) -> Result<Body, Error> {
        if kept.len() < LONG {
            return Ok(Body::from(kept.clone()));
        }
        let _room = self.share(shared, (kept.len(), 0), address)?;
        Ok(Body::from(Bytes::from_owner(Placed { bytes: kept.clone(), _room })))
    }

    /// An answer that takes room until it is sent where it is long, for what it shares with others as they do.
    pub fn place(&self, mut response: Response, address: Option<IpAddr>) -> Result<Response, Error> {
        let all = usize::try_from(response.body().size_hint().lower()).unwrap_or(usize::MAX);
        if all < LONG {
            return Ok(response);
        }
        let kept = response.extensions_mut().remove::<OfKept>();
        let own = all.saturating_sub(kept.as_ref().map_or(0, |kept| kept.bytes));
        let room = Arc::new(match kept {
            Some(kept) => self.share(&kept.room, (kept.bytes, own), address)?,
            None => [Some(Arc::new(self.reserve(own, address)?)), None],
        });
        Ok(response.map(|body| Body::new(Long { body, room })))
    }
}

/// A body of which each part holds the room of the whole: what was handed on for sending is in memory still.
struct Long {
    body: Body,
    room: Arc<[Option<Arc<FairPermit>>; 2]>,
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
