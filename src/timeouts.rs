//! Connection and request timeouts.

use std::time::Duration;

/// Each is the longest that one step of a request may take; tests are less patient.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// A request's head, from its first byte to its last; and the first byte of a new connection.
    pub head: Duration,
    /// A request's body.
    pub body: Duration,
    /// The answer, from the head of the request on.
    pub answer: Duration,
    /// A reader who takes nothing of what is sent.
    pub reader: Duration,
    /// The next request on an open connection.
    pub idle: Duration,
    /// The same for a trusted proxy, which must be the one that closes, or it loses what it sends meanwhile.
    pub idle_proxy: Duration,
    /// How long a stopping forum still takes requests on open connections, closing each after its response.
    pub drain: Duration,
    /// How long, of that, connections that are on their way have to arrive.
    pub handshake: Duration,
    /// How long running requests may take to finish after that.
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
            // Caddy keeps an idle connection for two minutes, nginx for one.
            idle_proxy: Duration::from_secs(150),
            drain: Duration::from_millis(500),
            handshake: Duration::from_millis(250),
            grace: Duration::from_secs(20),
        }
    }
}
