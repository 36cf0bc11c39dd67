//! Several processes on one PostgreSQL database; without one, these tests have nothing to do.

mod face;
mod faults;
mod leases;
mod limits;
mod live;
mod own_writes;
mod storms;
mod wake_ups;

use stoa::config::Settings;

use crate::support::app::TestApp;
use crate::support::database::cluster;

/// Two nodes of a new forum, unless it would be on SQLite.
pub async fn two_nodes() -> Option<(TestApp, TestApp)> {
    two_nodes_with(|_| {}).await
}

pub async fn two_nodes_with(change: impl FnOnce(&mut Settings)) -> Option<(TestApp, TestApp)> {
    cluster()?;
    let one = TestApp::with(change).await;
    let other = one.another_node().await;
    Some((one, other))
}
