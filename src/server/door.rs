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

use super::connection::Connection;
use super::watch::Requests;
use crate::config::{Nets, ServerSettings};
use crate::domain::origin::Width;
use crate::patience::Patience;

/// How soon a place is looked for again while there is none.
const AGAIN: Duration = Duration::from_millis(100);
/// One address may have this part of all connections: a quarter.
const PART: usize = 4;
/// How much of all answers the system holds unsent for slow readers, in bytes, shared out among the connections that there are. So the rest
/// stays where it is counted, and a reader who takes anything shows: the next part is asked for when half of this is gone.
const UNSENT: usize = 32 * 1024 * 1024;
/// The least and the most of it for one connection: a long page goes out fast in parts of that size, and small ones cost time.
const UNSENT_EACH: (usize, usize) = (64 * 1024, 256 * 1024);

/// The other end of a connection, as the server's library wants it: with a listener of its own.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

impl Address for Peer {
    type Stream = Connection;
    type Listener = Door;
}

impl Connected<Peer> for SocketAddr {
    fn connect_info(peer: Peer) -> SocketAddr {
        peer.0
    }
}

pub struct Door {
    /// None once the door is closed for good.
    listener: Mutex<Option<TcpListener>>,
    closing: Arc<Closing>,
    places: Arc<Semaphore>,
    all: usize,
    /// Whether the log says already that all places are taken.
    full: AtomicBool,
    /// Connections of each address; none are counted where limits are off.
    shares: Option<Shares>,
    trusted: Nets,
    patience: Patience,
}

/// The word that the forum is about to stop.
#[derive(Debug, Default)]
pub struct Closing {
    said: AtomicBool,
    heard: Notify,
}

impl Closing {
    pub fn say(&self) {
        self.said.store(true, Ordering::Release);
        self.heard.notify_one();
    }

    pub fn is_said(&self) -> bool {
        self.said.load(Ordering::Acquire)
    }
}

/// The connections of each address, the oldest first.
type Shares = Arc<Mutex<HashMap<IpAddr, Vec<Arc<Requests>>>>>;

/// A connection's place, given back when dropped.
pub struct Place {
    _one: OwnedSemaphorePermit,
    share: Option<Share>,
}

impl Place {
    /// The requests of the connection.
    pub fn requests(&self) -> Arc<Requests> {
        self.share.as_ref().map(|share| Arc::clone(&share.requests)).unwrap_or_default()
    }
}

/// One of the connections that an address may have, given back when dropped.
struct Share {
    shares: Shares,
    line: IpAddr,
    requests: Arc<Requests>,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connections) = shares.get_mut(&self.line) {
            connections.retain(|one| !Arc::ptr_eq(one, &self.requests));
            if connections.is_empty() {
                shares.remove(&self.line);
            }
        }
    }
}

impl Door {
    pub fn new(listener: TcpListener, closing: Arc<Closing>, config: &ServerSettings, patience: Patience) -> Door {
        let all = usize::try_from(config.max_connections).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        Door {
            listener: Mutex::new(Some(listener)),
            closing,
            places: Arc::new(Semaphore::new(all)),
            all,
            full: AtomicBool::new(false),
            shares: config.limits.then(Shares::default),
            trusted: config.trusted_proxies.clone(),
            patience,
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
                self.make_place();
            }
            // What is idle or slow by then makes place too.
            let one = timeout(AGAIN, Arc::clone(&self.places).acquire_owned()).await;
            if let Ok(one) = one {
                return one.map_err(io::Error::other);
            }
        }
    }

    /// Closes a connection of whoever has most, so that nobody keeps all others out: the oldest of those that wait for
    /// a request, for its body or for their reader. A proxy's are none of them, nor is the only one of an address.
    fn make_place(&self) {
        let Some(shares) = self.shares.as_ref() else { return };
        let shares = shares.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(most) = shares.values().filter(|connections| connections.len() > 1).max_by_key(|all| all.len()) else {
            return;
        };
        if let Some(idle) = most.iter().find(|one| one.is_slow() && !one.is_evicted()) {
            idle.evict();
        }
    }

    /// The next connection. Once the door is closing, those who have come are still let in, and it is closed after the last of them.
    async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            let knock = poll_fn(|cx| {
                let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(open) = listener.as_ref() else { return Poll::Pending };
                let next = open.poll_accept(cx);
                // A listener that is closed resets whom it has greeted and not yet handed over: it is, once there are none.
                if next.is_pending() && self.closing.is_said() {
                    *listener = None;
                }
                next
            });
            tokio::select! {
                biased;
                next = knock => return next,
                () = self.closing.heard.notified() => {}
            }
        }
    }

    /// The share of an address, counted; none is counted for a proxy, which stands for many. Nothing where the address has had its share.
    fn share(&self, ip: IpAddr, is_proxy: bool) -> Option<Option<Share>> {
        let Some(shares) = self.shares.as_ref().filter(|_| !is_proxy) else { return Some(None) };
        let line = Width::Near.network(ip);
        let mut counts = shares.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = counts.entry(line).or_default();
        if connections.len() >= self.all.div_ceil(PART) {
            return None;
        }
        let requests = Arc::default();
        connections.push(Arc::clone(&requests));
        Some(Some(Share { shares: Arc::clone(shares), line, requests }))
    }
}

impl AddrListener<Connection, Peer> for Door {
    async fn bind_to(_: Peer) -> io::Result<Door> {
        // The number of places is not known here.
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept_stream(&self) -> io::Result<(Connection, Peer)> {
        loop {
            let one = self.place().await?;
            let (stream, address) = self.next().await?;
            let is_proxy = self.trusted.contains(address.ip());
            let Some(share) = self.share(address.ip(), is_proxy) else {
                tracing::debug!(%address, "an address has too many connections: this one is closed");
                continue;
            };
            let place = Place { _one: one, share };
            if let Err(error) = tune(&stream, self.all.saturating_sub(self.places.available_permits())) {
                tracing::debug!(%address, %error, "a connection was closed before it began");
                continue;
            }
            let patience =
                if is_proxy { Patience { idle: self.patience.idle_proxy, ..self.patience } } else { self.patience };
            return Ok((Connection::new(stream, place, patience, is_proxy), Peer(address)));
        }
    }

    fn get_local_addr(&self) -> io::Result<Peer> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = listener.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        listener.local_addr().map(Peer)
    }
}

/// An answer is sent at once, and no more of it is handed to the system than the reader takes soon; the less, the more are connected.
fn tune(stream: &TcpStream, connected: usize) -> io::Result<()> {
    let (least, most) = UNSENT_EACH;
    let share = u32::try_from((UNSENT / connected.max(1)).clamp(least, most)).unwrap_or(u32::MAX);
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(share)?;
    #[cfg(not(target_os = "linux"))]
    let _ = share;
    stream.set_nodelay(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_gets_back_what_it_was_let_in_for_whatever_became_of_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let config = ServerSettings::default();
        let door = Door::new(listener, Arc::default(), &config, Patience::default());
        let ip = IpAddr::from([203, 0, 113, 5]);
        for _ in 0..config.max_connections * 2 {
            let share = door.share(ip, false).expect("the last one was given back");
            assert!(share.is_some(), "it is counted");
        }
        let most = door.all.div_ceil(PART);
        let open: Vec<_> = (0..most).map(|_| door.share(ip, false).expect("its share")).collect();
        assert!(door.share(ip, false).is_none(), "and no more");
        drop(open);
        assert!(door.shares.as_ref().is_some_and(|shares| shares.lock().expect("no panic").is_empty()));
    }
}
