//! Connection and request timeouts.

use std::time::Duration;

/// Maximum durations of a request's steps; tests use shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// From the first byte to the last of a request head; also for a new connection's first byte.
    pub head: Duration,
    pub body: Duration,
    /// From the end of the request head to the beginning of the response; beyond it, 503.
    pub answer: Duration,
    /// A client that stops reading.
    pub reader: Duration,
    pub idle: Duration,
    /// For a trusted proxy: longer than its own idle timeout, so that it closes first.
    pub idle_proxy: Duration,
    /// How long shutdown still accepts requests on open connections before the idle ones are closed.
    pub drain: Duration,
    /// Part of `drain` in which pending connections may arrive.
    pub handshake: Duration,
    /// How long running requests may take after that.
    pub grace: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            answer: Duration::from_secs(30),
            reader: Duration::from_secs(30),
            idle: Duration::from_secs(20),
            // Caddy's idle timeout is two minutes, nginx's is one.
            idle_proxy: Duration::from_secs(150),
            drain: Duration::from_millis(500),
            handshake: Duration::from_millis(250),
            grace: Duration::from_secs(20),
        }
    }
}
