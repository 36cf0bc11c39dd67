//! How far the answers of an HTTP/2 connection have come. There an answer that its reader does not take stands still while the connection
//! goes on, so each is sent in pieces that tell when they are gone.

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
const PIECE: usize = 4 * 1024;

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

/// An answer, until its last piece is gone.
struct Answer {
    requests: Arc<Requests>,
    id: usize,
}

impl Answer {
    fn begin(requests: &Arc<Requests>) -> Answer {
        let id = requests.answers.begun.fetch_add(1, Ordering::Relaxed);
        let answer = Answer { requests: Arc::clone(requests), id };
        answer.moved();
        answer
    }

    fn moved(&self) {
        let (now, mut moved) = (Instant::now(), self.requests.answers.lock());
        moved.each.insert(self.id, now);
        moved.any = Some(now);
        drop(moved);
        self.requests.turn();
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.requests.answers.lock().each.remove(&self.id);
    }
}

/// A piece of an answer: it lasts until it is written out, or nobody wants it any more.
struct Piece {
    bytes: Bytes,
    of: Arc<Answer>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.of.moved();
    }
}

/// The body of an answer, handed out piece by piece.
pub struct Flow {
    body: Body,
    /// What is left of the part that was handed over last.
    left: Bytes,
    answer: Arc<Answer>,
}

impl Flow {
    pub fn new(body: Body, requests: &Arc<Requests>) -> Flow {
        Flow { body, left: Bytes::new(), answer: Arc::new(Answer::begin(requests)) }
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
        let length = PIECE.min(self.left.len());
        let piece = Piece { bytes: self.left.split_to(length), of: Arc::clone(&self.answer) };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(piece)))))
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
