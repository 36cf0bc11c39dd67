//! Passwords are hashed and judged a few at a time. Browsers that their account knows go before strangers, and
//! have places of their own; no network has more than its share of the strangers' places.

use std::net::IpAddr;

use super::run_blocking;
use crate::domain::accounts::ip_hash::Prefix;
use crate::domain::accounts::password;
use crate::domain::accounts::password::PasswordError;
use crate::domain::accounts::user::UserId;
use crate::fair_semaphore::{FairPermit, FairSemaphore, Overloaded};
use crate::web::error::Error;
use crate::web::rate_limit::Reserved;

/// How many strangers may work or wait at once; of a network (a /24, an IPv6 /48); of a wider one (a /16, a /32).
const MAX_STRANGERS: usize = 64;
const MAX_PER_NETWORK: usize = 8;
const MAX_PER_WIDE_NETWORK: usize = 32;
/// The same for browsers that their accounts know, and of one account.
const MAX_KNOWN: usize = 32;
const MAX_PER_ACCOUNT: usize = 2;

/// Whose password it is; an address is none where a proxy stands for many.
#[derive(Debug, Clone, Copy)]
pub enum Requester {
    Stranger(Option<IpAddr>),
    /// Somebody logged in, or in a browser that was logged in before; none: whoever sets the site up.
    Known(Option<UserId>, Option<IpAddr>),
}

/// A turn, and the places in the queue; given back when dropped.
struct PasswordPermit {
    account: Option<FairPermit<UserId>>,
    held: Vec<FairPermit>,
}

pub struct PasswordQueue {
    running: FairSemaphore,
    /// A stranger takes one of these first, so that few of them are ever ahead of somebody known.
    next: FairSemaphore,
    networks: FairSemaphore,
    wide_networks: FairSemaphore,
    accounts: FairSemaphore<UserId>,
}

impl PasswordQueue {
    pub fn new(running: usize, limited: bool) -> PasswordQueue {
        PasswordQueue {
            running: FairSemaphore::new(running, limited),
            next: FairSemaphore::new(running, limited),
            networks: FairSemaphore::with_share(MAX_STRANGERS, MAX_PER_NETWORK, limited),
            wide_networks: FairSemaphore::with_share(MAX_STRANGERS, MAX_PER_WIDE_NETWORK, limited),
            accounts: FairSemaphore::with_share(MAX_KNOWN, MAX_PER_ACCOUNT, limited),
        }
    }

    /// All places that strangers have, as if they were taken.
    pub fn fill(&self) -> Result<FairPermit, Overloaded> {
        self.networks.try_acquire(self.networks.available(), None)
    }

    async fn acquire(&self, requester: Requester) -> Result<PasswordPermit, Overloaded> {
        let (account, address) = match requester {
            Requester::Known(user, address) => (self.accounts.try_acquire(1, user).ok(), address),
            Requester::Stranger(address) => (None, address),
        };
        let mut permit = PasswordPermit { account, held: Vec::with_capacity(4) };
        if permit.account.is_none() {
            let network = |width: Prefix| address.map(|ip| width.network(ip));
            permit.held.push(self.networks.try_acquire(1, network(Prefix::Middle))?);
            permit.held.push(self.wide_networks.try_acquire(1, network(Prefix::Wide))?);
            permit.held.push(self.next.acquire(None).await?);
        }
        permit.held.push(self.running.acquire(None).await?);
        Ok(permit)
    }

