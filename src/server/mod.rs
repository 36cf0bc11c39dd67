mod h2_progress;
mod in_flight;
mod listener;
mod shutdown;
mod timeout_stream;
mod tracking;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum_server::{Handle, Server};
use listener::{LimitedListener, PeerAddr};
use shutdown::ShutdownSignal;
use tokio::time::{Duration, sleep};
use tracking::TrackingAcceptor;

use crate::config::ServerSettings;
use crate::metrics::ConnectionMetrics;
use crate::timeouts::Timeouts;

const MAX_HEAD_BYTES: u32 = 64 * 1024;
/// Concurrent streams per HTTP/2 connection.
const MAX_STREAMS: u32 = 64;
/// Send buffer of an HTTP/2 stream.
const STREAM_BUFFER_BYTES: usize = 64 * 1024;

#[derive(Clone)]
pub struct ServerHandle {
    handle: Handle<PeerAddr>,
    shutdown: Arc<ShutdownSignal>,
    timeouts: Timeouts,
    metrics: Arc<ConnectionMetrics>,
}

impl ServerHandle {
    pub fn new(timeouts: Timeouts) -> ServerHandle {
        let (shutdown, metrics) = (Arc::default(), Arc::default());
        ServerHandle { handle: Handle::new(), shutdown, timeouts, metrics }
    }

    pub fn connections(&self) -> usize {
        self.handle.connection_count()
    }

    pub fn metrics(&self) -> &Arc<ConnectionMetrics> {
        &self.metrics
    }

    /// Serves until stopped and all requests are answered, or the grace period ends. Fails if the listener
    /// cannot be used.
    pub async fn serve(
        &self,
        router: Router,
        listener: std::net::TcpListener,
        config: &ServerSettings,
    ) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (shutdown, metrics) = (Arc::clone(&self.shutdown), Arc::clone(&self.metrics));
        let listener = LimitedListener::new(listener, shutdown, config, self.timeouts, metrics);
        let acceptor = TrackingAcceptor::new(Arc::clone(&self.shutdown));
        let mut server = Server::from_listener(listener).acceptor(acceptor).handle(self.handle.clone());
        let http = server.http_builder();
        // `timeout_stream` handles slow heads and idle connections separately.
        http.http1().max_buf_size(MAX_HEAD_BYTES as usize);
        http.http2()
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEAD_BYTES)
            .max_send_buf_size(STREAM_BUFFER_BYTES)
            .keep_alive_interval(self.timeouts.idle)
            .keep_alive_timeout(self.timeouts.head);
        server.serve(router.into_make_service_with_connect_info::<SocketAddr>()).await
    }

    /// Graceful shutdown: connections close after their next response, then the listener and idle connections
    /// are closed, then running requests may finish.
    pub async fn stop(&self) {
        self.shutdown.trigger();
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < self.timeouts.drain && (self.connections() > 0 || waited < self.timeouts.handshake) {
            sleep(step).await;
            waited += step;
        }
        self.handle.graceful_shutdown(Some(self.timeouts.grace));
    }
}
