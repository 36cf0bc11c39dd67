//! One limit: a bucket for each key, which fills as time passes, whatever the clock is set to. What was taken can be given back.

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

pub enum Limit {
    /// Limits are off.
    Off,
    Never,
    Most(Most),
}

pub struct Most {
    /// The uptime at which each bucket will be full again; what has none is full.
    full_at: DashMap<Key, Duration>,
    clock: Clock,
    /// What a full bucket holds.
    times: NonZeroU32,
    /// In what time one more comes into a bucket.
    every: Duration,
}

impl Most {
    fn filling(&self, many: NonZeroU32) -> Duration {
        self.every.saturating_mul(many.get())
    }
}

impl Limit {
    /// `times` within `per`, for each key; 0 times is never.
    pub fn new(times: u32, per: Duration, clock: &Clock, on: bool) -> Limit {
        if !on {
            return Limit::Off;
        }
        let Some(most) = NonZeroU32::new(times) else { return Limit::Never };
        let every = per.checked_div(times).unwrap_or_default();
        Limit::Most(Most { full_at: DashMap::new(), clock: clock.clone(), times: most, every })
    }

    pub fn take(&self, key: &Key, many: NonZeroU32) -> Result<(), Empty> {
        let most = match self {
            Limit::Off => return Ok(()),
            Limit::Never => return Err(Empty::Always),
            Limit::Most(most) => most,
        };
        if many > most.times {
            return Err(Empty::Always);
        }
        let now = most.clock.uptime();
        let mut full_at = most.full_at.entry(key.clone()).or_insert(now);
        let then = (*full_at).max(now).saturating_add(most.filling(many));
        let wait = then.saturating_sub(now.saturating_add(most.filling(most.times)));
        if !wait.is_zero() {
            return Err(Empty::For(wait.as_secs().saturating_add(1)));
        }
        *full_at = then;
        Ok(())
    }

    /// Gives back what was taken and not used.
    pub fn give_back(&self, key: &Key, many: NonZeroU32) {
        let Limit::Most(most) = self else { return };
        let now = most.clock.uptime();
        most.full_at.remove_if_mut(key, |_, full_at| {
            *full_at = full_at.saturating_sub(most.filling(many));
            *full_at <= now
        });
    }

    /// Whether a full bucket holds as much.
    pub fn holds(&self, many: NonZeroU32) -> bool {
        match self {
            Limit::Off => true,
            Limit::Never => false,
            Limit::Most(most) => many <= most.times,
        }
    }

    /// Drops the buckets that are full again.
    pub fn forget_idle(&self) {
        if let Limit::Most(most) = self {
            let now = most.clock.uptime();
            most.full_at.retain(|_, full_at| *full_at > now);
            most.full_at.shrink_to_fit();
        }
    }
}

/// What was taken from buckets. It is given back where nothing came of it, so that whoever was refused has lost nothing.
#[must_use = "what is dropped is given back"]
#[derive(Default)]
pub struct Taken<'a>(Vec<(&'a Limit, Key, NonZeroU32)>);

impl<'a> Taken<'a> {
    pub fn take(&mut self, limit: &'a Limit, key: Key, many: NonZeroU32) -> Result<(), Empty> {
        limit.take(&key, many)?;
        self.0.push((limit, key, many));
        Ok(())
    }

    /// It was used: it stays taken.
    pub fn spend(mut self) {
        self.0.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for (limit, key, many) in &self.0 {
            limit.give_back(key, *many);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn limit(times: u32) -> (Limit, Arc<AtomicI64>) {
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = Clock::by_hand(Arc::clone(&seconds));
        (Limit::new(times, Duration::from_secs(60), &clock, true), seconds)
    }

    #[test]
    fn a_bucket_gives_as_often_as_it_may_and_fills_evenly() {
        let (limit, seconds) = limit(3);
        for round in 0..3 {
            for _ in 0..3 {
                assert_eq!(limit.take(&Key::Site, ONE), Ok(()), "{round}");
            }
            assert_eq!(limit.take(&Key::Site, ONE), Err(Empty::For(21)), "{round}");
            seconds.fetch_add(20, Ordering::Relaxed);
            assert_eq!(limit.take(&Key::Site, ONE), Ok(()), "one more has come in");
            assert_eq!(limit.take(&Key::Site, ONE), Err(Empty::For(21)), "and no more than one");
            seconds.fetch_add(60, Ordering::Relaxed);
            limit.forget_idle();
        }
        let three = NonZeroU32::new(3).expect("not 0");
        assert_eq!(limit.take(&Key::Site, three), Ok(()));
        assert_eq!(limit.take(&Key::Site, three.saturating_add(1)), Err(Empty::Always));
    }

    #[test]
    fn what_is_not_spent_is_given_back() {
        let (first, seconds) = limit(2);
        let (second, _) = limit(1);
        for _ in 0..5 {
            let mut taken = Taken::default();
            assert_eq!(taken.take(&first, Key::Site, ONE), Ok(()));
            assert_eq!(taken.take(&second, Key::Site, ONE), Ok(()));
            assert!(taken.take(&second, Key::Site, ONE).is_err());
        }
        let mut taken = Taken::default();
        assert_eq!(taken.take(&first, Key::Site, ONE), Ok(()));
        taken.spend();
        assert_eq!(first.take(&Key::Site, ONE), Ok(()));
        assert!(first.take(&Key::Site, ONE).is_err(), "what was spent stays taken");
        seconds.fetch_add(600, Ordering::Relaxed);
        first.give_back(&Key::Site, ONE);
        assert_eq!(first.take(&Key::Site, ONE), Ok(()));
        assert_eq!(first.take(&Key::Site, ONE), Ok(()));
        assert!(first.take(&Key::Site, ONE).is_err(), "a full bucket holds no more for what comes back late");
    }
}
