//! Work outside requests: a loop each, now and then.

mod log;

use std::time::Duration;

pub use log::{keep_log_small, look_at_log};

use crate::clock::DAY;
use crate::store::Keep;
use crate::web::App;

/// How often the loop comes round.
const ROUND: Duration = Duration::from_secs(600);
/// What the page on privacy promises. A browser is known for longer than any session lasts.
pub const KEEP: Keep = Keep {
    browsers: 365 * DAY,
    revisions: 90 * DAY,
    origins: 30 * DAY,
    invitations: 90 * DAY,
    requests_waiting: 90 * DAY,
    requests_decided: 30 * DAY,
};

/// How often other processes' writes are looked for, and what members looked at is written.
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

/// Writes what members looked at, until the process ends.
pub async fn write_looks(app: App) {
    let mut rounds = tokio::time::interval(LOOK);
    loop {
        rounds.tick().await;
        if let Err(error) = app.store.write_looks().await {
            tracing::warn!(?error, "what members looked at could not be noted");
        }
    }
}

/// Forgets what has had its time, until the process ends.
pub async fn run(app: App) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        app.limits.forget_idle();
        if let Err(error) = app.store.purge(KEEP, app.clock.now()).await {
            tracing::warn!(?error, "what has had its time could not be forgotten");
        }
    }
}
