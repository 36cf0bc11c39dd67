//! Requests by method, route and status. The number of series is bounded, because methods, routes and
//! statuses are.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dashmap::DashMap;
use http::StatusCode;

use crate::metrics::{Counter, Exposition, Histogram, MetricKind};

#[derive(Default)]
pub struct RequestMetrics(DashMap<(&'static str, &'static str), RouteMetrics>);

#[derive(Default)]
struct RouteMetrics {
    /// Until the response began.
    took: Histogram,
    bytes: Counter,
    statuses: Mutex<BTreeMap<u16, u64>>,
}

impl RouteMetrics {
    fn record(&self, status: StatusCode, took: Duration, bytes: u64) {
        self.took.record(took);
        self.bytes.add(bytes);
        *self.statuses().entry(status.as_u16()).or_default() += 1;
    }

    fn statuses(&self) -> std::sync::MutexGuard<'_, BTreeMap<u16, u64>> {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestMetrics {
    /// `method` and `route` are of a closed set, not what was sent.
    pub fn record(
        &self,
        (method, route): (&'static str, &'static str),
        (status, took, bytes): (StatusCode, Duration, u64),
    ) {
        match self.0.get(&(method, route)) {
            Some(known) => known.record(status, took, bytes),
            None => self.0.entry((method, route)).or_default().record(status, took, bytes),
        }
    }

    pub fn write(&self, to: &mut Exposition) {
        let mut known: Vec<_> = self.0.iter().map(|known| *known.key()).collect();
        known.sort_unstable();
        let routes = || known.iter().filter_map(|key| Some((key, self.0.get(key)?)));
        let help = "Requests that have ended; status 499: the client went away before the response.";
        let mut family = to.family("stoa_http_requests_total", MetricKind::Counter, help);
        for ((method, route), metrics) in routes() {
            for (status, count) in &*metrics.statuses() {
                let status = status.to_string();
                family.sample(&[("method", method), ("route", route), ("status", &status)], count);
            }
        }
        let help = "Time from the head of a request to the begin of its response.";
        let mut family = to.family("stoa_http_request_duration_seconds", MetricKind::Histogram, help);
        for ((method, route), metrics) in routes() {
            family.histogram(&[("method", method), ("route", route)], &metrics.took);
        }
        let help = "Bytes of responses without their heads, as sent.";
        let mut family = to.family("stoa_http_response_bytes_total", MetricKind::Counter, help);
        for ((method, route), metrics) in routes() {
            family.sample(&[("method", method), ("route", route)], metrics.bytes.value());
        }
    }
}
