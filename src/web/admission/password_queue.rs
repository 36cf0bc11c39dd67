//! Queue for password hashing. Known browsers go before strangers and have permits of their own; networks
//! share the strangers' permits.

use std::net::IpAddr;

use super::run_blocking;
use crate::domain::accounts::ip_hash::Prefix;
use crate::domain::accounts::password::{self, PasswordError};
use crate::domain::accounts::user::UserId;
use crate::fair_semaphore::{FairPermit, FairSemaphore, Overloaded};
use crate::web::error::Error;
use crate::web::rate_limit::Reserved;

/// Limits of strangers, waiting ones included: in total, per /24 or IPv6 /48, and per /16 or IPv6 /32.
const MAX_STRANGERS: usize = 64;
const MAX_PER_NETWORK: usize = 8;
const MAX_PER_WIDE_NETWORK: usize = 32;
/// The same for known browsers, in total and per account.
const MAX_KNOWN: usize = 32;
const MAX_PER_ACCOUNT: usize = 2;

/// The requester; the address is `None` behind a proxy that names no client.
#[derive(Debug, Clone, Copy)]
pub enum Requester {
    Stranger(Option<IpAddr>),
    /// Logged in or in a known browser; the user is `None` during setup.
    Known(Option<UserId>, Option<IpAddr>),
}

struct PasswordPermit {
    account: Option<FairPermit<UserId>>,
    held: Vec<FairPermit>,
}

pub struct PasswordQueue {
    running: FairSemaphore,
    /// Strangers acquire one of these first, so that few of them are ahead of a known browser.
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

    /// How many passwords were refused to be checked. That a known account has its share is no refusal, as it
    /// then waits like a stranger.
    pub fn refused(&self) -> u64 {
        self.networks.refused() + self.wide_networks.refused()
    }

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
            let network = |prefix: Prefix| address.map(|ip| prefix.network(ip));
            permit.held.push(self.networks.try_acquire(1, network(Prefix::Subnet))?);
            permit.held.push(self.wide_networks.try_acquire(1, network(Prefix::Network))?);
            permit.held.push(self.next.acquire(None).await?);
        }
        permit.held.push(self.running.acquire(None).await?);
        Ok(permit)
    }

    /// Verifies a password. Takes the same time if the account does not exist.
    pub async fn verify(
        &self,
        tried: (Requester, Reserved<'_>),
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        self.run(tried, move || password::verify(&password, hash.as_deref())).await
    }

    /// Checks a new password's strength, which takes as long as hashing.
    pub async fn check(
        &self,
        tried: (Requester, Reserved<'_>),
        password: String,
        name: String,
    ) -> Result<Result<(), PasswordError>, Error> {
        self.run(tried, move || password::check(&password, &name)).await
    }

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

    pub async fn run<T: Send + 'static>(
        &self,
        (requester, tried): (Requester, Reserved<'_>),
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.acquire(requester).await?;
        tried.commit().await;
        run_blocking(permit, work).await
    }
}

/// Concurrent hashes, at 19 MiB and one core each; fewer below 1 GB of memory.
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
