//! A semaphore that also caps the permits of one key, such as an IP address.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const PER_KEY_FRACTION: usize = 4;

/// Too few permits, or the key is at its cap.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("overloaded")]
pub struct Overloaded;

pub struct FairSemaphore<K: Copy + Eq + Hash = IpAddr> {
    size: usize,
    max_per_key: usize,
    permits: Arc<Semaphore>,
    /// `None` if limits are off.
    shares: Option<Shares<K>>,
    refused: AtomicU64,
}

type Shares<K> = Arc<Mutex<HashMap<K, KeyShare>>>;

/// Permits that a key holds or waits for, and its cap.
struct KeyShare {
    permits: Arc<Semaphore>,
    users: usize,
}

/// Releases a key's share on drop.
struct ShareGuard<K: Copy + Eq + Hash> {
    shares: Shares<K>,
    key: K,
    permits: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl<K: Copy + Eq + Hash> ShareGuard<K> {
    /// Takes up to `count` of what is held into a guard of its own.
    fn split(&mut self, count: usize) -> ShareGuard<K> {
        let held = self.held.as_mut().and_then(|held| held.split(count.min(held.num_permits())));
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get_mut(&self.key) {
            share.users += 1;
        }
        let (shares, permits) = (Arc::clone(&self.shares), Arc::clone(&self.permits));
        ShareGuard { shares, key: self.key, permits, held }
    }
}

impl<K: Copy + Eq + Hash> Drop for ShareGuard<K> {
    fn drop(&mut self) {
        drop(self.held.take());
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get_mut(&self.key) {
            share.users = share.users.saturating_sub(1);
            if share.users == 0 {
                shares.remove(&self.key);
            }
        }
    }
}

pub struct FairPermit<K: Copy + Eq + Hash = IpAddr> {
    count: usize,
    permit: OwnedSemaphorePermit,
    share: Option<ShareGuard<K>>,
}

impl<K: Copy + Eq + Hash> FairPermit<K> {
    pub fn count(&self) -> usize {
        self.count
    }

    /// Splits off `count` permits; `None` if there are fewer. If they exceed the key's cap, the part split
    /// off is charged first, so it should be the one that is kept longer.
    pub fn split(&mut self, count: usize) -> Option<FairPermit<K>> {
        let permit = self.permit.split(count)?;
        self.count -= count;
        let share = self.share.as_mut().map(|share| share.split(count));
        Some(FairPermit { count, permit, share })
    }
}

impl<K: Copy + Eq + Hash> FairSemaphore<K> {
    pub fn new(size: usize, limited: bool) -> FairSemaphore<K> {
        let size = size.min(Semaphore::MAX_PERMITS);
        FairSemaphore::with_share(size, size.div_ceil(PER_KEY_FRACTION), limited)
    }

    pub fn with_share(size: usize, max_per_key: usize, limited: bool) -> FairSemaphore<K> {
        let shares = limited.then(Shares::default);
        let (permits, refused) = (Arc::new(Semaphore::new(size)), AtomicU64::new(0));
        FairSemaphore { size, max_per_key, permits, shares, refused }
    }

    pub fn size(&self) -> usize {
        self.size
    }

    pub fn available(&self) -> usize {
        self.permits.available_permits()
    }

    /// How often permits were refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Counts a refusal for a reason of the caller's own.
    pub fn refuse(&self) -> Overloaded {
        self.refused.fetch_add(1, Ordering::Relaxed);
        Overloaded
    }

    fn share(&self, key: K) -> Option<ShareGuard<K>> {
        let shares = self.shares.as_ref()?;
        let mut known = shares.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || KeyShare { permits: Arc::new(Semaphore::new(self.max_per_key)), users: 0 };
        let share = known.entry(key).or_insert_with(new);
        share.users += 1;
        Some(ShareGuard { shares: Arc::clone(shares), key, permits: Arc::clone(&share.permits), held: None })
    }

    /// Acquires `count` permits. A key without permits may exceed its cap once.
    pub fn try_acquire(&self, count: usize, key: Option<K>) -> Result<FairPermit<K>, Overloaded> {
        let permit = try_acquire(&self.permits, count).map_err(|_| self.refuse())?;
        let permit = FairPermit { count, permit, share: None };
        if let Some(key) = key { self.charge(permit, key) } else { Ok(permit) }
    }

    /// Charges anonymous permits to a key.
    pub fn charge(&self, permit: FairPermit<K>, key: K) -> Result<FairPermit<K>, Overloaded> {
        let mut share = self.share(key);
        if let Some(share) = &mut share {
            let held = try_acquire(&share.permits, permit.count.min(self.max_per_key));
            share.held = Some(held.map_err(|_| self.refuse())?);
        }
        Ok(FairPermit { share, ..permit })
    }

