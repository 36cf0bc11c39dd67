mod connection;
mod h2_progress;
mod in_flight;
mod listener;
mod shutdown;
mod timeout_stream;
mod tracking;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use connection::Protocols;
use listener::LimitedListener;
use shutdown::ShutdownSignal;
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep};
use tracking::TrackedRouter;

use crate::config::ServerSettings;
use crate::metrics::ConnectionMetrics;
use crate::timeouts::Timeouts;

/// The wait after an error of the listener, such as too many open files.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub struct ServerHandle {
    shutdown: Arc<ShutdownSignal>,
    timeouts: Timeouts,
    open: Arc<AtomicUsize>,
    metrics: Arc<ConnectionMetrics>,
}

impl ServerHandle {
    pub fn new(timeouts: Timeouts) -> ServerHandle {
        let (shutdown, open, metrics) = (Arc::default(), Arc::default(), Arc::default());
        ServerHandle { shutdown, timeouts, open, metrics }
    }

    pub fn connections(&self) -> usize {
        self.open.load(Ordering::Acquire)
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
    ) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (shutdown, metrics) = (Arc::clone(&self.shutdown), Arc::clone(&self.metrics));
        let listener = LimitedListener::new(listener, shutdown, config, self.timeouts, metrics);
        let mut connections = JoinSet::new();
        self.accept_all(&router, listener, &mut connections).await;
        let all_ended = async {
            while connections.join_next().await.is_some() {
                self.open.store(connections.len(), Ordering::Release);
            }
            self.shutdown.closed().await;
        };
        let grace_ended = async {
            self.shutdown.closed().await;
            sleep(self.timeouts.grace).await;
        };
        tokio::select! {
            () = all_ended => {}
            () = grace_ended => {}
        }
        self.open.store(0, Ordering::Release);
        Ok(())
    }

    async fn accept_all(&self, router: &Router, listener: LimitedListener, connections: &mut JoinSet<()>) {
        let protocols = Arc::new(Protocols::new(&self.timeouts));
        loop {
            let accepted = tokio::select! {
                biased;
                Some(_) = connections.join_next() => {
                    self.open.store(connections.len(), Ordering::Release);
                    continue;
                }
                () = self.shutdown.closed() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(Some((stream, peer))) => {
                    let (protocols, shutdown) = (Arc::clone(&protocols), Arc::clone(&self.shutdown));
                    let router = TrackedRouter::new(router.clone(), peer, stream.in_flight(), &shutdown);
                    connections.spawn(async move { protocols.serve(stream, router, &shutdown).await });
                    self.open.store(connections.len(), Ordering::Release);
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!(%error, "no connection could be accepted");
                    sleep(RETRY_INTERVAL).await;
                }
            }
        }
    }

    /// Graceful shutdown: connections close after their next response, then the listener and idle connections
    /// are closed, then running requests may finish.
    pub async fn stop(&self) {
        self.shutdown.drain();
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < self.timeouts.drain && (self.connections() > 0 || waited < self.timeouts.handshake) {
            sleep(step).await;
            waited += step;
        }
        self.shutdown.close();
    }
}
