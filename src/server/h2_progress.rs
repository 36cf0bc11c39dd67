//! Progress of HTTP/2 responses, sent in chunks because a stalled stream does not stall its connection.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use super::in_flight::InFlight;

/// In bytes; a reader that takes one chunk within the timeout is not stalled.
const PROGRESS_CHUNK: usize = 16 * 1024;

#[derive(Debug, Default)]
pub struct ResponseProgress {
    last: Mutex<LastProgress>,
    begun: AtomicUsize,
}

#[derive(Debug, Default)]
struct LastProgress {
    each: HashMap<usize, Instant>,
    any: Option<Instant>,
}

impl ResponseProgress {
    fn lock(&self) -> MutexGuard<'_, LastProgress> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When one of them, or with `all` every one, last made progress.
    pub fn stalled_since(&self, all: bool) -> Option<Instant> {
        let last = self.lock();
        let longest = last.each.values().min().copied();
        if all { longest.and(last.any) } else { longest }
    }
}

pub struct ProgressBody {
    body: Body,
    /// The rest of the current frame.
    left: Bytes,
    in_flight: Arc<InFlight>,
    id: usize,
}

impl ProgressBody {
    pub fn new(body: Body, in_flight: &Arc<InFlight>) -> ProgressBody {
        let id = in_flight.responses.begun.fetch_add(1, Ordering::Relaxed);
        let body = ProgressBody { body, left: Bytes::new(), in_flight: Arc::clone(in_flight), id };
        body.note_progress();
        body
    }

    /// HTTP/2 polls for the next chunk when the stream's window allows it.
    fn note_progress(&self) {
        let (now, mut last) = (Instant::now(), self.in_flight.responses.lock());
        last.each.insert(self.id, now);
        last.any = Some(now);
        drop(last);
        self.in_flight.note_activity();
    }
}

impl Drop for ProgressBody {
    fn drop(&mut self) {
        self.in_flight.responses.lock().each.remove(&self.id);
    }
}

impl http_body::Body for ProgressBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        while self.left.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.left = data,
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        self.note_progress();
        let length = PROGRESS_CHUNK.min(self.left.len());
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (body, left) = (self.body.size_hint(), u64::try_from(self.left.len()).unwrap_or(u64::MAX));
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(left));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(left));
        }
        hint
    }
}
