//! A rate limiter (GCRA) with a bucket for each key, on a monotonic clock. What was taken can be given back.

use std::num::NonZeroU32;
use std::time::Duration;

use dashmap::DashMap;

use super::LimitKey;
use crate::clock::Clock;

/// When a refused request may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// After so many seconds.
    Seconds(u64),
    /// It never holds as much.
    Never,
}

pub enum KeyedLimiter {
    /// Limits are off.
    Off,
    Never,
    Bucketed(Bucketed),
}

pub struct Bucketed {
    /// The uptime at which each bucket will be full again; what has none is full.
    full_at: DashMap<LimitKey, Duration>,
    clock: Clock,
    /// What a full bucket holds.
    times: NonZeroU32,
    /// In what time one more comes into a bucket.
    every: Duration,
}

impl Bucketed {
    fn filling(&self, many: NonZeroU32) -> Duration {
        self.every.saturating_mul(many.get())
    }
}

impl KeyedLimiter {
    /// `times` within `per`, for each key; 0 times is never.
    pub fn new(times: u32, per: Duration, clock: &Clock, on: bool) -> KeyedLimiter {
        if !on {
            return KeyedLimiter::Off;
        }
        let Some(most) = NonZeroU32::new(times) else { return KeyedLimiter::Never };
        let every = per.checked_div(times).unwrap_or_default();
        KeyedLimiter::Bucketed(Bucketed { full_at: DashMap::new(), clock: clock.clone(), times: most, every })
    }

    pub fn take(&self, key: &LimitKey, many: NonZeroU32) -> Result<(), RetryAfter> {
        let most = match self {
            KeyedLimiter::Off => return Ok(()),
            KeyedLimiter::Never => return Err(RetryAfter::Never),
            KeyedLimiter::Bucketed(most) => most,
        };
        if many > most.times {
            return Err(RetryAfter::Never);
        }
        let now = most.clock.uptime();
        let mut full_at = most.full_at.entry(key.clone()).or_insert(now);
        let then = (*full_at).max(now).saturating_add(most.filling(many));
        let wait = then.saturating_sub(now.saturating_add(most.filling(most.times)));
        if !wait.is_zero() {
            return Err(RetryAfter::Seconds(wait.as_secs().saturating_add(1)));
        }
        *full_at = then;
        Ok(())
    }

    /// Gives back what was reserved and not used.
    pub fn release(&self, key: &LimitKey, many: NonZeroU32) {
        let KeyedLimiter::Bucketed(most) = self else { return };
        let now = most.clock.uptime();
        most.full_at.remove_if_mut(key, |_, full_at| {
            *full_at = full_at.saturating_sub(most.filling(many));
            *full_at <= now
        });
    }

    /// Whether a full bucket holds as much.
    pub fn can_ever_hold(&self, many: NonZeroU32) -> bool {
        match self {
            KeyedLimiter::Off => true,
            KeyedLimiter::Never => false,
            KeyedLimiter::Bucketed(most) => many <= most.times,
        }
    }

    /// Drops the buckets that are full again.
    pub fn remove_idle(&self) {
        if let KeyedLimiter::Bucketed(most) = self {
            let now = most.clock.uptime();
            most.full_at.retain(|_, full_at| *full_at > now);
            most.full_at.shrink_to_fit();
        }
    }
}

/// What was taken from buckets; given back when dropped, so that whoever was refused has lost nothing.
#[must_use = "what is dropped is given back"]
#[derive(Default)]
pub struct Reserved<'a>(Vec<(&'a KeyedLimiter, LimitKey, NonZeroU32)>);

impl<'a> Reserved<'a> {
    pub fn take(&mut self, limit: &'a KeyedLimiter, key: LimitKey, many: NonZeroU32) -> Result<(), RetryAfter> {
        limit.take(&key, many)?;
        self.0.push((limit, key, many));
        Ok(())
    }

    /// It was used: it stays reserved.
    pub fn commit(mut self) {
        self.0.clear();
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        for (limit, key, many) in &self.0 {
            limit.release(key, *many);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn limit(times: u32) -> (KeyedLimiter, Arc<AtomicI64>) {
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = Clock::by_hand(Arc::clone(&seconds));
        (KeyedLimiter::new(times, Duration::from_secs(60), &clock, true), seconds)
    }

    #[test]
    fn a_bucket_gives_as_often_as_it_may_and_fills_evenly() {
        let (limit, seconds) = limit(3);
        for round in 0..3 {
            for _ in 0..3 {
                assert_eq!(limit.take(&LimitKey::Site, ONE), Ok(()), "{round}");
            }
            assert_eq!(limit.take(&LimitKey::Site, ONE), Err(RetryAfter::Seconds(21)), "{round}");
            seconds.fetch_add(20, Ordering::Relaxed);
            assert_eq!(limit.take(&LimitKey::Site, ONE), Ok(()), "one more has come in");
            assert_eq!(limit.take(&LimitKey::Site, ONE), Err(RetryAfter::Seconds(21)), "and no more than one");
            seconds.fetch_add(60, Ordering::Relaxed);
            limit.remove_idle();
        }
        let three = NonZeroU32::new(3).expect("not 0");
        assert_eq!(limit.take(&LimitKey::Site, three), Ok(()));
        assert_eq!(limit.take(&LimitKey::Site, three.saturating_add(1)), Err(RetryAfter::Never));
    }

    #[test]
    fn what_is_not_committed_is_given_back() {
        let (first, seconds) = limit(2);
        let (second, _) = limit(1);
        for _ in 0..5 {
            let mut reserved = Reserved::default();
            assert_eq!(reserved.take(&first, LimitKey::Site, ONE), Ok(()));
            assert_eq!(reserved.take(&second, LimitKey::Site, ONE), Ok(()));
            assert!(reserved.take(&second, LimitKey::Site, ONE).is_err());
        }
        let mut reserved = Reserved::default();
        assert_eq!(reserved.take(&first, LimitKey::Site, ONE), Ok(()));
        reserved.commit();
        assert_eq!(first.take(&LimitKey::Site, ONE), Ok(()));
        assert!(first.take(&LimitKey::Site, ONE).is_err(), "what was spent stays reserved");
        seconds.fetch_add(600, Ordering::Relaxed);
        first.release(&LimitKey::Site, ONE);
        assert_eq!(first.take(&LimitKey::Site, ONE), Ok(()));
        assert_eq!(first.take(&LimitKey::Site, ONE), Ok(()));
        assert!(first.take(&LimitKey::Site, ONE).is_err(), "a full bucket holds no more for what comes back late");
    }
}
