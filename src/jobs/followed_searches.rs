//! Tells members of new results of the searches that they follow.

use std::time::Duration;

use tokio::time::sleep;

use super::leased::{CLAIM_INTERVAL, log_failure, while_leased};
use crate::clock::{DAY, MINUTE};
use crate::store::Error;
use crate::web::App;

/// The name of the job's lease.
const FOLLOWED_SEARCHES: &str = "followed_searches";
/// In seconds.
const INTERVAL: i64 = 5 * MINUTE;
const BATCH: i64 = 100;
/// Results that are older are not told of, in seconds: less than the time for which an inbox knows what it
/// told.
const LATEST: i64 = 30 * DAY;
/// New results of one search that are told of in one round.
const RESULTS: usize = 50;
/// Between two searches, so that those who wait for theirs go first.
const PAUSE: Duration = Duration::from_millis(2);

pub(super) async fn tell_of_results_regularly(app: App) {
    let mut rounds = tokio::time::interval(CLAIM_INTERVAL);
    loop {
        rounds.tick().await;
        if let Err(error) = tell_of_results_if_due(&app).await {
            log_failure(&app.store, &error, "could not tell of new results of searches");
        }
    }
}

/// Tells unless a process has done so within the interval, or is doing it.
pub async fn tell_of_results_if_due(app: &App) -> Result<(), Error> {
    while_leased(app, FOLLOWED_SEARCHES, INTERVAL, tell_of_results(app)).await.map(drop)
}

async fn tell_of_results(app: &App) -> Result<(), Error> {
    let mut last = String::new();
    loop {
        let searches = app.store.searches_after(&last, BATCH).await?;
        let Some(newest) = searches.last() else { return Ok(()) };
        last.clone_from(newest);
        for typed in &searches {
            let now = app.clock.now();
            if let Some(mut results) = app.newest_results(typed, RESULTS).await {
                results.retain(|item| item.time >= now.minus(LATEST));
                app.store.tell_of_results(typed, &results, now).await?;
            }
            sleep(PAUSE).await;
        }
    }
}
