//! Counts what the page of statistics shows, once a day.

use super::leased::{CLAIM_INTERVAL, log_failure, while_leased};
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
    while_leased(app, STATISTICS, DAY, app.store.count_statistics(app.clock.now())).await.map(drop)
}
