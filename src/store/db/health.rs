//! Whether the database can be read and written, for whoever watches the forum.

use std::fmt::Debug;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Error, Result, Store};

/// For how long an answer of the database is good for whoever asks after health.
const FRESH: Duration = Duration::from_secs(1);
/// How long the database is waited for: others may be writing, which is no failure.
const PATIENCE: Duration = Duration::from_secs(2);
impl Store {
    /// Answers whether the database can be read.
    pub async fn ping(&self) -> Result<()> {
        self.read.sql("select 1").exists().await.map(drop)
    }

    /// Notes that the storage failed, and says so in the log, once a minute.
    pub fn storage_failed(&self, cause: &dyn Debug) {
        self.saving.fails(cause);
    }

    /// Whether the last write failed for the storage's sake.
    pub fn is_failing(&self) -> bool {
        self.saving.fails.load(Ordering::Relaxed)
    }

    /// Whether something can be saved, for whoever watches the forum: asked of the database once a second at most.
    pub async fn can_save(&self) -> bool {
        let mut asked = self.saving.asked.lock().await;
        if asked.is_none_or(|at| at.elapsed() >= FRESH) {
            self.can_save_now().await;
            *asked = Some(Instant::now());
        }
        !self.is_failing()
    }

    /// Whether something can be saved at this moment. Where others write for long, it is as it was.
    pub async fn can_save_now(&self) -> bool {
        match timeout(PATIENCE, self.check_saving()).await {
            Ok(Ok(()) | Err(Error::Busy)) | Err(_) => {}
            Ok(Err(error)) => self.saving.fails(&error),
        }
        !self.is_failing()
    }

    /// Writes a row and takes it out again.
    async fn check_saving(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("insert into checks (id) values (1) on conflict do nothing").execute().await?;
        tx.sql("delete from checks where id = 1").execute().await?;
        self.commit(tx, &[]).await
    }
}
