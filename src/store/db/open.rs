use std::sync::Arc;

use super::changes::ChangesCursor;
use super::engine::{Connections, Opened};
use super::error::{OpenError, Result};
use super::statement::ReadPool;
use super::{CheckpointResult, Store, identity, postgres, sqlite};
use crate::database_address::DatabaseAddress;

impl Store {
    /// Opens, creates or migrates a database; a file with data is copied before it is migrated.
    pub async fn open(address: impl Into<DatabaseAddress>) -> Result<Store, OpenError> {
        Store::open_or_create(address.into(), true).await
    }

    /// Like [`Store::open`], but fails if there is no forum yet.
    pub async fn open_existing(address: impl Into<DatabaseAddress>) -> Result<Store, OpenError> {
        Store::open_or_create(address.into(), false).await
    }

    async fn open_or_create(address: DatabaseAddress, new: bool) -> Result<Store, OpenError> {
        let opened = match &address {
            DatabaseAddress::File(path) => sqlite::open(path, new).await?,
            DatabaseAddress::Postgres(url) => postgres::open(url, new).await?,
        };
        let failed = |e| OpenError::Identity(address.clone(), e);
        let Opened { read, write, generations, ip_hash_key } = opened;
        let read = ReadPool(read, Arc::default());
        if read.sql(identity::MOVING).exists().await.map_err(failed)? {
            return Err(OpenError::Moving(address));
        }
        let site_id = identity::site_id(&read, &write).await.map_err(failed)?;
        let ip_hash_key = match ip_hash_key {
            Some(key) => key,
            None => identity::ip_hash_key(&read, &write).await.map_err(failed)?,
        };
        let setup_token = identity::setup_token(&read, &write).await.map_err(failed)?;
        let changes = ChangesCursor::at_the_end(&read).await.map_err(failed)?;
        Ok(Store {
            read,
            write,
            address,
            generations,
            changes: Arc::new(changes),
            saving: Arc::default(),
            ip_hash_key,
            site_id: site_id.into(),
            setup_token: setup_token.as_str().into(),
            looks: Arc::default(),
        })
    }

    /// Checkpoints a SQLite database's WAL; PostgreSQL does so by itself.
    pub async fn checkpoint(&self) -> Result<CheckpointResult> {
        match self.address.file() {
            Some(path) => sqlite::checkpoint(path).await,
            None => Ok(CheckpointResult::Small),
        }
    }

    /// Flushes activity and closes all connections.
    pub async fn close(&self) {
        if let Err(error) = self.flush_activity().await {
            tracing::warn!(?error, "the last activity could not be saved");
        }
        self.read.0.close().await;
        match &self.write {
            Connections::Sqlite(write) => sqlite::close(write).await,
            Connections::Postgres(write) => write.close().await,
        }
    }
}
