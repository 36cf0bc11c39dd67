//! Work outside requests: a loop each, now and then.

mod log;

use std::time::Duration;

use log::keep_log_small;
pub use log::look_at_log;
use tokio::time::sleep;

use crate::clock::DAY;
use crate::store::{Error, RetentionPolicy, Store};
use crate::web::App;

/// How often the loop comes round.
const ROUND: Duration = Duration::from_secs(600);
/// What the page on privacy promises. A browser is known for longer than any session lasts.
pub const KEEP: RetentionPolicy = RetentionPolicy {
    browsers: 365 * DAY,
    revisions: 90 * DAY,
    origins: 30 * DAY,
    invitations: 90 * DAY,
    requests_waiting: 90 * DAY,
    requests_decided: 30 * DAY,
};

/// How often other processes' writes are looked for, and what members looked at is written.
const LOOK: Duration = Duration::from_secs(1);

/// How often refusals are logged in sum.
const MINUTE: Duration = Duration::from_secs(60);

/// How long work that panicked rests before it begins anew.
const REST: Duration = Duration::from_secs(1);

/// Begins all work outside requests.
pub fn begin(app: &App) {
    let (one, two, three, four) = (app.clone(), app.clone(), app.clone(), app.clone());
    tokio::spawn(keep_up("forgetting", move || forget(one.clone())));
    tokio::spawn(keep_up("noticing others", move || notice_others(two.clone())));
    tokio::spawn(keep_up("writing looks", move || write_looks(four.clone())));
    let five = app.clone();
    tokio::spawn(keep_up("logging refusals", move || log_refusals(five.clone())));
    tokio::spawn(keep_up("keeping the log small", move || keep_log_small(three.clone())));
}

/// Does work that has no end: where it panics, the log says so and it begins anew.
async fn keep_up<W: Future<Output = ()> + Send + 'static>(what: &str, work: impl Fn() -> W) {
    loop {
        if let Err(error) = tokio::spawn(work()).await {
            tracing::error!(%error, what, "work outside requests broke off and begins anew");
        }
        sleep(REST).await;
    }
}

/// Notices what other processes write to the database, until the process ends.
async fn notice_others(app: App) {
    let mut rounds = tokio::time::interval(LOOK);
    loop {
        rounds.tick().await;
        if let Err(error) = app.store.notice_others().await {
            tell(&app.store, &error, "other processes' writes could not be looked for");
        }
    }
}

/// Writes what members looked at, until the process ends.
async fn write_looks(app: App) {
    let mut rounds = tokio::time::interval(LOOK);
    loop {
        rounds.tick().await;
        if let Err(error) = app.store.write_looks().await {
            tell(&app.store, &error, "what members looked at could not be noted");
        }
    }
}

/// Logs how many requests were refused, in sum, until the process ends.
async fn log_refusals(app: App) {
    let mut rounds = tokio::time::interval(MINUTE);
    loop {
        rounds.tick().await;
        app.admission.refusals.log();
    }
}

/// Forgets what has had its time, until the process ends.
async fn forget(app: App) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        app.limits.remove_idle();
        if let Err(error) = app.store.purge(KEEP, app.clock.now()).await {
            tell(&app.store, &error, "what has had its time could not be forgotten");
        }
    }
}

/// Logs that a round of work failed. While the storage fails every round does, which the store says once a minute.
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
        let work = tokio::spawn(keep_up("a test", move || {
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
