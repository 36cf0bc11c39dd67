//! Work outside requests: one loop that does it all, now and then.

use std::time::Duration;

use crate::clock::DAY;
use crate::web::App;

/// How often the loop comes round.
const ROUND: Duration = Duration::from_secs(600);
/// For how long revisions and unused browsers are remembered, in seconds.
const KEPT: i64 = 90 * DAY;

/// Forgets what has had its time, until the process ends.
pub async fn run(app: App) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        app.limits.forget_idle();
        let now = app.clock.now();
        if let Err(error) = app.store.purge(now, now.minus(KEPT)).await {
            tracing::warn!(?error, "old sessions and revisions could not be forgotten");
        }
    }
}
