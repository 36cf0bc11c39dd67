//! Jobs in the background: purging what is old, detecting external writes and checkpointing the WAL.

mod wal_checkpoint;

use std::time::Duration;

use tokio::time::sleep;

use crate::clock::DAY;
pub use crate::jobs::wal_checkpoint::checkpoint_wal;
use crate::jobs::wal_checkpoint::checkpoint_wal_regularly;
use crate::store::{Error, RetentionPolicy, Store};
use crate::web::App;

const PURGE_INTERVAL: Duration = Duration::from_secs(600);
/// As promised on the privacy page. Browsers are remembered for longer than sessions.
pub const KEEP: RetentionPolicy = RetentionPolicy {
    browsers: 365 * DAY,
    revisions: 90 * DAY,
    ip_hashes: 30 * DAY,
    invitations: 90 * DAY,
    requests_waiting: 90 * DAY,
    requests_decided: 30 * DAY,
};

/// Interval for detecting other processes' writes.
const DETECT_INTERVAL: Duration = Duration::from_millis(500);
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);

const MINUTE: Duration = Duration::from_secs(60);

/// Delay before a panicked job is restarted.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// Spawns the background jobs, which run as long as the runtime.
pub fn start(app: &App) {
    spawn("purge", app, purge_expired);
    spawn("detect external writes", app, detect_external_writes);
    spawn("flush activity", app, flush_activity);
    spawn("log refusals", app, log_refusals);
    spawn("checkpoint WAL", app, checkpoint_wal_regularly);
}

fn spawn<W: Future<Output = ()> + Send + 'static>(what: &'static str, app: &App, job: fn(App) -> W) {
    let app = app.clone();
    tokio::spawn(supervise(what, move || job(app.clone())));
}

/// Runs an endless job, restarting it after a panic.
async fn supervise<W: Future<Output = ()> + Send + 'static>(what: &str, work: impl Fn() -> W) {
    loop {
        if let Err(error) = tokio::spawn(work()).await {
            tracing::error!(%error, what, "a background job panicked and will be restarted");
        }
        sleep(RESTART_DELAY).await;
    }
}

async fn detect_external_writes(app: App) {
    let mut rounds = tokio::time::interval(DETECT_INTERVAL);
    loop {
        rounds.tick().await;
        if let Err(error) = app.store.detect_external_writes().await {
            log_failure(&app.store, &error, "could not check for writes by other processes");
        }
    }
}

async fn flush_activity(app: App) {
    let mut rounds = tokio::time::interval(FLUSH_INTERVAL);
    loop {
        rounds.tick().await;
        if let Err(error) = app.store.flush_activity().await {
            log_failure(&app.store, &error, "could not save activity");
        }
    }
}

async fn log_refusals(app: App) {
    let mut rounds = tokio::time::interval(MINUTE);
    loop {
        rounds.tick().await;
        app.admission.refusals.log();
    }
}

async fn purge_expired(app: App) {
    let mut rounds = tokio::time::interval(PURGE_INTERVAL);
    loop {
        rounds.tick().await;
        app.limits.remove_idle();
        if let Err(error) = app.store.purge(KEEP, app.clock.now()).await {
            log_failure(&app.store, &error, "could not purge expired rows");
        }
        if let Err(error) = app.store.purge_changes().await {
            log_failure(&app.store, &error, "could not purge old changes");
        }
    }
}

fn log_failure(store: &Store, error: &Error, what: &str) {
    match error {
        Error::Storage(cause) => store.storage_failed(cause),
        _ => tracing::warn!(?error, "{what}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn work_that_panicked_begins_anew() {
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&begun);
        let work = tokio::spawn(supervise("a test", move || {
            let counted = Arc::clone(&counted);
            async move { assert!(counted.fetch_add(1, Ordering::Relaxed) > 0, "the first time it fails") }
        }));
        let again = async {
            while begun.load(Ordering::Relaxed) < 2 {
                sleep(RESTART_DELAY / 100).await;
            }
        };
        tokio::time::timeout(60 * RESTART_DELAY, again).await.expect("it begins a second time");
        work.abort();
    }
}
