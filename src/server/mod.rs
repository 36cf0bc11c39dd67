//! Answering over TCP: how many connections at once, how patient with each, and how it all ends.

mod connection;
mod door;
mod flow;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum_server::{Handle, Server};
use tokio::time::{Duration, sleep};

use crate::config::ServerSettings;
use crate::patience::Patience;
use door::{Closing, Door, Peer};
use watch::Attendant;

/// The largest head of a request, in bytes.
const LARGEST_HEAD: u32 = 64 * 1024;
/// How many requests one HTTP/2 connection may have running.
const STREAMS: u32 = 64;
/// How much of an answer HTTP/2 holds for one stream, in bytes.
const STREAM_BUFFER: usize = 64 * 1024;

/// A forum that answers, and the way to stop it.
#[derive(Clone)]
pub struct Running {
    handle: Handle<Peer>,
    closing: Arc<Closing>,
    patience: Patience,
}

impl Running {
    pub fn new(patience: Patience) -> Running {
        Running { handle: Handle::new(), closing: Arc::default(), patience }
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.handle.connection_count()
    }

    /// Answers on `listener` until it was told to stop and every running request has its answer, or the grace is over.
    ///
    /// # Errors
    /// Where the listener cannot be used.
    pub async fn serve(
        &self,
        router: Router,
        listener: std::net::TcpListener,
        config: &ServerSettings,
    ) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let door = Door::new(listener, Arc::clone(&self.closing), config, self.patience);
        let attendant = Attendant::new(Arc::clone(&self.closing));
        let mut server = Server::from_listener(door).acceptor(attendant).handle(self.handle.clone());
        let http = server.http_builder();
        // Slow heads and idle connections end in `connection`, which tells the two apart.
        http.http1().max_buf_size(LARGEST_HEAD as usize);
        http.http2()
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(LARGEST_HEAD)
            .max_send_buf_size(STREAM_BUFFER)
            .keep_alive_interval(self.patience.idle)
            .keep_alive_timeout(self.patience.head);
        server.serve(router.into_make_service_with_connect_info::<SocketAddr>()).await
    }

    /// Stops in steps, so that no request is lost: nobody new sets out, and each connection is closed by the answer that it gets next; a
    /// little later the door and those on which nothing came are closed; then what still runs may finish.
    pub async fn stop(&self) {
        self.closing.say();
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < self.patience.last_call && (self.connections() > 0 || waited < self.patience.handshake) {
            sleep(step).await;
            waited += step;
        }
        self.handle.graceful_shutdown(Some(self.patience.grace));
    }
}
