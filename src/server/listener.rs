//! Who is let in: so many connections at once, and only a share of them to one address. Where all are taken, the next waits outside.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use axum::extract::connect_info::Connected;
use axum_server::{AddrListener, Address};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, timeout};

use super::in_flight::InFlight;
use super::timeout_stream::TimeoutStream;
use crate::config::{Config, Nets};
use crate::domain::origin::Width;
use crate::timeouts::Timeouts;

/// How soon a place is looked for again while there is none.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);
/// One address may have this part of all connections: a quarter.
const PER_IP_FRACTION: usize = 4;
/// How much of all answers the system holds unsent for slow readers, in bytes, shared out among the connections that there are. So the rest
/// stays where it is counted, and a reader who takes anything shows: the next part is asked for when half of this is gone.
const MAX_UNSENT_BYTES: usize = 32 * 1024 * 1024;
/// The least and the most of it for one connection: a long page goes out fast in parts of that size, and small ones cost time.
const UNSENT_BYTES_PER_CONNECTION: (usize, usize) = (64 * 1024, 256 * 1024);

/// The other end of a connection, as the server's library wants it: with a listener of its own.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddr(pub SocketAddr);

impl Address for PeerAddr {
    type Stream = TimeoutStream;
    type Listener = LimitedListener;
}

impl Connected<PeerAddr> for SocketAddr {
    fn connect_info(peer: PeerAddr) -> SocketAddr {
        peer.0
    }
}

pub struct LimitedListener {
    /// None once it is closed for good.
    listener: Mutex<Option<TcpListener>>,
    shutdown: Arc<ShutdownSignal>,
    places: Arc<Semaphore>,
    all: usize,
    /// Whether the log says already that all places are taken.
    full: AtomicBool,
    /// Connections of each address; none are counted where limits are off.
    shares: Option<PerIpConnections>,
    trusted: Nets,
    timeouts: Timeouts,
}

/// The word that the forum is about to stop.
#[derive(Debug, Default)]
pub struct ShutdownSignal {
    triggered: AtomicBool,
    notify: Notify,
}

impl ShutdownSignal {
    pub fn trigger(&self) {
        self.triggered.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    pub fn is_triggered(&self) -> bool {
        self.triggered.load(Ordering::Acquire)
    }
}

/// The connections of each address, the oldest first.
type PerIpConnections = Arc<Mutex<HashMap<IpAddr, Vec<Arc<InFlight>>>>>;

/// A connection's place, given back when dropped.
pub struct ConnectionPermit {
    _one: OwnedSemaphorePermit,
    share: Option<PerIpPermit>,
}

impl ConnectionPermit {
    /// The requests of the connection.
    pub fn in_flight(&self) -> Arc<InFlight> {
        self.share.as_ref().map(|share| Arc::clone(&share.in_flight)).unwrap_or_default()
    }
}

/// One of the connections that an address may have, given back when dropped.
struct PerIpPermit {
    shares: PerIpConnections,
    address_range: IpAddr,
    in_flight: Arc<InFlight>,
}

impl Drop for PerIpPermit {
    fn drop(&mut self) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connections) = shares.get_mut(&self.address_range) {
            connections.retain(|one| !Arc::ptr_eq(one, &self.in_flight));
            if connections.is_empty() {
                shares.remove(&self.address_range);
            }
        }
    }
}

impl LimitedListener {
    pub fn new(
        listener: TcpListener,
        shutdown: Arc<ShutdownSignal>,
        config: &Config,
        timeouts: Timeouts,
    ) -> LimitedListener {
        let all = usize::try_from(config.connections).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        LimitedListener {
            listener: Mutex::new(Some(listener)),
            shutdown,
            places: Arc::new(Semaphore::new(all)),
            all,
            full: AtomicBool::new(false),
            shares: config.limits.is_on().then(PerIpConnections::default),
            trusted: config.trusted_proxies.clone(),
            timeouts,
        }
    }

    async fn place(&self) -> io::Result<OwnedSemaphorePermit> {
        let free = self.places.available_permits();
        if free == 0 && !self.full.swap(true, Ordering::Relaxed) {
            tracing::warn!(connections = self.all, "all connections are taken: the next wait until one is closed");
        } else if free > self.all / 2 {
            self.full.store(false, Ordering::Relaxed);
        }
        loop {
            if self.places.available_permits() == 0 {
                self.evict_idle();
            }
            // What is idle or slow by then makes place too.
            let one = timeout(RETRY_INTERVAL, Arc::clone(&self.places).acquire_owned()).await;
            if let Ok(one) = one {
                return one.map_err(io::Error::other);
            }
        }
    }