    /// Checks a password against its hash, or against nobody's in the same time.
    pub async fn verify(
        &self,
        tried: (Requester, Reserved<'_>),
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        self.run(tried, move || password::verify(&password, hash.as_deref())).await
    }

    /// Whether a new password is good enough; judging it takes as long as hashing it.
    pub async fn check(
        &self,
        tried: (Requester, Reserved<'_>),
        password: String,
        name: String,
    ) -> Result<Result<(), PasswordError>, Error> {
        self.run(tried, move || password::check(&password, &name)).await
    }

    /// The hash of a new password that is good enough.
    pub async fn hash(
        &self,
        tried: (Requester, Reserved<'_>),
        password: String,
        name: String,
    ) -> Result<Result<String, PasswordError>, Error> {
        let work = move || password::check(&password, &name).map(|()| password::hash(&password));
        match self.run(tried, work).await? {
            Ok(hash) => hash.map(Ok).map_err(Error::internal),
            Err(weak) => Ok(Err(weak)),
        }
    }

    /// Does what takes long with a password, off the async threads; it was tried once its turn has come.
    pub async fn run<T: Send + 'static>(
        &self,
        (requester, tried): (Requester, Reserved<'_>),
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.acquire(requester).await?;
        tried.commit();
        run_blocking(permit, work).await
    }
}

/// How many passwords may be hashed at once, at 19 MiB and a core each: fewer where memory is below 1 GB.
pub fn max_running() -> usize {
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    if total.is_some_and(|kib| kib < 1_000_000) { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    fn stranger(address: &str) -> Requester {
        Requester::Stranger(Some(address.parse().expect("an address")))
    }

    fn known(user: i64) -> Requester {
        Requester::Known(Some(UserId(user)), Some(IpAddr::from([192, 0, 2, 1])))
    }

    type Turn = tokio::task::JoinHandle<Result<PasswordPermit, Overloaded>>;

    /// Turns that are asked for and wait.
    async fn wait(queue: &Arc<PasswordQueue>, requester: Requester) -> Turn {
        let queue = Arc::clone(queue);
        let turn = tokio::spawn(async move { queue.acquire(requester).await });
        tokio::task::yield_now().await;
        turn
    }

    #[tokio::test]
    async fn a_network_takes_no_more_than_its_share_and_all_strangers_together_none_of_the_known_ones() {
        let queue = Arc::new(PasswordQueue::new(2, true));
        let mut waiting = Vec::new();
        for nth in 0..90 {
            waiting.push(wait(&queue, stranger(&format!("2001:db8:7:{nth:x}::1"))).await);
        }
        let refused = waiting.iter().filter(|turn| turn.is_finished()).count() - 2;
        assert_eq!(refused, 90 - MAX_PER_NETWORK, "two have their turn, and six wait");
        for network in 1..=16 {
            for nth in 0..MAX_PER_NETWORK {
                waiting.push(wait(&queue, stranger(&format!("10.{network}.0.{nth}"))).await);
            }
        }
        assert!(queue.acquire(stranger("198.51.100.1")).await.is_err(), "strangers have no place left");
        let places: Vec<_> = [wait(&queue, known(1)).await, wait(&queue, known(1)).await].into();
        assert!(queue.acquire(known(1)).await.is_err(), "one account has two");
        assert!(places.iter().all(|turn| !turn.is_finished()));
        let other = wait(&queue, known(2)).await;
        assert!(!other.is_finished(), "another one waits for its turn");
    }

    #[tokio::test]
    async fn a_wide_network_has_half_of_the_strangers_places() {
        let queue = Arc::new(PasswordQueue::new(1, true));
        let mut waiting = Vec::new();
        for network in 0..8 {
            for nth in 0..MAX_PER_NETWORK {
                waiting.push(wait(&queue, stranger(&format!("10.1.{network}.{nth}"))).await);
            }
        }
        let refused = waiting.iter().filter(|turn| turn.is_finished()).count() - 1;
        assert_eq!(refused, 64 - MAX_PER_WIDE_NETWORK);
    }

    #[tokio::test]
    async fn whom_their_account_knows_go_before_the_strangers_that_wait() {
        let queue = Arc::new(PasswordQueue::new(1, true));
        let first = queue.acquire(stranger("192.0.2.1")).await.expect("free");
        let strangers =
            [wait(&queue, stranger("198.51.100.1")).await, wait(&queue, stranger("203.0.113.1")).await];
        let known = wait(&queue, known(1)).await;
        drop(first);
        let soon = tokio::time::timeout(Duration::from_secs(5), known).await.expect("at once");
        assert!(soon.expect("no panic").is_ok() && strangers.iter().all(|turn| !turn.is_finished()));
    }

    #[tokio::test]
    async fn places_are_given_back() {
        let queue = Arc::new(PasswordQueue::new(1, true));
        for _ in 0..3 * MAX_STRANGERS {
            assert!(queue.acquire(stranger("192.0.2.1")).await.is_ok());
            assert!(queue.acquire(known(1)).await.is_ok());
        }
        let turn = queue.acquire(stranger("192.0.2.1")).await.expect("free");
        for _ in 0..3 * MAX_STRANGERS {
            let waiting = wait(&queue, stranger("192.0.2.1")).await;
            waiting.abort();
            let _ = waiting.await;
        }
        drop(turn);
        assert!(queue.acquire(stranger("192.0.2.1")).await.is_ok(), "whoever goes away keeps no place");
    }
}
