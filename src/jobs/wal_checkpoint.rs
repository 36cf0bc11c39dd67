use std::time::Duration;

use crate::store::{CheckpointResult, Store};
use crate::web::App;

const ROUND: Duration = Duration::from_secs(60);

pub async fn checkpoint_wal_regularly(app: App) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        checkpoint_wal(&app.store).await;
    }
}

pub async fn checkpoint_wal(store: &Store) {
    match store.checkpoint().await {
        Ok(CheckpointResult::Small) => {}
        Ok(CheckpointResult::Done) => tracing::debug!("WAL checkpointed"),
        Ok(CheckpointResult::Blocked) => {
            tracing::info!("the WAL is large, and readers prevent its checkpoint")
        }
        Err(error) => tracing::warn!(?error, "the WAL could not be checkpointed"),
    }
}