    /// Closes a connection of whoever has most, so that nobody keeps all others out: the oldest of those that wait for
    /// a request, for its body or for their reader. A proxy's are none of them, nor is the only one of an address.
    fn evict_idle(&self) {
        let Some(shares) = self.shares.as_ref() else { return };
        let shares = shares.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(most) = shares.values().filter(|connections| connections.len() > 1).max_by_key(|all| all.len()) else {
            return;
        };
        if let Some(idle) = most.iter().find(|one| one.is_slow() && !one.is_evicted()) {
            idle.evict();
        }
    }

    /// The next connection. During shutdown those already waiting are still accepted, and the listener is closed after the last of them.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            let accepted = poll_fn(|cx| {
                let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(open) = listener.as_ref() else { return Poll::Pending };
                let next = open.poll_accept(cx);
                // A listener that is closed resets whom it has greeted and not yet handed over: it is, once there are none.
                if next.is_pending() && self.shutdown.is_triggered() {
                    *listener = None;
                }
                next
            });
            tokio::select! {
                biased;
                next = accepted => return next,
                () = self.shutdown.notify.notified() => {}
            }
        }
    }

    /// The share of an address, counted; none is counted for a proxy, which stands for many. Nothing where the address has had its share.
    fn share(&self, ip: IpAddr, is_proxy: bool) -> Option<Option<PerIpPermit>> {
        let Some(shares) = self.shares.as_ref().filter(|_| !is_proxy) else { return Some(None) };
        let address_range = Width::Near.network(ip);
        let mut counts = shares.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = counts.entry(address_range).or_default();
        if connections.len() >= self.all.div_ceil(PER_IP_FRACTION) {
            return None;
        }
        let in_flight = Arc::default();
        connections.push(Arc::clone(&in_flight));
        Some(Some(PerIpPermit { shares: Arc::clone(shares), address_range, in_flight }))
    }
}

impl AddrListener<TimeoutStream, PeerAddr> for LimitedListener {
    async fn bind_to(_: PeerAddr) -> io::Result<LimitedListener> {
        // The number of connections is not known here.
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept_stream(&self) -> io::Result<(TimeoutStream, PeerAddr)> {
        loop {
            let one = self.place().await?;
            let (stream, address) = self.accept().await?;
            let is_proxy = self.trusted.contains(address.ip());
            let Some(share) = self.share(address.ip(), is_proxy) else {
                tracing::debug!(%address, "an address has too many connections: this one is closed");
                continue;
            };
            let place = ConnectionPermit { _one: one, share };
            if let Err(error) = set_socket_options(&stream, self.all.saturating_sub(self.places.available_permits())) {
                tracing::debug!(%address, %error, "a connection was closed before it began");
                continue;
            }
            let timeouts =
                if is_proxy { Timeouts { idle: self.timeouts.idle_proxy, ..self.timeouts } } else { self.timeouts };
            return Ok((TimeoutStream::new(stream, place, timeouts, is_proxy), PeerAddr(address)));
        }
    }

    fn get_local_addr(&self) -> io::Result<PeerAddr> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = listener.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        listener.local_addr().map(PeerAddr)
    }
}

/// An answer is sent at once, and no more of it is handed to the system than the reader takes soon; the less, the more are connected.
fn set_socket_options(stream: &TcpStream, connected: usize) -> io::Result<()> {
    let (least, most) = UNSENT_BYTES_PER_CONNECTION;
    let share = u32::try_from((MAX_UNSENT_BYTES / connected.max(1)).clamp(least, most)).unwrap_or(u32::MAX);
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(share)?;
    #[cfg(not(target_os = "linux"))]
    let _ = share;
    stream.set_nodelay(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[tokio::test]
    async fn an_address_gets_back_what_it_was_let_in_for_whatever_became_of_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let none = std::path::Path::new("no such file");
        let config = Config::load_with_file(Settings::default(), none).expect("the defaults");
        let listener = LimitedListener::new(listener, Arc::default(), &config, Timeouts::default());
        let ip = IpAddr::from([203, 0, 113, 5]);
        for _ in 0..config.connections * 2 {
            let share = listener.share(ip, false).expect("the last one was given back");
            assert!(share.is_some(), "it is counted");
        }
        let most = listener.all.div_ceil(PER_IP_FRACTION);
        let open: Vec<_> = (0..most).map(|_| listener.share(ip, false).expect("its share")).collect();
        assert!(listener.share(ip, false).is_none(), "and no more");
        drop(open);
        assert!(listener.shares.as_ref().is_some_and(|shares| shares.lock().expect("no panic").is_empty()));
    }
}
