//! The listener, with limits on all connections and on those of one IP address.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, Instant, timeout};

use super::in_flight::InFlight;
use super::shutdown::ShutdownSignal;
use super::timeout_stream::TimeoutStream;
use crate::config::{CidrList, ServerSettings};
use crate::domain::accounts::ip_hash::Prefix;
use crate::fair_semaphore::{FairPermit, FairSemaphore, Overloaded};
use crate::metrics::ConnectionMetrics;
use crate::timeouts::Timeouts;

/// How soon to retry evicting a connection when there are no permits.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);
/// Total send buffer of the kernel in bytes. Bounded so that unsent data is accounted here and slow readers
/// are detected.
const MAX_UNSENT_BYTES: usize = 32 * 1024 * 1024;
/// Minimum and maximum per connection.
const UNSENT_BYTES_PER_CONNECTION: (usize, usize) = (64 * 1024, 256 * 1024);

type Evictable = Mutex<Vec<(IpAddr, Weak<InFlight>)>>;

pub struct LimitedListener {
    listener: TcpListener,
    shutdown: Arc<ShutdownSignal>,
    connections: FairSemaphore,
    /// Whether the limit has been logged.
    full: AtomicBool,
    /// Evictable connections, oldest first; `None` if limits are off.
    evictable: Option<Evictable>,
    trusted: CidrList,
    timeouts: Timeouts,
    metrics: Arc<ConnectionMetrics>,
}

impl LimitedListener {
    pub fn new(
        listener: TcpListener,
        shutdown: Arc<ShutdownSignal>,
        config: &ServerSettings,
        timeouts: Timeouts,
        metrics: Arc<ConnectionMetrics>,
    ) -> LimitedListener {
        let limited = config.limits;
        LimitedListener {
            listener,
            shutdown,
            connections: FairSemaphore::new(
                usize::try_from(config.max_connections).unwrap_or(usize::MAX),
                limited,
            ),
            full: AtomicBool::new(false),
            evictable: limited.then(Mutex::default),
            trusted: config.trusted_proxies.clone(),
            timeouts,
            metrics,
        }
    }

    async fn permit(&self) -> io::Result<FairPermit> {
        let (free, all) = (self.connections.available(), self.connections.size());
        if free == 0 && !self.full.swap(true, Ordering::Relaxed) {
            tracing::warn!(connections = all, "all connections are in use; new ones wait");
        } else if free > all / 2 {
            self.full.store(false, Ordering::Relaxed);
        }
        loop {
            if self.connections.available() == 0 {
                self.evict_one(Instant::now());
            }
            // Retry evicting, as connections become idle or slow.
            if let Ok(permit) = timeout(RETRY_INTERVAL, self.connections.acquire(None)).await {
                return permit.map_err(io::Error::other);
            }
        }
    }

    /// Closes the oldest idle connection, or else the oldest slow one, of the address with the most
    /// connections that has such a one and others beside it. Proxies are exempt.
    fn evict_one(&self, now: Instant) {
        let Some(evictable) = &self.evictable else { return };
        let mut per_ip: HashMap<IpAddr, Vec<Arc<InFlight>>> = HashMap::new();
        for (ip, connection) in evictable.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let open = connection.upgrade().filter(|one| !one.is_evicted() && one.is_limited());
            per_ip.entry(*ip).or_default().extend(open);
        }
        let choices = per_ip.values().filter(|open| open.len() > 1).filter_map(|open| {
            let idle = open.iter().find(|one| one.running() == 0);
            let one = idle.or_else(|| open.iter().find(|one| one.is_slow(now)))?;
            Some((open.len(), one))
        });
        if let Some((_, one)) = choices.max_by_key(|(count, _)| *count) {
            one.evict();
            self.metrics.evicted.increment();
        }
    }

    /// Charges a connection to its address; proxies are exempt, as they carry many users.
    fn charge(&self, permit: FairPermit, ip: IpAddr) -> Result<(FairPermit, Arc<InFlight>), Overloaded> {
        let in_flight = Arc::default();
        let Some(evictable) = self.evictable.as_ref().filter(|_| !self.trusted.contains(ip)) else {
            return Ok((permit, in_flight));
        };
        let ip = Prefix::Address.network(ip);
        let permit = self.connections.charge(permit, ip)?;
        let mut evictable = evictable.lock().unwrap_or_else(PoisonError::into_inner);
        // Prune closed connections occasionally.
        if evictable.len() > 2 * (self.connections.size() - self.connections.available()) {
            evictable.retain(|(_, connection)| connection.strong_count() > 0);
        }
        evictable.push((ip, Arc::downgrade(&in_flight)));
        Ok((permit, in_flight))
    }

    /// `None` when told to stop, once nobody waits to be accepted, as whoever does is reset.
    async fn accept_socket(&self) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        tokio::select! {
            biased;
            next = self.listener.accept() => next.map(Some),
            () = self.shutdown.drained() => Ok(None),
        }
    }

    /// The next connection, with the address of its other end. `None` when told to stop.
    pub async fn accept(&self) -> io::Result<Option<(TimeoutStream, SocketAddr)>> {
        loop {
            let permit = self.permit().await?;
            let Some((stream, address)) = self.accept_socket().await? else { return Ok(None) };
            let is_proxy = self.trusted.contains(address.ip());
            let Ok(permit) = self.charge(permit, address.ip()) else {
                tracing::debug!(%address, "too many connections from one address; closing this one");
                self.metrics.refused.increment();
                continue;
            };
            if let Err(error) =
                set_socket_options(&stream, self.connections.size() - self.connections.available())
            {
                tracing::debug!(%address, %error, "a connection was closed before it began");
                continue;
            }
            self.metrics.accepted.increment();
            let timeouts = if is_proxy {
                Timeouts { idle: self.timeouts.idle_proxy, ..self.timeouts }
            } else {
                self.timeouts
            };
            return Ok(Some((TimeoutStream::new(stream, permit, timeouts, is_proxy), address)));
        }
    }
}

