//! What the jobs that one process does at a time have in common.

use std::time::Duration;

use tokio::time::sleep;

use crate::store::{Error, Store};
use crate::web::App;

/// How often each process looks whether a job is due.
pub(super) const CLAIM_INTERVAL: Duration = Duration::from_secs(5);
/// How often a process renews the lease of the job that it does.
const RENEW_INTERVAL: Duration = Duration::from_secs(15);

/// Renews the lease of a job until another process has it.
pub(super) async fn until_lost(app: &App, job: &'static str) -> Result<(), Error> {
    loop {
        sleep(RENEW_INTERVAL).await;
        if !app.store.renew_lease(job, app.clock.now()).await? {
            return Ok(());
        }
    }
}

pub(super) fn log_failure(store: &Store, error: &Error, what: &str) {
    match error {
        Error::Storage(cause) => store.storage_failed(cause),
        _ => tracing::warn!(?error, "{what}"),
    }
}
