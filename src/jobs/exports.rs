//! Makes the archives that members asked for, one after another.

use super::leased::{CLAIM_INTERVAL, end_round};
use crate::store::Error;
use crate::web::App;

pub async fn make_exports_regularly(app: App) {
    let mut rounds = tokio::time::interval(CLAIM_INTERVAL);
    loop {
        rounds.tick().await;
        end_round(&app, "exports", make_exports(&app).await, "could not make a member’s archive");
    }
}

/// Makes all that wait. What fails is tried again when its lease has expired.
pub async fn make_exports(app: &App) -> Result<(), Error> {
    while let Some(user) = app.store.claim_export(app.clock.now()).await? {
        match app.archive_of(user).await {
            Ok(archive) => app.store.finish_export(user, &archive, app.clock.now()).await?,
            Err(error) => tracing::warn!(?error, "could not make a member’s archive"),
        }
    }
    Ok(())
}
