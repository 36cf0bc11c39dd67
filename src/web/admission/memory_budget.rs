//! Memory budget for long responses in flight.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::fair_semaphore::{FairPermit, FairSemaphore, Overloaded};

pub struct MemoryBudget {
    kilobytes: FairSemaphore,
}

/// Shorter responses are not counted; the connection limit bounds them.
const MIN_COUNTED_BYTES: usize = 64 * 1024;

/// A reservation shared by all concurrent senders of one cached body.
#[derive(Default)]
pub struct SharedReservation(Mutex<Weak<FairPermit>>);

/// The permits of one response: of its cached part, and of its own bytes.
type SplitReservation = (Option<Arc<FairPermit>>, Option<FairPermit>);

#[derive(Clone)]
pub struct CachedPart {
    pub bytes: usize,
    pub reservation: Arc<SharedReservation>,
}

/// Bytes with their memory reservation, released on drop.
struct ReservedBytes<R> {
    bytes: Bytes,
    _reserved: R,
}

impl<R> AsRef<[u8]> for ReservedBytes<R> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl MemoryBudget {
    /// At least 1 KB: a response counts as the whole budget at most, and one of nothing would limit none.
    pub fn new(megabytes: u32, limited: bool) -> MemoryBudget {
        let kilobytes = usize::try_from(megabytes).unwrap_or(usize::MAX).saturating_mul(1_024);
        MemoryBudget { kilobytes: FairSemaphore::new(kilobytes.max(1), limited) }
    }

    pub fn refused(&self) -> u64 {
        self.kilobytes.refused()
    }

    fn kilobytes(&self, bytes: usize) -> usize {
        bytes.div_ceil(1_024).min(self.kilobytes.size())
    }

    /// Reserves memory until the permit is dropped; `Overloaded` if the budget or the address's share is
    /// spent.
    pub fn reserve(&self, bytes: usize, address: Option<IpAddr>) -> Result<FairPermit, Overloaded> {
        self.kilobytes.try_acquire(self.kilobytes(bytes), address)
    }

    /// Reserves memory for a cached body and a response's own bytes, as one permit, as only a single permit
    /// may exceed an address's share. It is then split, so that later readers keep the cached part only.
    fn share(
        &self,
        shared: &SharedReservation,
        (cached, own): (usize, usize),
        address: Option<IpAddr>,
    ) -> Result<SplitReservation, Overloaded> {
        let mut known = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_enough = |permit: &Arc<FairPermit>| permit.count() >= self.kilobytes(cached);
        if let Some(permit) = known.upgrade().filter(is_enough) {
            let own = if own > 0 { Some(self.reserve(own, address)?) } else { None };
            return Ok((Some(permit), own));
        }
        let mut rest = self.reserve(cached.saturating_add(own), address)?;
        let permit = Arc::new(rest.split(self.kilobytes(cached)).ok_or(Overloaded)?);
        *known = Arc::downgrade(&permit);
        Ok((Some(permit), Some(rest)))
    }

    /// A cached body that releases its reservation once sent; `Overloaded` if the budget is used up.
    pub fn body(
        &self,
        cached: &Bytes,
        shared: &SharedReservation,
        address: Option<IpAddr>,
    ) -> Result<Body, Overloaded> {
        if cached.len() < MIN_COUNTED_BYTES {
            return Ok(Body::from(cached.clone()));
        }
        let _reserved = self.share(shared, (cached.len(), 0), address)?;
        Ok(Body::from(Bytes::from_owner(ReservedBytes { bytes: cached.clone(), _reserved })))
    }

    pub fn admit(&self, mut response: Response, address: Option<IpAddr>) -> Result<Response, Overloaded> {
        let all = usize::try_from(response.body().size_hint().lower()).unwrap_or(usize::MAX);
        if all < MIN_COUNTED_BYTES {
            return Ok(response);
        }
        let cached = response.extensions_mut().remove::<CachedPart>();
        let own = all.saturating_sub(cached.as_ref().map_or(0, |cached| cached.bytes));
        let reserved = Arc::new(match cached {
            Some(cached) => self.share(&cached.reservation, (cached.bytes, own), address)?,
            None => (None, Some(self.reserve(own, address)?)),
        });
        Ok(response.map(|body| Body::new(ReservedBody { body, reserved })))
    }
}

/// A body whose frames each keep the whole reservation, because frames handed on are still in memory.
struct ReservedBody {
    body: Body,
    reserved: Arc<SplitReservation>,
}

impl HttpBody for ReservedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let ReservedBody { body, reserved } = self.get_mut();
        let reserve = |bytes| Bytes::from_owner(ReservedBytes { bytes, _reserved: Arc::clone(reserved) });
        Pin::new(body).poll_frame(cx).map_ok(|frame| frame.map_data(reserve))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    /// A response under way, of so many kilobytes in the cache and of its own.
    fn begin(
        budget: &MemoryBudget,
        reservation: &Arc<SharedReservation>,
        (cached, own): (usize, usize),
        address: Option<IpAddr>,
    ) -> Response {
        let mut response = Response::new(Body::from(vec![0; (cached + own) * 1_024]));
        let cached = CachedPart { bytes: cached * 1_024, reservation: Arc::clone(reservation) };
        response.extensions_mut().insert(cached);
        budget.admit(response, address).expect("room")
    }

    #[test]
    fn later_readers_keep_what_they_share_with_the_first_and_nothing_of_its_own() {
        let budget = MemoryBudget::new(1, true);
        // The second is of more than an address's share.
        for own in [100, 400] {
            let shared = Arc::default();
            let first = begin(&budget, &shared, (100, own), address(1));
            let second = begin(&budget, &shared, (100, 50), address(2));
            assert_eq!(budget.kilobytes.available(), 1_024 - 100 - own - 50);
            drop(first);
            assert_eq!(budget.kilobytes.available(), 1_024 - 100 - 50, "its own part is given back");
            assert!(budget.reserve(157 * 1_024, address(1)).is_err(), "the shared part is charged still");
            assert!(budget.reserve(156 * 1_024, address(1)).is_ok(), "and no more");
            let third = begin(&budget, &shared, (100, 0), address(3));
            drop(second);
            assert_eq!(budget.kilobytes.available(), 1_024 - 100);
            drop(third);
            assert_eq!(budget.kilobytes.available(), 1_024);
        }
    }

    #[test]
    fn without_memory_one_long_response_goes_out_at_a_time() {
        for limited in [false, true] {
            let budget = MemoryBudget::new(0, limited);
            let first = budget.reserve(MIN_COUNTED_BYTES, address(1)).expect("one");
            assert!(budget.reserve(MIN_COUNTED_BYTES, address(2)).is_err(), "and no other");
            drop(first);
            assert!(budget.reserve(MIN_COUNTED_BYTES, address(2)).is_ok());
        }
    }
}
