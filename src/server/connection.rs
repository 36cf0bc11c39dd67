//! A connection that ends when the other side keeps it waiting.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::door::Place;
use super::watch::Requests;
use crate::patience::Patience;

pub struct Connection {
    stream: TcpStream,
    requests: Arc<Requests>,
    patience: Patience,
    /// Whether it comes from a proxy, and many people's requests over it.
    is_proxy: bool,
    /// `requests.turns()` when it was looked at last.
    turns: usize,
    /// Since when nothing has happened: no request began or ended, no answer went out.
    quiet: Instant,
    /// Since when a head has been arriving.
    head: Option<Instant>,
    /// Since when the other side has taken nothing of an answer.
    stuck: Option<Instant>,
    /// Wakes the connection; it may ring too early, never too late.
    alarm: Pin<Box<Sleep>>,
    _place: Place,
}

impl Connection {
    pub fn new(stream: TcpStream, place: Place, patience: Patience, is_proxy: bool) -> Connection {
        let now = Instant::now();
        Connection {
            stream,
            requests: place.requests(),
            patience,
            is_proxy,
            turns: 0,
            quiet: now,
            // Whoever connects has something to ask.
            head: Some(now),
            stuck: None,
            alarm: Box::pin(sleep_until(now + patience.head)),
            _place: place,
        }
    }

    pub fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    /// Notices requests that began or ended, and answers that moved on, since the last look.
    fn look(&mut self) {
        let turns = self.requests.turns();
        if turns != self.turns {
            self.turns = turns;
            self.quiet = Instant::now();
            self.head = None;
        }
    }

    /// Until when it waits; for ever while a request is being answered, which has a limit of its own.
    fn due(&self) -> Option<Instant> {
        // One reader who sleeps is no reason to end what a proxy carries for others.
        let still = self.requests.answers.still_since(self.is_proxy);
        if let Some(since) = self.stuck.into_iter().chain(still).min() {
            return Some(since + self.patience.reader);
        }
        if self.requests.running() > 0 {
            return None;
        }
        Some(self.head.map_or_else(|| self.quiet + self.patience.idle, |head| head + self.patience.head))
    }

    /// Whether it has waited long enough; where not, `cx` is woken when it has.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.requests.wake_when_evicted(cx);
        if self.requests.is_evicted() {
            return true;
        }
        let Some(due) = self.due() else { return false };
        if due < self.alarm.deadline() {
            self.alarm.as_mut().reset(due);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if due <= Instant::now() {
                return true;
            }
            self.alarm.as_mut().reset(due);
        }
        false
    }

    /// A write's outcome, and whether the other side keeps it waiting for too long.
    fn wrote(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if outcome.is_pending() {
            self.stuck.get_or_insert_with(Instant::now);
            return if self.is_over(cx) { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { Poll::Pending };
        }
        // HTTP/2 writes without being asked by anybody: what answers a ping is no sign of life.
        if self.stuck.take().is_some() || !self.requests.are_many() {
            self.quiet = Instant::now();
        }
        outcome
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buf);
        this.look();
        if outcome.is_pending() {
            return if this.is_over(cx) { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { Poll::Pending };
        }
        // HTTP/2 reads much that is no head; there the next request has the time of an idle connection to arrive.
        if this.requests.running() == 0 && !this.requests.are_many() {
            this.head.get_or_insert_with(Instant::now);
        }
        outcome
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // After an answer nothing need be read again before the next request comes: here the time of an idle connection begins.
        self.look();
        if self.is_over(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
