//! One connection: HTTP/1.1 or HTTP/2, or the events of an open page.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use axum::response::Response;
use http_body::Body as _;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::in_flight::StreamGuard;
use super::shutdown::ShutdownSignal;
use super::timeout_stream::TimeoutStream;
use super::tracking::TrackedRouter;
use crate::timeouts::Timeouts;

const MAX_HEAD_BYTES: u32 = 64 * 1024;
/// Concurrent streams per HTTP/2 connection.
const MAX_STREAMS: u32 = 64;
/// Send buffer of an HTTP/2 stream.
const STREAM_BUFFER_BYTES: usize = 64 * 1024;

pub struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    pub fn new(timeouts: &Timeouts) -> Protocols {
        // `timeout_stream` handles slow heads and idle connections separately.
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_HEAD_BYTES as usize);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEAD_BYTES)
            .max_send_buf_size(STREAM_BUFFER_BYTES)
            .keep_alive_interval(timeouts.idle)
            .keep_alive_timeout(timeouts.head);
        Protocols { http1, http2 }
    }

    /// Serves a connection until it is closed; what hyper needs is freed before events are sent.
    pub async fn serve(&self, mut stream: TimeoutStream, router: TrackedRouter, shutdown: &ShutdownSignal) {
        let begun = tokio::select! {
            begun = stream.begins_http2() => begun,
            () = shutdown.closed() => return,
        };
        let served = match begun {
            Ok(true) => Box::pin(self.serve_http2(stream, router, shutdown)).await,
            Ok(false) => match Box::pin(self.serve_http1(stream, router, shutdown)).await {
                Ok(Some((stream, answer))) => send_events(stream, answer).await.map_err(Into::into),
                Ok(None) => Ok(()),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    /// Returns the connection, on which all else is sent, and the response if that is an event stream.
    async fn serve_http1(
        &self,
        stream: TimeoutStream,
        router: TrackedRouter,
        shutdown: &ShutdownSignal,
    ) -> hyper::Result<Option<(TimeoutStream, Response)>> {
        let in_flight = Arc::clone(stream.in_flight());
        let mut connection = self.http1.serve_connection(TokioIo::new(stream), router);
        let mut closed = pin!(shutdown.closed());
        let mut is_closing = false;
        let answer = poll_fn(|cx| {
            if !is_closing && closed.as_mut().poll(cx).is_ready() {
                is_closing = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            let ended = Pin::new(&mut connection).poll(cx);
            match in_flight.take_event_stream() {
                Some(answer) => Poll::Ready(Ok(Some(answer))),
                None => ended.map_ok(|()| None),
            }
        });
        let answer = answer.await?;
        Ok(answer.map(|answer| (connection.into_parts().io.into_inner(), answer)))
    }

    async fn serve_http2(
        &self,
        stream: TimeoutStream,
        router: TrackedRouter,
        shutdown: &ShutdownSignal,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut connection = pin!(self.http2.serve_connection(TokioIo::new(stream), router));
        tokio::select! {
            biased;
            () = shutdown.closed() => connection.as_mut().graceful_shutdown(),
            ended = &mut connection => return Ok(ended?),
        }
        Ok(connection.await?)
    }
}

/// Writes the response until it ends, which the end of the connection shows, or the reader leaves. Unlike a
/// connection that is read for more requests, it needs no buffers while it is idle.
async fn send_events(mut stream: TimeoutStream, answer: Response) -> io::Result<()> {
    let _guard = StreamGuard::begin(stream.in_flight());
    stream.in_flight().release();
    let (head, mut body) = answer.into_parts();
    let mut text = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            text.extend_from_slice(part);
        }
    }
    text.extend_from_slice(b"connection: close\r\n\r\n");
    drop(head);
    stream.write_all(&text).await?;
    drop(text);
    loop {
        let mut sent_by_reader = [0];
        let frame = tokio::select! {
            frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)) => frame,
            // Whoever sends anything waits for something else.
            _ = stream.read(&mut sent_by_reader) => return Ok(()),
        };
        match frame {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    stream.write_all(&data).await?;
                }
            }
            Some(Err(error)) => return Err(io::Error::other(error)),
            None => return stream.shutdown().await,
        }
    }
}
