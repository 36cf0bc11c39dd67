//! Jobs by name: how often they ran and failed, and when they last succeeded.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Exposition, MetricKind};

#[derive(Debug, Default)]
pub struct JobMetrics(Mutex<BTreeMap<&'static str, JobRuns>>);

#[derive(Debug, Clone, Copy, Default)]
struct JobRuns {
    runs: u64,
    failures: u64,
    succeeded_at: Option<i64>,
}

impl JobMetrics {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, JobRuns>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run that has ended at a time in seconds since the Unix epoch.
    pub fn record(&self, job: &'static str, has_succeeded: bool, at: i64) {
        let mut jobs = self.lock();
        let job = jobs.entry(job).or_default();
        job.runs += 1;
        if has_succeeded {
            job.succeeded_at = Some(at);
        } else {
            job.failures += 1;
        }
    }

    pub fn write(&self, to: &mut Exposition) {
        let jobs = self.lock().clone();
        let help = "Runs of background jobs that have ended.";
        let mut family = to.family("stoa_job_runs_total", MetricKind::Counter, help);
        jobs.iter().for_each(|(job, known)| family.sample(&[("job", job)], known.runs));
        let help = "Runs of background jobs that have failed.";
        let mut family = to.family("stoa_job_failures_total", MetricKind::Counter, help);
        jobs.iter().for_each(|(job, known)| family.sample(&[("job", job)], known.failures));
        let help = "When a background job last succeeded in this process, in seconds since the Unix epoch.";
        let mut family = to.family("stoa_job_last_success_timestamp_seconds", MetricKind::Gauge, help);
        for (job, at) in jobs.iter().filter_map(|(job, known)| Some((job, known.succeeded_at?))) {
            family.sample(&[("job", job)], at);
        }
    }
}
