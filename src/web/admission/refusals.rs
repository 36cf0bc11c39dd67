//! Aggregated logging of what happens very often, so that an attacker cannot fill the disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Refusals since the last summary: for want of room, and by a rate limit.
#[derive(Debug, Default)]
pub struct Refusals {
    overloaded: AtomicU64,
    rate_limited: AtomicU64,
}

impl Refusals {
    /// Counts a refusal for want of room; `true` for the first since the last summary, which is logged
    /// individually.
    pub fn is_first(&self) -> bool {
        self.overloaded.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Counts a refusal by a rate limit.
    pub fn rate_limited(&self) {
        self.rate_limited.fetch_add(1, Ordering::Relaxed);
    }

    /// Logs the counts since the last summary and resets them.
    pub fn log(&self) {
        let more = self.overloaded.swap(0, Ordering::Relaxed).saturating_sub(1);
        if more > 0 {
            tracing::warn!(requests = more, "more requests were refused in the last minute");
        }
        let requests = self.rate_limited.swap(0, Ordering::Relaxed);
        if requests > 0 {
            tracing::info!(requests, "requests were rate limited in the last minute");
        }
    }
}

/// How many requests have a line of their own in a second; the lines of a thousand take about 200 KB.
const LINES_PER_SECOND: u64 = 1_000;

/// Bounds what the log of requests takes of the disk.
#[derive(Debug, Default)]
pub struct RequestLines {
    /// The second of which lines are counted, by the uptime.
    second: AtomicU64,
    lines: AtomicU64,
    left_out: AtomicU64,
}

impl RequestLines {
    /// Whether there is a line left in this second.
    pub fn take(&self, uptime: Duration) -> bool {
        // A race between two seconds costs or gives a few lines.
        if self.second.swap(uptime.as_secs(), Ordering::Relaxed) != uptime.as_secs() {
            self.lines.store(0, Ordering::Relaxed);
        }
        let is_left = self.lines.fetch_add(1, Ordering::Relaxed) < LINES_PER_SECOND;
        if !is_left {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        is_left
    }

    /// Logs how many requests had no line, and resets that.
    pub fn log(&self) {
        let requests = self.left_out.swap(0, Ordering::Relaxed);
        if requests > 0 {
            tracing::info!(requests, "more requests were answered in the last minute than are logged");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_lines_and_no_more() {
        let lines = RequestLines::default();
        for second in 1..3 {
            let taken = (0..2 * LINES_PER_SECOND).filter(|_| lines.take(Duration::from_secs(second))).count();
            assert_eq!(taken as u64, LINES_PER_SECOND, "{second}");
        }
        assert_eq!(lines.left_out.load(Ordering::Relaxed), 2 * LINES_PER_SECOND);
    }
}
