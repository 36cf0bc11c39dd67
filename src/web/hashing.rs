//! Passwords are hashed and judged a few at a time. A browser that its account knows goes before strangers and has places of its own in the
//! line, and no network takes more than its share of the strangers' places.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::origin::Width;
use crate::domain::password::{self, PasswordError};
use crate::domain::user::UserId;
use crate::web::client_ip::ClientIp;
use crate::web::error::Error;
use crate::web::limit::Reserved;
use crate::web::state::App;

/// How many strangers may work or wait at once; past that the answer is a polite “later”.
const STRANGERS: usize = 64;
/// How many of them may come from one network: a /24, or a /48 of IPv6.
const NETWORK: usize = 8;
/// How many from one wider network: a /16, or a /32 of IPv6.
const WIDE: usize = 32;
/// The same for browsers that their accounts know, and how many of one account.
const KNOWN: usize = 32;
const ACCOUNT: usize = 2;

/// Whose password it is.
#[derive(Debug, Clone, Copy)]
pub enum Asker {
    Stranger(ClientIp),
    /// Somebody logged in, or in a browser that has logged in to the account before; none: whoever sets the site up.
    Known(Option<UserId>, ClientIp),
}

/// Whose places are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Share {
    Account(UserId),
    Network(IpAddr),
    Wide(IpAddr),
}

type Shares = Arc<Mutex<HashMap<Share, usize>>>;

/// A place in the line, which ends when this is dropped.
struct Place {
    _permit: OwnedSemaphorePermit,
    shares: Shares,
    of: Vec<Share>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        for share in &self.of {
            if let Some(many) = counts.get_mut(share) {
                *many = many.saturating_sub(1);
                if *many == 0 {
                    counts.remove(share);
                }
            }
        }
    }
}

/// Somebody's turn; it ends when this is dropped.
pub struct Turn {
    _place: Place,
    _held: Vec<OwnedSemaphorePermit>,
}

pub struct Hashing {
    at_once: Arc<Semaphore>,
    /// A stranger takes one of these first: no more of them than may work at once are ever ahead of somebody known.
    next: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    known: Arc<Semaphore>,
    shares: Shares,
    /// Whether shares are counted.
    limited: bool,
}

impl Hashing {
    pub fn new(at_once: usize, limited: bool) -> Hashing {
        let places = |many: usize| Arc::new(Semaphore::new(many));
        Hashing {
            at_once: places(at_once),
            next: places(at_once),
            strangers: places(STRANGERS),
            known: places(KNOWN),
            shares: Shares::default(),
            limited,
        }
    }

    fn place(&self, places: &Arc<Semaphore>, of: &[(Share, usize)]) -> Result<Place, Error> {
        let permit = Arc::clone(places).try_acquire_owned().map_err(|_| Error::Busy)?;
        let of = if self.limited { of } else { &[] };
        let mut counts = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if of.iter().any(|(share, most)| counts.get(share).is_some_and(|many| many >= most)) {
            return Err(Error::Busy);
        }
        for (share, _) in of {
            *counts.entry(*share).or_default() += 1;
        }
        let of = of.iter().map(|(share, _)| *share).collect();
        Ok(Place { _permit: permit, shares: Arc::clone(&self.shares), of })
    }

    fn place_of_stranger(&self, address: ClientIp) -> Result<Place, Error> {
        let shares = address.fair_key().map(|ip| {
            [(Share::Network(Width::Middle.network(ip)), NETWORK), (Share::Wide(Width::Wide.network(ip)), WIDE)]
        });
        self.place(&self.strangers, shares.as_ref().map_or(&[], |shares| shares))
    }

    /// All places that strangers have, as if they were taken.
    pub fn fill(&self) -> Vec<OwnedSemaphorePermit> {
        std::iter::from_fn(|| Arc::clone(&self.strangers).try_acquire_owned().ok()).collect()
    }

    /// # Errors
    /// `Busy` where as many wait as may, or as many of theirs.
    pub async fn turn(&self, asker: Asker) -> Result<Turn, Error> {
        let known = match asker {
            Asker::Known(user, _) => {
                let share = user.map(|user| [(Share::Account(user), ACCOUNT)]);
                self.place(&self.known, share.as_ref().map_or(&[], |share| share)).ok()
            }
            Asker::Stranger(_) => None,
        };
        let mut held = Vec::with_capacity(2);
        let place = match (known, asker) {
            (Some(place), _) => place,
            (None, Asker::Known(_, address) | Asker::Stranger(address)) => {
                let place = self.place_of_stranger(address)?;
                held.push(Arc::clone(&self.next).acquire_owned().await.map_err(Error::internal)?);
                place
            }
        };
        held.push(Arc::clone(&self.at_once).acquire_owned().await.map_err(Error::internal)?);
        Ok(Turn { _place: place, _held: held })
    }
}

