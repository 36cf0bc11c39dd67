//! Work outside requests: a loop each, now and then.

use std::time::Duration;

use crate::clock::DAY;
use crate::web::App;

/// How often the loop comes round.
const ROUND: Duration = Duration::from_secs(600);
/// For how long revisions are kept, in seconds.
const REVISIONS: i64 = 90 * DAY;
/// For how long a browser is known after its last log-in, in seconds: longer than any session.
const BROWSERS: i64 = 365 * DAY;

/// How often other processes' writes are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Notices what other processes write to the database, until the process ends.
pub async fn notice_others(app: App) {
    let mut rounds = tokio::time::interval(LOOK);
    loop {
        rounds.tick().await;
        if let Err(error) = app.store.notice_others().await {
            tracing::warn!(?error, "other processes' writes could not be looked for");
        }
    }
}

/// Forgets what has had its time, until the process ends.
pub async fn run(app: App) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        app.limits.forget_idle();
        let now = app.clock.now();
        if let Err(error) = app.store.purge(now, now.minus(BROWSERS), now.minus(REVISIONS)).await {
            tracing::warn!(?error, "old sessions and revisions could not be forgotten");
        }
    }
}
