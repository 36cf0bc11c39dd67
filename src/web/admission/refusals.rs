//! Aggregated logging of refusals, so that an attacker cannot fill the disk.

use std::sync::atomic::{AtomicU64, Ordering};

/// Refusals since the last summary.
#[derive(Debug, Default)]
pub struct Refusals(AtomicU64);

impl Refusals {
    /// Counts a refusal; `true` for the first since the last summary, which is logged individually.
    pub fn is_first(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Logs the count since the first refusal and resets it.
    pub fn log(&self) {
        let more = self.0.swap(0, Ordering::Relaxed).saturating_sub(1);
        if more > 0 {
            tracing::warn!(requests = more, "more requests were refused in the last minute");
        }
    }
}
