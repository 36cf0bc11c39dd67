//! How far the answers of an HTTP/2 connection have come. There an answer that its reader does not take stands still while the connection
//! goes on, so each is sent in pieces, and it is noted when one was asked for last.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use super::watch::Requests;

/// How long a piece is, in bytes: who takes so much in the time for a reader is no sleeper.
const PIECE: usize = 16 * 1024;

/// The answers that are on their way, and when each moved last.
#[derive(Debug, Default)]
pub struct Answers {
    moved: Mutex<Moved>,
    begun: AtomicUsize,
}

#[derive(Debug, Default)]
struct Moved {
    each: HashMap<usize, Instant>,
    /// When any of them did, those that are gone among them.
    any: Option<Instant>,
}

impl Answers {
    fn lock(&self) -> MutexGuard<'_, Moved> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when one of them has stood still, or where `all` have to, all of them.
    pub fn still_since(&self, all: bool) -> Option<Instant> {
        let moved = self.lock();
        let longest = moved.each.values().min().copied();
        if all { longest.and(moved.any) } else { longest }
    }
}

/// The body of an answer, handed out in pieces as its reader takes them.
pub struct Flow {
    body: Body,
    /// What is left of the part that was handed over last.
    left: Bytes,
    requests: Arc<Requests>,
    id: usize,
}

impl Flow {
    pub fn new(body: Body, requests: &Arc<Requests>) -> Flow {
        let id = requests.answers.begun.fetch_add(1, Ordering::Relaxed);
        let flow = Flow { body, left: Bytes::new(), requests: Arc::clone(requests), id };
        flow.moved();
        flow
    }

    /// HTTP/2 asks for the next piece when its reader has room for it.
    fn moved(&self) {
        let (now, mut moved) = (Instant::now(), self.requests.answers.lock());
        moved.each.insert(self.id, now);
        moved.any = Some(now);
        drop(moved);
        self.requests.turn();
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.requests.answers.lock().each.remove(&self.id);
    }
}

impl http_body::Body for Flow {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        while self.left.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.left = data,
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        self.moved();
        let length = PIECE.min(self.left.len());
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
