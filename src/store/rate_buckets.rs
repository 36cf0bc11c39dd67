//! Buckets of rate limits that all nodes share. On SQLite there is one process, which keeps them in memory.

use std::time::Duration;

use super::db::{Result, Store};
use crate::clock::Timestamp;

/// By how much nodes' clocks may differ, in milliseconds. A bucket that is emptier than can be, and by more
/// than this, was charged under a clock that was ahead, and counts as full.
const SKEW: i64 = 60_000;

/// What is taken from a bucket.
#[derive(Debug, Clone)]
pub struct BucketGrant {
    pub key: [u8; 16],
    /// The time in which what is taken is replenished.
    pub filling: Duration,
    /// The time in which the empty bucket is.
    pub capacity: Duration,
}

impl Store {
    /// The time in which each of these buckets is full, as one without a row is.
    pub async fn buckets_full_in(&self, grants: &[BucketGrant], now: Timestamp) -> Result<Vec<Duration>> {
        if grants.is_empty() || !self.has_nodes() {
            return Ok(vec![Duration::ZERO; grants.len()]);
        }
        let select = self.read.sql("select key, full_at_ms from rate_buckets where key in ");
        let rows: Vec<(Vec<u8>, i64)> =
            select.list(grants.iter().map(|grant| &grant.key[..])).fetch_all().await?;
        let full_in = |grant: &BucketGrant| {
            let row = rows.iter().find(|(key, _)| *key == grant.key);
            let millis = row.map_or(0, |(_, full_at)| full_at.saturating_sub(in_millis(now)));
            let is_plausible = millis <= millis_of(grant.capacity).saturating_mul(2).saturating_add(SKEW);
            let full_in = Duration::from_millis(u64::try_from(millis).unwrap_or(0)).min(grant.capacity);
            if is_plausible { full_in } else { Duration::ZERO }
        };
        Ok(grants.iter().map(full_in).collect())
    }

    pub async fn take_from_buckets(&self, grants: &[BucketGrant], now: Timestamp) -> Result<()> {
        if grants.is_empty() || !self.has_nodes() {
            return Ok(());
        }
        let mut tx = self.begin_beside(None).await?;
        // All lock the rows in one order.
        let mut grants: Vec<&BucketGrant> = grants.iter().collect();
        grants.sort_unstable_by_key(|grant| grant.key);
        for grant in grants {
            let upsert = "insert into rate_buckets (key, full_at_ms) values ($1, $2 + $3) \
                          on conflict (key) do update set full_at_ms = $3 + case \
                          when rate_buckets.full_at_ms <= $2 then $2 \
                          when rate_buckets.full_at_ms <= $2 + $4 then rate_buckets.full_at_ms \
                          when rate_buckets.full_at_ms <= $2 + $4 + $4 + $5 then $2 + $4 else $2 end";
            let upsert = tx.sql(upsert).bind(&grant.key[..]).bind(in_millis(now));
            let upsert = upsert.bind(millis_of(grant.filling)).bind(millis_of(grant.capacity));
            upsert.bind(SKEW).execute().await?;
        }
        self.commit(tx, &[]).await
    }

    /// Deletes the rows of full buckets.
    pub async fn purge_buckets(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("delete from rate_buckets where full_at_ms <= $1").bind(in_millis(now)).execute().await?;
        self.commit(tx, &[]).await
    }
}

fn in_millis(time: Timestamp) -> i64 {
    time.0.saturating_mul(1_000)
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