impl App {
    /// Checks a password against its hash, or against nobody's in the same time.
    pub async fn verify_password(
        &self,
        (asker, tried): (Asker, Reserved<'_>),
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        self.hash((asker, tried), move || password::verify(&password, hash.as_deref())).await
    }

    /// Whether a new password is good enough; judging it takes as long as hashing it.
    pub async fn check_password(
        &self,
        (asker, tried): (Asker, Reserved<'_>),
        password: String,
        name: String,
    ) -> Result<Result<(), PasswordError>, Error> {
        self.hash((asker, tried), move || password::check(&password, &name)).await
    }

    /// The hash of a new password that is good enough.
    pub async fn new_password(
        &self,
        (asker, tried): (Asker, Reserved<'_>),
        password: String,
        name: String,
    ) -> Result<Result<String, PasswordError>, Error> {
        let work = move || password::check(&password, &name).map(|()| password::hash(&password));
        match self.hash((asker, tried), work).await? {
            Ok(hash) => hash.map(Ok).map_err(Error::internal),
            Err(weak) => Ok(Err(weak)),
        }
    }

    /// Does what takes long with a password, off the async threads; it was tried once its turn has come.
    pub async fn hash<T: Send + 'static>(
        &self,
        (asker, tried): (Asker, Reserved<'_>),
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.hashing.turn(asker).await?;
        tried.commit();
        // The work goes on when whoever asked goes away, and so does their turn.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stranger(address: &str) -> Asker {
        Asker::Stranger(ClientIp::of(address.parse().expect("an address")))
    }

    fn known(user: i64) -> Asker {
        Asker::Known(Some(UserId(user)), ClientIp::of(IpAddr::from([192, 0, 2, 1])))
    }

    /// Turns that are asked for and wait.
    async fn wait(hashing: &Arc<Hashing>, asker: Asker) -> tokio::task::JoinHandle<Result<Turn, Error>> {
        let hashing = Arc::clone(hashing);
        let turn = tokio::spawn(async move { hashing.turn(asker).await });
        tokio::task::yield_now().await;
        turn
    }

    #[tokio::test]
    async fn a_network_takes_no_more_than_its_share_and_all_strangers_together_none_of_the_known_ones() {
        let hashing = Arc::new(Hashing::new(2, true));
        let mut waiting = Vec::new();
        for nth in 0..90 {
            waiting.push(wait(&hashing, stranger(&format!("2001:db8:7:{nth:x}::1"))).await);
        }
        let refused = waiting.iter().filter(|turn| turn.is_finished()).count() - 2;
        assert_eq!(refused, 90 - NETWORK, "two have their turn, and six wait");
        for network in 1..=16 {
            for nth in 0..NETWORK {
                waiting.push(wait(&hashing, stranger(&format!("10.{network}.0.{nth}"))).await);
            }
        }
        assert!(hashing.turn(stranger("198.51.100.1")).await.is_err(), "strangers have no place left");
        let places: Vec<_> = [wait(&hashing, known(1)).await, wait(&hashing, known(1)).await].into();
        assert!(hashing.turn(known(1)).await.is_err(), "one account has two");
        assert!(places.iter().all(|turn| !turn.is_finished()));
        let other = wait(&hashing, known(2)).await;
        assert!(!other.is_finished(), "another one waits for its turn");
    }

    #[tokio::test]
    async fn whom_their_account_knows_go_before_the_strangers_that_wait() {
        let hashing = Arc::new(Hashing::new(1, true));
        let first = hashing.turn(stranger("192.0.2.1")).await.expect("free");
        let strangers = [wait(&hashing, stranger("198.51.100.1")).await, wait(&hashing, stranger("203.0.113.1")).await];
        let known = wait(&hashing, known(1)).await;
        drop(first);
        let soon = tokio::time::timeout(Duration::from_secs(5), known).await.expect("at once");
        assert!(soon.expect("no panic").is_ok() && strangers.iter().all(|turn| !turn.is_finished()));
    }

    #[tokio::test]
    async fn places_are_given_back() {
        let hashing = Arc::new(Hashing::new(1, true));
        for _ in 0..3 * STRANGERS {
            assert!(hashing.turn(stranger("192.0.2.1")).await.is_ok());
            assert!(hashing.turn(known(1)).await.is_ok());
        }
        assert!(hashing.shares.lock().expect("counts").is_empty());
        let turn = hashing.turn(stranger("192.0.2.1")).await.expect("free");
        for _ in 0..3 * STRANGERS {
            let waiting = wait(&hashing, stranger("192.0.2.1")).await;
            waiting.abort();
            let _ = waiting.await;
        }
        drop(turn);
        assert!(hashing.turn(stranger("192.0.2.1")).await.is_ok(), "whoever goes away keeps no place");
    }
}
