use std::time::Duration;

use crate::store::{CheckpointResult, Store};
use crate::web::App;

const ROUND: Duration = Duration::from_secs(60);

pub async fn checkpoint_wal_regularly(app: App) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        let has_succeeded = checkpoint_wal(&app.store).await;
        app.metrics.jobs.record("wal_checkpoint", has_succeeded, app.clock.now().0);
    }
}

/// False if it failed.
pub async fn checkpoint_wal(store: &Store) -> bool {
    let done = store.checkpoint().await;
    match &done {
        Ok(CheckpointResult::Small) => {}
        Ok(CheckpointResult::Done) => tracing::debug!("WAL checkpointed"),
        Ok(CheckpointResult::Blocked) => {
            tracing::info!("the WAL is large, and readers prevent its checkpoint")
        }
        Err(error) => tracing::warn!(?error, "the WAL could not be checkpointed"),
    }
    done.is_ok()
}
