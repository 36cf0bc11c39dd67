//! What has to be asked for: the database's numbers, at most once in a few seconds, however many read them.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::metrics::{Exposition, MetricKind};
use crate::store::{QueueLength, Result};
use crate::web::state::App;

const MAX_AGE: Duration = Duration::from_secs(5);
const SAMPLE_TIMEOUT: Duration = Duration::from_secs(2);

/// What the database knew at the last look, and the uptime of that.
#[derive(Default)]
pub struct Samples(Mutex<Option<(Duration, Option<Sample>)>>);

#[derive(Clone, Copy)]
struct Sample {
    mails: QueueLength,
    queued_items: i64,
    nodes: Option<i64>,
}

impl Samples {
    /// Writes the gauges of the database; those that it does not answer are left out.
    pub async fn write(&self, app: &App, to: &mut Exposition) {
        let sample = self.get(app).await;
        let is_failing = sample.is_none() || app.store.is_failing();
        let help = "1 while the database cannot be read or written, else 0.";
        to.gauge("stoa_database_failing", help, u8::from(is_failing));
        if let Some(bytes) = app.store.wal_bytes().await {
            to.gauge("stoa_database_wal_bytes", "Size of the database’s write-ahead log.", bytes);
        }
        let Some(Sample { mails, queued_items, nodes }) = sample else { return };
        let help = "Processes of this forum on its PostgreSQL database.";
        if let Some(nodes) = nodes {
            to.gauge("stoa_nodes", help, nodes);
        }
        let help = "Mails in the queue, up to 10,000: those that wait, and those that were refused for good.";
        let mut family = to.family("stoa_mail_queue_mails", MetricKind::Gauge, help);
        family.sample(&[("state", "waiting")], mails.waiting);
        family.sample(&[("state", "failed")], mails.failed);
        let waiting = mails.oldest.map_or(0, |oldest| app.clock.now().since(oldest).max(0));
        let help = "How long the oldest mail has been waiting.";
        to.gauge("stoa_mail_queue_oldest_seconds", help, waiting);
        let help = "Posts that await a moderator, up to 10,000.";
        to.gauge("stoa_moderation_queue_items", help, queued_items);
    }

    async fn get(&self, app: &App) -> Option<Sample> {
        let mut last = self.0.lock().await;
        let now = app.clock.uptime();
        if let Some((at, sample)) = &*last
            && now.saturating_sub(*at) < MAX_AGE
        {
            return *sample;
        }
        let sample = match timeout(SAMPLE_TIMEOUT, ask(app)).await {
            Ok(Ok(sample)) => Some(sample),
            Ok(Err(error)) => {
                tracing::warn!(?error, "the database was not read for metrics");
                None
            }
            Err(_) => None,
        };
        *last = Some((now, sample));
        sample
    }
}

async fn ask(app: &App) -> Result<Sample> {
    let (mails, queued_items) = (app.store.queue_length().await?, app.store.queue_size().await?);
    Ok(Sample { mails, queued_items, nodes: app.store.nodes().await? })
}
