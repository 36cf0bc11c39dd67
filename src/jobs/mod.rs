mod wal_checkpoint;

use std::time::Duration;

pub use crate::jobs::wal_checkpoint::checkpoint_wal;
use crate::jobs::wal_checkpoint::checkpoint_wal_regularly;
use tokio::time::sleep;

use crate::clock::DAY;
use crate::store::{Error, RetentionPolicy, Store};
use crate::web::App;

const ROUND: Duration = Duration::from_secs(600);
/// As promised on the privacy page. Browsers are remembered for longer than sessions.
pub const KEEP: RetentionPolicy = RetentionPolicy {
    browsers: 365 * DAY,
    revisions: 90 * DAY,
    origins: 30 * DAY,
    invitations: 90 * DAY,
    requests_waiting: 90 * DAY,
    requests_decided: 30 * DAY,
};

/// Interval for detecting other processes' writes and for flushing activity.
const LOOK: Duration = Duration::from_secs(1);

const MINUTE: Duration = Duration::from_secs(60);

/// Delay before a panicked job is restarted.
const REST: Duration = Duration::from_secs(1);

pub fn begin(app: &App) {
    let (one, two, three, four) = (app.clone(), app.clone(), app.clone(), app.clone());
    tokio::spawn(supervise("purge", move || purge_expired(one.clone())));
    tokio::spawn(supervise("detect external writes", move || notice_others(two.clone())));
    tokio::spawn(supervise("flush activity", move || write_looks(four.clone())));
    let five = app.clone();
    tokio::spawn(supervise("log refusals", move || log_refusals(five.clone())));
    tokio::spawn(supervise("checkpoint WAL", move || checkpoint_wal_regularly(three.clone())));
}

/// Runs an endless job, restarting it after a panic.
async fn supervise<W: Future<Output = ()> + Send + 'static>(what: &str, work: impl Fn() -> W) {
    loop {
        if let Err(error) = tokio::spawn(work()).await {
            tracing::error!(%error, what, "a background job panicked and will be restarted");
        }
        sleep(REST).await;
    }
}

async fn notice_others(app: App) {
    let mut rounds = tokio::time::interval(LOOK);
    loop {
        rounds.tick().await;
        if let Err(error) = app.store.notice_others().await {
            tell(&app.store, &error, "could not check for writes by other processes");
        }
    }
}

async fn write_looks(app: App) {
    let mut rounds = tokio::time::interval(LOOK);
    loop {
        rounds.tick().await;
        if let Err(error) = app.store.write_looks().await {
            tell(&app.store, &error, "could not save activity");
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
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        app.limits.remove_idle();
        if let Err(error) = app.store.purge(KEEP, app.clock.now()).await {
            tell(&app.store, &error, "could not purge expired rows");
        }
    }
}

fn tell(store: &Store, error: &Error, what: &str) {
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
                sleep(REST / 100).await;
            }
        };
        tokio::time::timeout(60 * REST, again).await.expect("it begins a second time");
        work.abort();
    }
}
