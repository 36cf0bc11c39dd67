//! What is counted while the forum runs, and how Prometheus reads it. Plain atomic numbers that belong to
//! whoever counts them; nothing here is global.

mod exposition;
mod jobs;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use self::exposition::{Exposition, MetricKind};
pub use self::jobs::JobMetrics;

#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn increment(&self) {
        self.add(1);
    }

    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub struct ConnectionMetrics {
    pub accepted: Counter,
    /// Closed at once, because their address had its share.
    pub refused: Counter,
    /// Closed while idle or slow, to make room for others.
    pub evicted: Counter,
}

/// Upper bounds of a histogram's buckets, and how they are written: in seconds.
const BUCKETS: [(Duration, &str); 7] = [
    (Duration::from_millis(1), "0.001"),
    (Duration::from_millis(5), "0.005"),
    (Duration::from_millis(25), "0.025"),
    (Duration::from_millis(100), "0.1"),
    (Duration::from_millis(500), "0.5"),
    (Duration::from_millis(2_500), "2.5"),
    (Duration::from_secs(10), "10"),
];

/// How many durations were within each bound, and their sum.
#[derive(Debug, Default)]
pub struct Histogram {
    /// Of each bucket alone; the last has no bound.
    counts: [AtomicU64; BUCKETS.len() + 1],
    microseconds: AtomicU64,
}

impl Histogram {
    pub fn record(&self, took: Duration) {
        let bucket = BUCKETS.iter().position(|(bound, _)| took <= *bound).unwrap_or(BUCKETS.len());
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// How many durations there were up to each bound, the bound as it is written.
    fn cumulative(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let bounds = BUCKETS.iter().map(|(_, written)| *written).chain(["+Inf"]);
        bounds.zip(&self.counts).scan(0, |all, (bound, count)| {
            *all += count.load(Ordering::Relaxed);
            Some((bound, *all))
        })
    }

    fn sum(&self) -> Duration {
        Duration::from_micros(self.microseconds.load(Ordering::Relaxed))
    }
}
