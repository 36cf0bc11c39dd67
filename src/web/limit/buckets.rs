//! One limit: a bucket for each key, which fills as time passes, whatever the clock is set to. What was taken
//! can be given back.

use std::num::NonZeroU32;
use std::time::Duration;

use dashmap::DashMap;

use super::Key;
use crate::clock::Clock;

/// Why a bucket gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// In so many seconds it will.
    For(u64),
    /// It never holds as much.
    Always,
}

/// So many times within such a time; 0 times is never.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub times: u32,
    pub per: Duration,
}

impl Rate {
    /// In what time so many come into a bucket.
    fn filling(self, many: u32) -> Duration {
        self.per.checked_div(self.times).unwrap_or_default().saturating_mul(many)
    }
}

/// The buckets of one limit, whose rate may be another each time: how full they are is kept as a time.
pub struct Limit {
    /// The uptime at which each bucket will be full again; what has none is full.
    full_at: DashMap<Key, Duration>,
    clock: Clock,
    on: bool,
}

impl Limit {
    pub fn new(clock: &Clock, on: bool) -> Limit {
        Limit { full_at: DashMap::new(), clock: clock.clone(), on }
    }

    /// Takes so many from a bucket, and tells the time in which they come back.
    pub fn take(&self, key: &Key, many: NonZeroU32, rate: Rate) -> Result<Duration, Empty> {
        if !self.on {
            return Ok(Duration::ZERO);
        }
        if many.get() > rate.times {
            return Err(Empty::Always);
        }
        let (now, filling) = (self.clock.uptime(), rate.filling(many.get()));
        let mut full_at = self.full_at.entry(key.clone()).or_insert(now);
        let then = (*full_at).max(now).saturating_add(filling);
        let wait = then.saturating_sub(now.saturating_add(rate.filling(rate.times)));
        if !wait.is_zero() {
            return Err(Empty::For(wait.as_secs().saturating_add(1)));
        }
        *full_at = then;
        Ok(filling)
    }

    /// Gives back what was taken and not used.
    pub fn give_back(&self, key: &Key, filling: Duration) {
        let now = self.clock.uptime();
        self.full_at.remove_if_mut(key, |_, full_at| {
            *full_at = full_at.saturating_sub(filling);
            *full_at <= now
        });
    }

    /// Drops the buckets that are full again.
    pub fn forget_idle(&self) {
        let now = self.clock.uptime();
        self.full_at.retain(|_, full_at| *full_at > now);
        self.full_at.shrink_to_fit();
    }
}

/// What was taken from buckets. It is given back where nothing came of it, so that whoever was refused has
/// lost nothing.
#[must_use = "what is dropped is given back"]
#[derive(Default)]
pub struct Taken<'a>(Vec<(&'a Limit, Key, Duration)>);

impl<'a> Taken<'a> {
    pub fn take(&mut self, limit: &'a Limit, key: Key, many: NonZeroU32, rate: Rate) -> Result<(), Empty> {
        let filling = limit.take(&key, many, rate)?;
        self.0.push((limit, key, filling));
        Ok(())
    }

    /// It was used: it stays taken.
    pub fn spend(mut self) {
        self.0.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for (limit, key, filling) in &self.0 {
            limit.give_back(key, *filling);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn limit() -> (Limit, Arc<AtomicI64>) {
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = Clock::by_hand(Arc::clone(&seconds));
        (Limit::new(&clock, true), seconds)
    }

    fn a_minute(times: u32) -> Rate {
        Rate { times, per: Duration::from_secs(60) }
    }

    /// Takes one of `times` a minute.
    fn take(limit: &Limit, times: u32) -> Result<(), Empty> {
        limit.take(&Key::Site, ONE, a_minute(times)).map(drop)
    }

    #[test]
    fn a_bucket_gives_as_often_as_it_may_and_fills_evenly() {
        let (limit, seconds) = limit();
        for round in 0..3 {
            for _ in 0..3 {
                assert_eq!(take(&limit, 3), Ok(()), "{round}");
            }
            assert_eq!(take(&limit, 3), Err(Empty::For(21)), "{round}");
            seconds.fetch_add(20, Ordering::Relaxed);
            assert_eq!(take(&limit, 3), Ok(()), "one more has come in");
            assert_eq!(take(&limit, 3), Err(Empty::For(21)), "and no more than one");
            seconds.fetch_add(60, Ordering::Relaxed);
            limit.forget_idle();
        }
        let many = |many| NonZeroU32::new(many).expect("not 0");
        assert!(limit.take(&Key::Site, many(3), a_minute(3)).is_ok());
        assert_eq!(limit.take(&Key::Site, many(4), a_minute(3)), Err(Empty::Always));
    }

    #[test]
    fn a_bucket_is_as_full_as_before_when_its_rate_becomes_another() {
        let (limit, seconds) = limit();
        (0..2).for_each(|_| assert_eq!(take(&limit, 4), Ok(())));
        assert_eq!(take(&limit, 0), Err(Empty::Always), "0 times is never");
        assert_eq!(take(&limit, 2), Ok(()), "one of two is left");
        assert_eq!(take(&limit, 2), Err(Empty::For(31)));
        seconds.fetch_add(30, Ordering::Relaxed);
        (0..30).for_each(|_| assert_eq!(take(&limit, 60), Ok(())));
        assert_eq!(take(&limit, 60), Err(Empty::For(2)));
    }

    #[test]
    fn what_is_not_spent_is_given_back() {
        let (first, seconds) = limit();
        let (second, _) = limit();
        for _ in 0..5 {
            let mut taken = Taken::default();
            assert_eq!(taken.take(&first, Key::Site, ONE, a_minute(2)), Ok(()));
            assert_eq!(taken.take(&second, Key::Site, ONE, a_minute(1)), Ok(()));
            assert!(taken.take(&second, Key::Site, ONE, a_minute(1)).is_err());
        }
        let mut taken = Taken::default();
        assert_eq!(taken.take(&first, Key::Site, ONE, a_minute(2)), Ok(()));
        taken.spend();
        assert_eq!(take(&first, 2), Ok(()));
        assert!(take(&first, 2).is_err(), "what was spent stays taken");
        seconds.fetch_add(600, Ordering::Relaxed);
        first.give_back(&Key::Site, a_minute(2).filling(1));
        assert_eq!(take(&first, 2), Ok(()));
        assert_eq!(take(&first, 2), Ok(()));
        assert!(take(&first, 2).is_err(), "a full bucket holds no more for what comes back late");
    }
}
