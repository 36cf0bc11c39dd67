//! Reservations in rate-limit buckets: this process's own and those that all nodes share.

use std::num::NonZeroU32;
use std::time::Duration;

use super::keyed_limiter::{KeyedLimiter, Rate, RetryAfter};
use super::{LimitKey, limited};
use crate::clock::Timestamp;
use crate::domain::limits::rate_limits::{RateLimitReason, RateLimited};
use crate::store::{self, BucketGrant, Store};

struct BucketReservation<'a> {
    limit: &'a KeyedLimiter,
    key: LimitKey,
    rate: Rate,
    /// The time in which what was taken is replenished.
    filling: Duration,
    why: RateLimitReason,
}

/// Reserved capacity; returned on drop, so refused requests are not charged.
#[must_use = "what is dropped is given back"]
#[derive(Default)]
pub struct Reserved<'a> {
    taken: Vec<BucketReservation<'a>>,
    /// What is to be taken from the buckets of all nodes.
    shared: Option<SharedGrants>,
}

struct SharedGrants {
    store: Store,
    grants: Vec<BucketGrant>,
    now: Timestamp,
}

impl<'a> Reserved<'a> {
    pub fn take(
        &mut self,
        limit: &'a KeyedLimiter,
        key: LimitKey,
        many: NonZeroU32,
        rate: Rate,
        why: RateLimitReason,
    ) -> Result<(), RateLimited> {
        let filling = limit.take(&key, many, rate).map_err(|retry_after| limited(why, retry_after))?;
        // Nothing is, if limits are off.
        if filling.is_zero() {
            return Ok(());
        }
        self.taken.push(BucketReservation { limit, key, rate, filling, why });
        Ok(())
    }

    /// Refuses what the buckets that all nodes share do not hold; they are charged by `commit`. Refusals come
    /// from memory afterwards.
    pub async fn share(
        reserved: Result<Self, RateLimited>,
        store: &Store,
        now: Timestamp,
    ) -> store::Result<Result<Self, RateLimited>> {
        match reserved {
            Ok(reserved) => reserved.look_up(store, now).await,
            Err(limited) => Ok(Err(limited)),
        }
    }

    async fn look_up(mut self, store: &Store, now: Timestamp) -> store::Result<Result<Self, RateLimited>> {
        let grants: Vec<BucketGrant> = self.taken.iter().map(|taken| taken.grant(store)).collect();
        let full_in = store.buckets_full_in(&grants, now).await?;
        for (taken, full_in) in self.taken.iter().zip(full_in) {
            let then = full_in.saturating_add(taken.filling);
            let wait = then.saturating_sub(taken.capacity());
            if !wait.is_zero() {
                // Dropping this takes off what it has taken.
                taken.limit.empty(&taken.key, then);
                let retry_after = RetryAfter::Seconds(wait.as_secs().saturating_add(1));
                return Ok(Err(limited(taken.why, retry_after)));
            }
        }
        self.shared = Some(SharedGrants { store: store.clone(), grants, now });
        Ok(Ok(self))
    }

    /// Commits what is limited in this process alone.
    pub fn keep(mut self) {
        self.taken.clear();
    }

    pub async fn commit(mut self) {
        self.taken.clear();
        let Some(SharedGrants { store, grants, now }) = self.shared.take() else { return };
        // In a task of its own, as the client may go away.
        let charge = tokio::spawn(async move { store.take_from_buckets(&grants, now).await });
        if let Ok(Err(error)) = charge.await {
            tracing::warn!(?error, "could not count for a rate limit what was done");
        }
    }
}

impl BucketReservation<'_> {
    fn capacity(&self) -> Duration {
        self.rate.filling(self.rate.times)
    }

    /// Keys are hashed, as they contain addresses.
    fn grant(&self, store: &Store) -> BucketGrant {
        let key = store.ip_hash_key().keyed_hash(format!("{} {:?}", self.limit.name(), self.key).as_bytes());
        BucketGrant { key, filling: self.filling, capacity: self.capacity() }
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        for BucketReservation { limit, key, filling, .. } in &self.taken {
            limit.release(key, *filling);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::clock::Clock;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn limit() -> (KeyedLimiter, Arc<AtomicI64>) {
        let seconds = Arc::new(AtomicI64::new(0));
        (KeyedLimiter::new("a limit", &Clock::by_hand(Arc::clone(&seconds)), true), seconds)
    }

    fn a_minute(times: u32) -> Rate {
        Rate { times, per: Duration::from_secs(60) }
    }

    fn take<'a>(reserved: &mut Reserved<'a>, limit: &'a KeyedLimiter, times: u32) -> bool {
        reserved.take(limit, LimitKey::Site, ONE, a_minute(times), RateLimitReason::Tries).is_ok()
    }

    #[tokio::test]
    async fn what_is_not_committed_is_given_back() {
        let (first, seconds) = limit();
        let (second, _) = limit();
        for _ in 0..5 {
            let mut reserved = Reserved::default();
            assert!(take(&mut reserved, &first, 2));
            assert!(take(&mut reserved, &second, 1));
            assert!(!take(&mut reserved, &second, 1));
        }
        let mut reserved = Reserved::default();
        assert!(take(&mut reserved, &first, 2));
        reserved.commit().await;
        let spend = || first.take(&LimitKey::Site, ONE, a_minute(2)).is_ok();
        assert!(spend());
        assert!(!spend(), "what was spent stays reserved");
        seconds.fetch_add(600, Ordering::Relaxed);
        first.release(&LimitKey::Site, a_minute(2).filling(1));
        assert!(spend() && spend());
        assert!(!spend(), "a full bucket holds no more for what comes back late");
    }
}
