//! Refusals are logged in sum: whoever is refused without end must not fill the disk.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many requests were refused since this was logged last.
#[derive(Debug, Default)]
pub struct Refusals(AtomicU64);

impl Refusals {
    /// Counts one; whether it is the first since the last sum, and so to be logged by itself.
    pub fn is_first(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Logs how many came beside the first, and begins anew.
    pub fn log(&self) {
        let more = self.0.swap(0, Ordering::Relaxed).saturating_sub(1);
        if more > 0 {
            tracing::warn!(requests = more, "more requests were refused in the last minute");
        }
    }
}
