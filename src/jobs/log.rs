use std::time::Duration;

use crate::store::{CheckpointResult, Store};
use crate::web::App;

const ROUND: Duration = Duration::from_secs(60);

pub async fn keep_log_small(app: App) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        look_at_log(&app.store).await;
    }
}

pub async fn look_at_log(store: &Store) {
    match store.checkpoint().await {
        Ok(CheckpointResult::Small) => {}
        Ok(CheckpointResult::Done) => tracing::debug!("the database's log was folded in"),
        Ok(CheckpointResult::Held) => {
            tracing::info!("the database's log is large, and somebody reads what was before it")
        }
        Err(error) => tracing::warn!(?error, "the database's log could not be folded in"),
    }
}
