//! What jobs have in common: those that one process does at a time, and what is logged and counted of all.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::clock::MINUTE;
use crate::store::{Error, Store};
use crate::web::App;

/// How often each process looks whether a job is due.
pub(super) const CLAIM_INTERVAL: Duration = Duration::from_secs(5);
/// How often a process renews the lease of the job that it does.
const RENEW_INTERVAL: Duration = Duration::from_secs(15);

/// Does a job that is due `every` so many seconds. `None` if it is not due, or another process does it or has
/// taken it over.
pub(super) async fn while_leased<T>(
    app: &App,
    job: &'static str,
    every: i64,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<Option<T>, Error> {
    let begin = async {
        if !app.store.claim_job(job, every, app.clock.now()).await? {
            return Ok(None);
        }
        tracing::debug!(job, "a job has begun");
        let began = Instant::now();
        let done = tokio::select! {
            done = work => done?,
            lost = until_lost(app, job) => return lost.map(|()| None),
        };
        app.store.end_lease(job, app.clock.now()).await?;
        Ok(Some((done, began.elapsed())))
    };
    let ended: Result<Option<(T, Duration)>, Error> = begin.await;
    if !matches!(ended, Ok(None)) {
        app.metrics.jobs.record(job, ended.is_ok(), app.clock.now().0);
    }
    Ok(ended?.map(|(done, took)| {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if every >= MINUTE {
            tracing::info!(job, ms, "a job has finished");
        } else {
            tracing::debug!(job, ms, "a job has finished");
        }
        done
    }))
}

/// Renews the lease of a job until another process has it.
async fn until_lost(app: &App, job: &'static str) -> Result<(), Error> {
    loop {
        sleep(RENEW_INTERVAL).await;
        if !app.store.renew_lease(job, app.clock.now()).await? {
            return Ok(());
        }
    }
}

/// Counts a round of a job that every process does for itself, and logs its failure.
pub(super) fn end_round<T>(app: &App, job: &'static str, done: Result<T, Error>, what: &str) -> Option<T> {
    app.metrics.jobs.record(job, done.is_ok(), app.clock.now().0);
    done.inspect_err(|error| log_failure(&app.store, error, what)).ok()
}

pub(super) fn log_failure(store: &Store, error: &Error, what: &str) {
    match error {
        Error::Storage(cause) => store.storage_failed(cause),
        _ => tracing::warn!(?error, "{what}"),
    }
}
