//! One limit: a bucket for each key, which fills as time passes, whatever the clock is set to.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;

/// Our clock as the limiter reads it.
#[derive(Debug, Clone)]
pub struct Ticks(Clock);

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.uptime()
    }
}

type Buckets<K> = RateLimiter<K, DashMapStateStore<K>, Ticks, NoOpMiddleware<Duration>>;

/// Why a bucket gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// In so many seconds it will.
    For(u64),
    /// It never holds as much.
    Always,
}

pub enum Limit<K: Hash + Eq + Clone> {
    /// Limits are off.
    Off,
    Never,
    Most(Box<Most<K>>),
}

pub struct Most<K: Hash + Eq + Clone> {
    buckets: Buckets<K>,
    ticks: Ticks,
    /// What a full bucket holds.
    times: NonZeroU32,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    /// `times` within `per`, for each key; 0 times is never.
    pub fn new(times: u32, per: Duration, clock: &Clock, on: bool) -> Limit<K> {
        if !on {
            return Limit::Off;
        }
        let Some(most) = NonZeroU32::new(times) else { return Limit::Never };
        let ticks = Ticks(clock.clone());
        match per.checked_div(times).and_then(Quota::with_period) {
            Some(quota) => {
                let buckets = RateLimiter::dashmap_with_clock(quota.allow_burst(most), ticks.clone());
                Limit::Most(Box::new(Most { buckets, ticks, times: most }))
            }
            None => Limit::Off,
        }
    }

    pub fn take(&self, key: &K) -> Result<(), Empty> {
        self.take_many(key, NonZeroU32::MIN)
    }

    pub fn take_many(&self, key: &K, many: NonZeroU32) -> Result<(), Empty> {
        let Most { buckets, ticks, .. } = match self {
            Limit::Off => return Ok(()),
            Limit::Never => return Err(Empty::Always),
            Limit::Most(most) => &**most,
        };
        match buckets.check_key_n(key, many) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => Err(Empty::For(until.wait_time_from(ticks.now()).as_secs().saturating_add(1))),
            Err(_) => Err(Empty::Always),
        }
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
            most.buckets.retain_recent();
            most.buckets.shrink_to_fit();
        }
    }
}
