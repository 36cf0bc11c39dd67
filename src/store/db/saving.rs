//! Whether the database is failing.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const REMINDER: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct SaveState {
    pub(super) fails: AtomicBool,
    /// Whether the database's server could not be reached at the last look.
    pub(super) is_unreachable: AtomicBool,
    logged: Mutex<Option<Instant>>,
    /// Time of the last health check.
    pub(super) asked: tokio::sync::Mutex<Option<Instant>>,
}

impl SaveState {
    pub fn works(&self) {
        if self.fails.load(Ordering::Relaxed) && self.fails.swap(false, Ordering::Relaxed) {
            tracing::info!("the database can be written to again");
        }
    }

    pub fn fails(&self, cause: &dyn Debug) {
        self.fails.store(true, Ordering::Relaxed);
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|at| at.elapsed() >= REMINDER) {
            *logged = Some(Instant::now());
            tracing::error!(?cause, "cannot write to the database; is its disk full, or its server gone?");
        }
    }
}