/// Disables Nagle's algorithm and sizes the send buffer by the number of connections.
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
    use http::Version;

    use super::*;
    use crate::server::in_flight::InFlightGuard;

    async fn limited(config: &ServerSettings) -> LimitedListener {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        LimitedListener::new(listener, Arc::default(), config, Timeouts::default(), Arc::default())
    }

    /// A connection of an address.
    fn open(listener: &LimitedListener, last: u8) -> (FairPermit, Arc<InFlight>) {
        let permit = listener.connections.try_acquire(1, None).expect("free");
        listener.charge(permit, IpAddr::from([203, 0, 113, last])).expect("within its share")
    }

    fn run(connection: &(FairPermit, Arc<InFlight>)) -> InFlightGuard {
        InFlightGuard::begin(&connection.1, Version::HTTP_11)
    }

    /// Which connections are closed after one more attempt.
    fn evicted(
        listener: &LimitedListener,
        connections: &[(FairPermit, Arc<InFlight>)],
        later: Duration,
    ) -> Vec<bool> {
        listener.evict_one(Instant::now() + later);
        connections.iter().map(|(_, in_flight)| in_flight.is_evicted()).collect()
    }

    const LATER: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn an_idle_connection_is_closed_before_a_slow_one_and_the_last_one_never() {
        let listener = limited(&ServerSettings::default()).await;
        let connections = [open(&listener, 1), open(&listener, 1), open(&listener, 1)];
        let _running = (run(&connections[0]), run(&connections[2]));
        assert_eq!(evicted(&listener, &connections, LATER), [false, true, false], "the idle one");
        assert_eq!(evicted(&listener, &connections, Duration::ZERO), [false, true, false], "none is slow");
        assert_eq!(evicted(&listener, &connections, LATER), [true, true, false], "the oldest slow one");
        assert_eq!(evicted(&listener, &connections, LATER), [true, true, false], "one is left");
    }

    #[tokio::test]
    async fn an_address_whose_connections_all_run_keeps_no_idle_one_of_others_open() {
        let listener = limited(&ServerSettings::default()).await;
        let busy = [open(&listener, 1), open(&listener, 1), open(&listener, 1), open(&listener, 1)];
        let _running: Vec<_> = busy.iter().map(run).collect();
        let single = open(&listener, 2);
        let idle = [open(&listener, 3), open(&listener, 3), open(&listener, 3)];
        assert_eq!(evicted(&listener, &idle, Duration::ZERO), [true, false, false]);
        let two = [open(&listener, 4), open(&listener, 4), open(&listener, 4)];
        assert_eq!(evicted(&listener, &two, Duration::ZERO), [true, false, false], "they are more by now");
        for _ in 0..3 {
            listener.evict_one(Instant::now());
        }
        assert_eq!(evicted(&listener, &idle, Duration::ZERO), [true, true, false]);
        assert_eq!(evicted(&listener, &two, Duration::ZERO), [true, true, false]);
        assert_eq!(evicted(&listener, &busy, Duration::ZERO), [false; 4], "their requests are quick");
        assert!(!single.1.is_evicted(), "the only one of its address");
        assert_eq!(evicted(&listener, &busy, LATER), [true, false, false, false]);
    }

    #[tokio::test]
    async fn an_address_gets_back_what_it_was_let_in_for_whatever_became_of_it() {
        let config = ServerSettings::default();
        let listener = limited(&config).await;
        let ip = IpAddr::from([203, 0, 113, 5]);
        let charged = || listener.charge(listener.connections.try_acquire(1, None).expect("free"), ip);
        for _ in 0..config.max_connections * 2 {
            assert!(charged().is_ok(), "the last one was given back");
        }
        let evictable = listener.evictable.as_ref().expect("limited").lock().expect("no panic").len();
        assert!(evictable < 5, "closed ones are forgotten");
        let open: Vec<_> = std::iter::from_fn(|| charged().ok()).collect();
        assert_eq!(open.len(), listener.connections.size().div_ceil(4), "a quarter, and no more");
        drop(open);
        assert!(charged().is_ok());
    }
}
