//! Whether what people send can be saved: known from the last write that failed or did not, and asked of the database where somebody wants
//! to know.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Error, Result, Store};

/// For how long an answer of the database is good for whoever asks after health.
const FRESH: Duration = Duration::from_secs(1);
/// How long the database is waited for: others may be writing, which is no failure.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the log says that nothing can be saved.
const REMINDER: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Saving {
    fails: AtomicBool,
    logged: Mutex<Option<Instant>>,
    /// When the database was asked last, for health.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

impl Saving {
    /// After a write that did not fail.
    pub fn works(&self) {
        if self.fails.load(Ordering::Relaxed) && self.fails.swap(false, Ordering::Relaxed) {
            tracing::info!("the database can be written to again");
        }
    }

    fn fails(&self, cause: &dyn Debug) {
        self.fails.store(true, Ordering::Relaxed);
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|at| at.elapsed() >= REMINDER) {
            *logged = Some(Instant::now());
            tracing::error!(?cause, "the disk under the database fails, and nothing can be saved: is it full?");
        }
    }
}

impl Store {
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
        sqlx::query("insert into checks (id) values (1) on conflict do nothing").execute(&mut *tx).await?;
        sqlx::query("delete from checks where id = 1").execute(&mut *tx).await?;
        self.commit(tx, &[]).await
    }
}
