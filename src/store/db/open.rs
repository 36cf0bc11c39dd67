use std::path::Path;
use std::sync::Arc;

use super::OpenError;
use super::ReadPool;
use super::Store;
use super::connection::{lasting, options};
use super::file;
use super::generations::Generations;
use super::key;
use super::migrations::{MIGRATIONS, migrate};
use super::writer;
use crate::store::db::instance_id;

/// Reader connections, a thread each; more than the number of cores gains nothing.
const READERS: u32 = 4;

impl Store {
    /// Opens, creates or migrates a database; a non-empty one is copied before migrating.
    pub async fn open(path: &Path) -> Result<Store, OpenError> {
        if file::look(path)? == file::FileKind::Nothing {
            file::make(path).map_err(|e| OpenError::Make(path.to_owned(), e))?;
            file::mark(path).await.map_err(|e| OpenError::Open(path.to_owned(), e))?;
        }
        Store::open_existing(path).await
    }

    pub async fn open_existing(path: &Path) -> Result<Store, OpenError> {
        let failed = |e| OpenError::Open(path.to_owned(), e);
        if file::look(path)? == file::FileKind::Nothing {
            return Err(OpenError::Missing(path.to_owned()));
        }
        file::restrict_permissions(path);
        let generations = Arc::new(Generations::new());
        let write = writer::open(options(path), Arc::clone(&generations)).await.map_err(failed)?;
        migrate(&write, path, &MIGRATIONS).await?;
        let ip_hash_key = key::of(&write, path).await?;
        let site_id = instance_id::id(&write).await.map_err(failed)?.into();
        let read = lasting(READERS).connect_with(options(path).read_only(true)).await.map_err(failed)?;
        Ok(Store {
            read: ReadPool(read),
            write,
            path: path.to_owned(),
            ip_hash_key,
            site_id,
            looks: Arc::default(),
            generations,
            saving: Arc::default(),
        })
    }

    pub async fn upgrade(path: &Path) -> Result<(), OpenError> {
        let write =
            lasting(1).connect_with(options(path)).await.map_err(|e| OpenError::Open(path.to_owned(), e))?;
        let migrated = MIGRATIONS.run(&write).await.map_err(|e| OpenError::Migrate(path.to_owned(), e));
        write.close().await;
        migrated
    }

    /// Flushes activity, checkpoints the WAL and closes all connections.
    pub async fn close(&self) {
        if let Err(error) = self.flush_activity().await {
            tracing::warn!(?error, "the last activity could not be saved");
        }
        self.read.0.close().await;
        if let Err(error) = sqlx::query("pragma wal_checkpoint(truncate)").execute(&self.write).await {
            tracing::warn!(%error, "the WAL could not be checkpointed");
        }
        self.write.close().await;
    }
}