    /// Waits in FIFO order; a key at its cap only waits for itself.
    pub async fn acquire(&self, key: Option<K>) -> Result<FairPermit<K>, Overloaded> {
        let mut share = key.and_then(|key| self.share(key));
        if let Some(share) = &mut share {
            share.held = Some(Arc::clone(&share.permits).acquire_owned().await.map_err(|_| Overloaded)?);
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Overloaded)?;
        Ok(FairPermit { count: 1, permit, share })
    }
}

fn try_acquire(permits: &Arc<Semaphore>, count: usize) -> Result<OwnedSemaphorePermit, Overloaded> {
    let count = u32::try_from(count).map_err(|_| Overloaded)?;
    Arc::clone(permits).try_acquire_many_owned(count).map_err(|_| Overloaded)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    fn is_forgotten(semaphore: &FairSemaphore) -> bool {
        semaphore.shares.as_ref().is_some_and(|shares| shares.lock().expect("no panic").is_empty())
    }

    #[test]
    fn nobody_takes_more_than_a_quarter_and_all_together_no_more_than_there_is() {
        let stock = FairSemaphore::new(8, true);
        let mut taken = vec![
            stock.try_acquire(1, address(1)).expect("one"),
            stock.try_acquire(1, address(1)).expect("two"),
        ];
        assert!(stock.try_acquire(1, address(1)).is_err(), "a quarter is two");
        for last in 2..5 {
            taken.push(stock.try_acquire(2, address(last)).expect("their share"));
        }
        assert!(
            stock.try_acquire(1, address(5)).is_err() && stock.try_acquire(1, None).is_err(),
            "nothing is left"
        );
        taken.remove(0);
        assert!(stock.try_acquire(2, address(1)).is_err(), "one is left");
        drop(stock.try_acquire(1, address(1)).expect("given back"));
        assert!(stock.try_acquire(1, None).is_ok());
        taken.clear();
        assert!(stock.try_acquire(8, None).is_ok(), "who stands for many has no share");
        let large = stock.try_acquire(5, address(1)).expect("more than a share goes out by itself");
        assert!(stock.try_acquire(1, address(1)).is_err(), "and nothing beside it");
        drop(large);
        assert!(is_forgotten(&stock));
    }

    #[test]
    fn the_parts_of_a_permit_are_given_back_each_by_itself() {
        let stock = FairSemaphore::new(16, true);
        let mut own = stock.try_acquire(3, address(1)).expect("free");
        let kept = own.split(2).expect("three");
        assert_eq!((own.count(), kept.count()), (1, 2));
        assert!(own.split(2).is_none() && own.count() == 1, "there are fewer");
        drop(own);
        assert_eq!(stock.available(), 14);
        assert!(stock.try_acquire(3, address(1)).is_err(), "two are charged still");
        drop(stock.try_acquire(2, address(1)).expect("and no more"));
        drop(kept);
        assert!(is_forgotten(&stock) && stock.available() == 16);

        // More than a share.
        let mut own = stock.try_acquire(8, address(1)).expect("by itself");
        let kept = own.split(3).expect("eight");
        assert!(stock.try_acquire(1, address(1)).is_err(), "nothing beside it");
        drop(own);
        assert!(stock.try_acquire(2, address(1)).is_err(), "three are charged still");
        assert!(stock.try_acquire(1, address(1)).is_ok());
        drop(kept);
        assert!(is_forgotten(&stock) && stock.available() == 16);

        let mut unlimited = FairSemaphore::new(4, false);
        unlimited.max_per_key = 1;
        let mut own = unlimited.try_acquire(4, address(1)).expect("free");
        drop(own.split(4).expect("all of it"));
        assert!(own.count() == 0 && unlimited.available() == 4);
    }

    #[test]
    fn where_there_is_nothing_everything_is_refused() {
        for limited in [false, true] {
            let none = FairSemaphore::new(0, limited);
            assert!(none.try_acquire(1, None).is_err() && none.try_acquire(1, address(1)).is_err());
        }
    }

    #[tokio::test]
    async fn a_permit_is_charged_to_whoever_turns_out_to_hold_it() {
        let stock = FairSemaphore::new(8, true);
        let mut permits = Vec::new();
        for nth in 0..3 {
            let permit = stock.acquire(None).await.expect("free");
            let charged = stock.charge(permit, IpAddr::from([192, 0, 2, 1]));
            assert_eq!(charged.is_ok(), nth < 2, "a quarter is two");
            permits.extend(charged);
        }
        drop(permits);
        assert!(is_forgotten(&stock) && stock.available() == 8);
    }

    #[tokio::test]
    async fn an_address_waits_behind_itself_and_nobody_else_behind_it() {
        let permits = FairSemaphore::new(4, true);
        let first = permits.acquire(address(1)).await.expect("one");
        let second = permits.acquire(address(1));
        tokio::pin!(second);
        assert!(
            tokio::time::timeout(Duration::from_millis(10), &mut second).await.is_err(),
            "a quarter is one"
        );
        let others =
            [permits.acquire(address(2)).await, permits.acquire(None).await, permits.acquire(None).await];
        assert!(others.iter().all(Result::is_ok), "a proxy that names nobody has as many as there are");
        drop(first);
        assert!(second.await.is_ok());
        drop(others);
        assert!(is_forgotten(&permits), "nothing is remembered of whoever waits no more");
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_the_queue() {
        let permits = FairSemaphore::new(1, true);
        let first = permits.acquire(address(1)).await.expect("one");
        drop(tokio::time::timeout(Duration::from_millis(1), permits.acquire(address(1))).await);
        drop(tokio::time::timeout(Duration::from_millis(1), permits.acquire(address(2))).await);
        drop(first);
        assert!(permits.acquire(address(2)).await.is_ok());
        assert!(is_forgotten(&permits));
    }
}
