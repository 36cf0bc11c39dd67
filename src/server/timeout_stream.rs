//! A TCP stream that enforces connection timeouts.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::in_flight::InFlight;
use crate::fair_semaphore::FairPermit;
use crate::timeouts::Timeouts;

/// How HTTP/2 begins, unlike any request of HTTP/1.1.
const HTTP2: &[u8; 3] = b"PRI";

pub struct TimeoutStream {
    stream: TcpStream,
    /// The first bytes, which were read to tell the protocol, and are read again.
    read_ahead: Vec<u8>,
    in_flight: Arc<InFlight>,
    timeouts: Timeouts,
    /// A proxy's connection carries many users' requests.
    is_proxy: bool,
    activity: usize,
    /// Last time a request began or ended, or a response made progress.
    quiet_since: Instant,
    /// When the current request head began to arrive.
    head_since: Option<Instant>,
    blocked_since: Option<Instant>,
    /// May fire early, never late.
    timer: Pin<Box<Sleep>>,
}

impl TimeoutStream {
    pub fn new(
        stream: TcpStream,
        (permit, in_flight): (FairPermit, Arc<InFlight>),
        timeouts: Timeouts,
        is_proxy: bool,
    ) -> TimeoutStream {
        let now = Instant::now();
        in_flight.keep(permit);
        TimeoutStream {
            stream,
            read_ahead: Vec::new(),
            in_flight,
            timeouts,
            is_proxy,
            activity: 0,
            quiet_since: now,
            // A new connection is expected to send a request.
            head_since: Some(now),
            blocked_since: None,
            timer: Box::pin(sleep_until(now + timeouts.head)),
        }
    }

    pub fn in_flight(&self) -> &Arc<InFlight> {
        &self.in_flight
    }

    /// Whether a new connection uses HTTP/2. Fails if it is closed before that is known.
    pub async fn begins_http2(&mut self) -> io::Result<bool> {
        let mut first = Vec::with_capacity(HTTP2.len());
        while HTTP2.starts_with(&first) && first.len() < HTTP2.len() {
            let missing = HTTP2.len() - first.len();
            let mut rest = (&mut *self).take(u64::try_from(missing).unwrap_or_default());
            if rest.read_buf(&mut first).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let is_http2 = first == HTTP2;
        self.read_ahead = first;
        Ok(is_http2)
    }

    /// Resets the timers if requests began, ended or made progress.
    fn note_progress(&mut self) {
        let activity = self.in_flight.activity();
        if activity != self.activity {
            self.activity = activity;
            self.quiet_since = Instant::now();
            self.head_since = None;
        }
    }

    /// `None` while a request is processed, which has its own timeout, and while an event stream goes on.
    fn deadline(&self) -> Option<Instant> {
        // One stalled reader must not end a proxy's connection.
        let still = self.in_flight.responses.stalled_since(self.is_proxy);
        if let Some(since) = self.blocked_since.into_iter().chain(still).min() {
            return Some(since + self.timeouts.reader);
        }
        if self.in_flight.is_busy() {
            return None;
        }
        Some(
            self.head_since
                .map_or_else(|| self.quiet_since + self.timeouts.idle, |head| head + self.timeouts.head),
        )
    }

    /// Whether a timeout has expired; otherwise registers `cx` for it.
    fn poll_timed_out(&mut self, cx: &mut Context<'_>) -> bool {
        self.in_flight.wake_on_evict(cx);
        if self.in_flight.is_evicted() {
            return true;
        }
        let Some(deadline) = self.deadline() else { return false };
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if deadline <= Instant::now() {
                return true;
            }
            self.timer.as_mut().reset(deadline);
        }
        false
    }

    fn on_write(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if outcome.is_pending() {
            self.blocked_since.get_or_insert_with(Instant::now);
            return if self.poll_timed_out(cx) {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            } else {
                Poll::Pending
            };
        }
        // HTTP/2 also writes by itself: answering a ping is not progress.
        if self.blocked_since.take().is_some() || !self.in_flight.is_http2() {
            self.quiet_since = Instant::now();
        }
        outcome
    }
}

impl Drop for TimeoutStream {
    fn drop(&mut self) {
        self.in_flight.release();
    }
}

impl AsyncRead for TimeoutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if buf.remaining() >= this.read_ahead.len() {
            buf.put_slice(&std::mem::take(&mut this.read_ahead));
        }
        let (before, outcome) = (buf.filled().len(), Pin::new(&mut this.stream).poll_read(cx, buf));
        // What was read ahead is there even if nothing follows.
        let outcome = if before > 0 { Poll::Ready(Ok(())) } else { outcome };
        this.note_progress();
        if outcome.is_pending() {
            return if this.poll_timed_out(cx) {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            } else {
                Poll::Pending
            };
        }
        // HTTP/2 reads control frames too; its next request only has the idle timeout.
        if !this.in_flight.is_busy() && !this.in_flight.is_http2() {
            this.head_since.get_or_insert_with(Instant::now);
        }
        outcome
    }
}

impl AsyncWrite for TimeoutStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.on_write(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.on_write(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // After a response nothing may be read before the next request: the idle timeout begins here.
        self.note_progress();
        if self.poll_timed_out(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
