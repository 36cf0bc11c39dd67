//! Reads request bodies before a request takes its permit, so that slow clients hold none.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::StatusCode;

use crate::fair_semaphore::{FairPermit, FairSemaphore, Overloaded};

/// Maximum body in bytes: a full text of four-byte characters, percent-encoded.
pub const MAX_BODY_BYTES: usize = 20_000 * 4 * 3 + 16_384;

/// Memory reserved for a request with a small body, in kilobytes; mostly for the waiting request itself.
const SMALL_BODY_KB: usize = 16;
/// The part of it for the body, in bytes; a longer body reserves more as it grows.
const SMALL_BODY_BYTES: usize = 4 * 1_024;

/// Reads a whole body, reserving its memory; fails with the status of the refusal.
pub async fn read_body(
    mut body: Body,
    memory: &FairSemaphore,
    address: Option<IpAddr>,
) -> Result<(Bytes, Vec<FairPermit>), StatusCode> {
    let overloaded = |_: Overloaded| StatusCode::SERVICE_UNAVAILABLE;
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let mut permits = vec![memory.try_acquire(SMALL_BODY_KB, address).map_err(overloaded)?];
    let mut all = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
        if all.len() + data.len() > MAX_BODY_BYTES {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        while all.capacity() < all.len() + data.len() {
            let more = all.capacity().max(SMALL_BODY_BYTES);
            // The initial capacity is already reserved.
            if all.capacity() > 0 {
                permits.push(memory.try_acquire(more / 1_024, address).map_err(overloaded)?);
            }
            all.reserve_exact(all.capacity() + more - all.len());
        }
        // Copy: a slice of a frame would keep the whole read buffer alive.
        all.extend_from_slice(&data);
    }
    Ok((Bytes::from(all), permits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_take_room_as_they_come_and_no_more_than_there_is() {
        let kilobytes = SMALL_BODY_KB + 3 * SMALL_BODY_BYTES / 1_024;
        let memory = FairSemaphore::new(kilobytes, false);
        let four = || Body::from(vec![7; 4 * SMALL_BODY_BYTES]);
        let (body, taken) = read_body(four(), &memory, None).await.expect("it fits");
        assert!(body.len() == 4 * SMALL_BODY_BYTES && body.iter().all(|byte| *byte == 7));
        assert_eq!(memory.available(), 0);
        assert!(read_body(Body::from("a"), &memory, None).await.is_err(), "there is no room for another");
        drop(taken);
        assert!(read_body(Body::from("a"), &memory, None).await.is_ok());
        let longer = read_body(Body::from(vec![7; 4 * SMALL_BODY_BYTES + 1]), &memory, None).await;
        assert_eq!(longer.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
        let longest = read_body(Body::from(vec![7; MAX_BODY_BYTES + 1]), &memory, None).await;
        assert_eq!(longest.err(), Some(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(memory.available(), kilobytes, "all was given back");
    }
}
