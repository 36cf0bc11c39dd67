//! Counts what the page of statistics shows, once a day.

use super::leased::{CLAIM_INTERVAL, log_failure, until_lost};
use crate::clock::DAY;
use crate::store::Error;
use crate::web::App;

/// The name of the job's lease.
const STATISTICS: &str = "statistics";

pub(super) async fn count_statistics_regularly(app: App) {
    let mut rounds = tokio::time::interval(CLAIM_INTERVAL);
    loop {
        rounds.tick().await;
        if let Err(error) = count_statistics_if_due(&app).await {
            log_failure(&app.store, &error, "could not count the statistics");
        }
    }
}

/// Counts unless a process has done so within a day, or is doing it.
pub async fn count_statistics_if_due(app: &App) -> Result<(), Error> {
    if !app.store.claim_job(STATISTICS, DAY, app.clock.now()).await? {
        return Ok(());
    }
    tokio::select! {
        counted = app.store.count_statistics(app.clock.now()) => counted?,
        lost = until_lost(app, STATISTICS) => return lost,
    }
    app.store.end_lease(STATISTICS, app.clock.now()).await
}
