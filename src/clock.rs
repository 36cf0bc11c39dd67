//! The only source of time: everything else takes a [`Timestamp`], or a [`Duration`] of process uptime.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, sqlx::Type)]
#[sqlx(transparent)]
pub struct Timestamp(pub i64);

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    pub fn plus(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds))
    }

    pub fn minus(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_sub(seconds))
    }
}

/// The system clock, or a manual one in tests.
#[derive(Debug, Clone)]
pub struct Clock(TimeSource);

#[derive(Debug, Clone)]
enum TimeSource {
    System { begun: Instant },
    Hand { wall: Arc<AtomicI64>, uptime: Arc<AtomicI64> },
}

impl Clock {
    pub fn system() -> Clock {
        #[expect(clippy::disallowed_methods, reason = "this is the one reader of time")]
        let begun = Instant::now();
        Clock(TimeSource::System { begun })
    }

    pub fn by_hand(seconds: Arc<AtomicI64>) -> Clock {
        Clock::by_hands(Arc::clone(&seconds), seconds)
    }

    /// A manual clock whose wall time and uptime move separately.
    pub fn by_hands(wall: Arc<AtomicI64>, uptime: Arc<AtomicI64>) -> Clock {
        Clock(TimeSource::Hand { wall, uptime })
    }

    /// Wall time, which may jump in both directions.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            TimeSource::System { .. } => {
                #[expect(clippy::disallowed_methods, reason = "this is the one reader of time")]
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                let seconds = since.map_or(0, |d| d.as_secs());
                Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
            }
            TimeSource::Hand { wall, .. } => Timestamp(wall.load(Ordering::Relaxed)),
        }
    }

    /// Monotonic process uptime, for everything that is timed in memory.
    pub fn uptime(&self) -> Duration {
        match &self.0 {
            TimeSource::System { begun } => begun.elapsed(),
            TimeSource::Hand { uptime, .. } => {
                Duration::from_secs(u64::try_from(uptime.load(Ordering::Relaxed)).unwrap_or(0))
            }
        }
    }
}
