//! Jobs in the background: purging what is old, archives of members’ data, mail, statistics, the search
//! index, external writes and checkpoints.

mod exports;
mod followed_searches;
mod leased;
mod mail;
mod search_index;
mod statistics;
mod wal_checkpoint;

use std::time::Duration;

use tokio::time::sleep;

use crate::clock::{self, DAY};
pub use crate::jobs::exports::make_exports;
use crate::jobs::exports::make_exports_regularly;
pub use crate::jobs::followed_searches::tell_of_results_if_due;
use crate::jobs::followed_searches::tell_of_results_regularly;
use crate::jobs::leased::{CLAIM_INTERVAL, end_round, log_failure, while_leased};
pub use crate::jobs::mail::{prepare_mail_if_due, send_mail};
use crate::jobs::mail::{prepare_mail_regularly, send_mail_regularly};
use crate::jobs::search_index::index_search_regularly;
pub use crate::jobs::search_index::{IndexingError, rebuild_search_index, update_search_index};
pub use crate::jobs::statistics::count_statistics_if_due;
use crate::jobs::statistics::count_statistics_regularly;
pub use crate::jobs::wal_checkpoint::checkpoint_wal;
use crate::jobs::wal_checkpoint::checkpoint_wal_regularly;
use crate::store::{Error, RetentionPolicy};
use crate::web::App;

/// The name of the purging job's lease.
const PURGE: &str = "purge";
/// In seconds.
const PURGE_INTERVAL: i64 = 10 * clock::MINUTE;
/// As promised on the privacy page. Browsers are remembered for longer than sessions.
pub const KEEP: RetentionPolicy = RetentionPolicy {
    browsers: 365 * DAY,
    revisions: 90 * DAY,
    ip_hashes: 30 * DAY,
    invitations: 90 * DAY,
    requests_waiting: 90 * DAY,
    requests_decided: 30 * DAY,
    inbox: 365 * DAY,
    conversations: 365 * DAY,
};

/// Interval for detecting other processes' writes.
const DETECT_INTERVAL: Duration = Duration::from_millis(500);
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);

const MINUTE: Duration = Duration::from_secs(60);

/// Delay before a panicked job is restarted.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// Spawns the background jobs, which run as long as the runtime.
pub fn start(app: &App) {
    spawn("purge", app, purge_regularly);
    spawn("detect external writes", app, detect_external_writes);
    spawn("exchange wake-ups", app, exchange_wake_ups);
    spawn("tell event streams", app, |app| async move { app.tell_event_streams().await });
    spawn("flush activity", app, flush_activity);
    spawn("make exports", app, make_exports_regularly);
    spawn("count statistics", app, count_statistics_regularly);
    spawn("index for search", app, index_search_regularly);
    spawn("tell of search results", app, tell_of_results_regularly);
    spawn("tidy limits", app, tidy_limits);
    spawn("checkpoint WAL", app, checkpoint_wal_regularly);
    if app.mailer.is_some() {
        spawn("prepare mail", app, prepare_mail_regularly);
        spawn("send mail", app, send_mail_regularly);
    }
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
        let done = app.store.detect_external_writes().await;
        end_round(&app, "external_writes", done, "could not check for writes by other processes");
        // For mail, which no request waits for.
        app.refresh_settings().await;
    }
}

async fn exchange_wake_ups(app: App) {
    loop {
        if let Err(error) = app.store.exchange_wake_ups().await {
            log_failure(&app.store, &error, "could not listen for writes by other processes");
        }
        sleep(RESTART_DELAY).await;
    }
}

async fn flush_activity(app: App) {
    let mut rounds = tokio::time::interval(FLUSH_INTERVAL);
    loop {
        rounds.tick().await;
        end_round(&app, "activity", app.store.flush_activity().await, "could not save activity");
    }
}

/// What every process does for itself.
async fn tidy_limits(app: App) {
    let mut rounds = tokio::time::interval(MINUTE);
    loop {
        rounds.tick().await;
        app.admission.refusals.log();
        app.admission.request_lines.log();
        app.limits.remove_idle();
    }
}

async fn purge_regularly(app: App) {
    let mut rounds = tokio::time::interval(CLAIM_INTERVAL);
    loop {
        rounds.tick().await;
        if let Err(error) = purge_if_due(&app).await {
            log_failure(&app.store, &error, "could not purge expired rows");
        }
    }
}

/// Purges unless another process has done so within the interval, or is doing it.
pub async fn purge_if_due(app: &App) -> Result<(), Error> {
    let purge = async {
        let conversations = app.settings().conversation_days.seconds();
        app.store.purge(RetentionPolicy { conversations, ..KEEP }, app.clock.now()).await?;
        app.store.purge_buckets(app.clock.now()).await?;
        app.store.purge_changes().await
    };
    while_leased(app, PURGE, PURGE_INTERVAL, purge).await.map(drop)
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
