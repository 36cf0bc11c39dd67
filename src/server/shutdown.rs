use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Tells the listener and the connections to finish.
#[derive(Debug, Default)]
pub struct ShutdownSignal {
    triggered: AtomicBool,
    pub(super) notify: Notify,
}

impl ShutdownSignal {
    pub fn trigger(&self) {
        self.triggered.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    pub fn is_triggered(&self) -> bool {
        self.triggered.load(Ordering::Acquire)
    }
}
