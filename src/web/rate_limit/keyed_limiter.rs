//! A keyed rate limiter (GCRA) on a monotonic clock. Reservations can be returned.

use std::num::NonZeroU32;
use std::time::Duration;

use dashmap::DashMap;

use super::LimitKey;
use crate::clock::Clock;
use crate::metrics::Counter;

/// When to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    Seconds(u64),
    /// The request exceeds the limit's capacity.
    Never,
}

/// `times` per period; 0 always refuses.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub times: u32,
    pub per: Duration,
}

impl Rate {
    /// The time in which `many` are replenished.
    pub fn filling(self, many: u32) -> Duration {
        self.per.checked_div(self.times).unwrap_or_default().saturating_mul(many)
    }
}

/// The buckets of one limit. They store times, so the rate can differ per call.
pub struct KeyedLimiter {
    /// The same on every node.
    name: String,
    /// Uptime at which each bucket is full; absent buckets are full.
    full_at: DashMap<LimitKey, Duration>,
    clock: Clock,
    on: bool,
    refused: Counter,
}

impl KeyedLimiter {
    pub fn new(name: &str, clock: &Clock, on: bool) -> KeyedLimiter {
        let (name, clock) = (name.to_owned(), clock.clone());
        KeyedLimiter { name, full_at: DashMap::new(), clock, on, refused: Counter::default() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often a bucket did not hold what was to be taken.
    pub fn refused(&self) -> u64 {
        self.refused.value()
    }

    /// Takes `many` from a bucket; returns the time in which they are replenished.
    pub fn take(&self, key: &LimitKey, many: NonZeroU32, rate: Rate) -> Result<Duration, RetryAfter> {
        if !self.on {
            return Ok(Duration::ZERO);
        }
        if !self.can_ever_hold(many, rate) {
            self.refused.increment();
            return Err(RetryAfter::Never);
        }
        let (now, filling) = (self.clock.uptime(), rate.filling(many.get()));
        let mut full_at = self.full_at.entry(key.clone()).or_insert(now);
        let then = (*full_at).max(now).saturating_add(filling);
        let wait = then.saturating_sub(now.saturating_add(rate.filling(rate.times)));
        if !wait.is_zero() {
            self.refused.increment();
            return Err(RetryAfter::Seconds(wait.as_secs().saturating_add(1)));
        }
        *full_at = then;
        Ok(filling)
    }

    pub fn release(&self, key: &LimitKey, filling: Duration) {
        let now = self.clock.uptime();
        self.full_at.remove_if_mut(key, |_, full_at| {
            *full_at = full_at.saturating_sub(filling);
            *full_at <= now
        });
    }

    /// Empties a bucket until it is full in `wait`, as another node has emptied it.
    pub fn empty(&self, key: &LimitKey, wait: Duration) {
        let then = self.clock.uptime().saturating_add(wait);
        let mut full_at = self.full_at.entry(key.clone()).or_insert(then);
        *full_at = (*full_at).max(then);
    }

    pub fn can_ever_hold(&self, many: NonZeroU32, rate: Rate) -> bool {
        !self.on || many.get() <= rate.times
    }

    pub fn remove_idle(&self) {
        let now = self.clock.uptime();
        self.full_at.retain(|_, full_at| *full_at > now);
        self.full_at.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn limit() -> (KeyedLimiter, Arc<AtomicI64>) {
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = Clock::by_hand(Arc::clone(&seconds));
        (KeyedLimiter::new("a limit", &clock, true), seconds)
    }

    fn a_minute(times: u32) -> Rate {
        Rate { times, per: Duration::from_secs(60) }
    }

    fn take(limit: &KeyedLimiter, times: u32) -> Result<(), RetryAfter> {
        limit.take(&LimitKey::Site, ONE, a_minute(times)).map(drop)
    }

    #[test]
    fn a_bucket_gives_as_often_as_it_may_and_fills_evenly() {
        let (limit, seconds) = limit();
        for round in 0..3 {
            for _ in 0..3 {
                assert_eq!(take(&limit, 3), Ok(()), "{round}");
            }
            assert_eq!(take(&limit, 3), Err(RetryAfter::Seconds(21)), "{round}");
            seconds.fetch_add(20, Ordering::Relaxed);
            assert_eq!(take(&limit, 3), Ok(()), "one more has come in");
            assert_eq!(take(&limit, 3), Err(RetryAfter::Seconds(21)), "and no more than one");
            seconds.fetch_add(60, Ordering::Relaxed);
            limit.remove_idle();
        }
        let many = |many| NonZeroU32::new(many).expect("not 0");
        assert!(limit.take(&LimitKey::Site, many(3), a_minute(3)).is_ok());
        assert_eq!(limit.take(&LimitKey::Site, many(4), a_minute(3)), Err(RetryAfter::Never));
    }

    #[test]
    fn a_bucket_is_as_full_as_before_when_its_rate_becomes_another() {
        let (limit, seconds) = limit();
        (0..2).for_each(|_| assert_eq!(take(&limit, 4), Ok(())));
        assert_eq!(take(&limit, 0), Err(RetryAfter::Never), "0 times is never");
        assert_eq!(take(&limit, 2), Ok(()), "one of two is left");
        assert_eq!(take(&limit, 2), Err(RetryAfter::Seconds(31)));
        seconds.fetch_add(30, Ordering::Relaxed);
        (0..30).for_each(|_| assert_eq!(take(&limit, 60), Ok(())));
        assert_eq!(take(&limit, 60), Err(RetryAfter::Seconds(2)));
    }
}
