//! Buckets of rate limits that all nodes share. On SQLite there is one process, which keeps them in memory.

use std::time::Duration;

use super::db::{Result, Store, Tx};
use crate::clock::Timestamp;

/// What is taken from a bucket.
#[derive(Debug, Clone)]
pub struct BucketGrant {
    pub key: [u8; 16],
    /// The time in which what is taken is replenished.
    pub filling: Duration,
    /// The time in which the empty bucket is.
    pub capacity: Duration,
}

/// The bucket that holds too little, and the time in which it is full.
#[derive(Debug)]
pub struct EmptyBucket {
    pub key: [u8; 16],
    pub full_in: Duration,
}

impl Store {
    /// Takes from all of these buckets, or from none if one holds too little.
    pub async fn take_from_buckets(
        &self,
        grants: &[BucketGrant],
        now: Timestamp,
    ) -> Result<Result<(), EmptyBucket>> {
        if grants.is_empty() || !self.has_nodes() {
            return Ok(Ok(()));
        }
        let now = now.0.saturating_mul(1_000);
        let mut tx = self.begin().await?;
        for grant in grants {
            if !take(&mut tx, grant, now).await? {
                let full_at: Option<i64> = tx
                    .sql("select full_at_ms from rate_buckets where key = $1")
                    .bind(&grant.key[..])
                    .fetch_optional_scalar()
                    .await?;
                let full_in = full_at.map_or(0, |full_at| full_at.saturating_sub(now));
                let full_in = Duration::from_millis(u64::try_from(full_in).unwrap_or(0));
                return Ok(Err(EmptyBucket { key: grant.key, full_in }));
            }
        }
        self.commit(tx, &[]).await?;
        Ok(Ok(()))
    }

    pub async fn return_to_buckets(&self, grants: &[BucketGrant]) -> Result<()> {
        if grants.is_empty() || !self.has_nodes() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        for grant in grants {
            let update = "update rate_buckets set full_at_ms = full_at_ms - $2 where key = $1";
            tx.sql(update).bind(&grant.key[..]).bind(millis(grant.filling)).execute().await?;
        }
        self.commit(tx, &[]).await
    }

    /// Deletes the rows of full buckets.
    pub async fn purge_buckets(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let delete = "delete from rate_buckets where full_at_ms <= $1";
        tx.sql(delete).bind(now.0.saturating_mul(1_000)).execute().await?;
        self.commit(tx, &[]).await
    }
}

/// The generic cell rate algorithm; a bucket without a row is full.
async fn take(tx: &mut Tx, grant: &BucketGrant, now: i64) -> Result<bool> {
    let upsert = "insert into rate_buckets (key, full_at_ms) values ($1, $2 + $3) \
                  on conflict (key) do update set full_at_ms = $3 + \
                  case when rate_buckets.full_at_ms > $2 then rate_buckets.full_at_ms else $2 end \
                  where rate_buckets.full_at_ms + $3 <= $2 + $4";
    let upsert = tx.sql(upsert).bind(&grant.key[..]).bind(now);
    let taken = upsert.bind(millis(grant.filling)).bind(millis(grant.capacity)).execute().await?;
    Ok(taken == 1)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
