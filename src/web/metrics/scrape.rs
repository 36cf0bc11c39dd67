//! `GET /metrics`, on an address of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::samples::Samples;
use crate::metrics::{Exposition, MetricKind};
use crate::search::IndexState;
use crate::web::state::App;

/// Writes numbers that are kept elsewhere, such as those of connections, which the site does not know.
pub type WriteOthers = Arc<dyn Fn(&mut Exposition) + Send + Sync>;

#[derive(Clone)]
struct Scrape {
    app: App,
    samples: Arc<Samples>,
    others: WriteOthers,
}

impl App {
    /// The site's metrics and `others` for Prometheus, as a service that answers nothing else.
    pub fn metrics_router(&self, others: WriteOthers) -> Router {
        let (app, samples) = (self.clone(), Arc::default());
        Router::new()
            .route("/metrics", get(show))
            .fallback(async || (StatusCode::NOT_FOUND, "Metrics are at /metrics.\n"))
            .with_state(Scrape { app, samples, others })
    }
}

/// `GET /metrics`. A gauge of something new is one line more here, or in `samples.rs` if the database has to
/// be asked.
async fn show(State(Scrape { app, samples, others }): State<Scrape>) -> Response {
    let mut text = Exposition::default();
    let build = [("version", env!("CARGO_PKG_VERSION"))];
    text.family("stoa_build_info", MetricKind::Gauge, "Always 1; the version of Stoa.").sample(&build, 1);
    write_process(&app, &mut text);
    if let Some(requests) = &app.metrics.requests {
        requests.write(&mut text);
    }
    write_limits(&app, &mut text);
    write_caches(&app, &mut text);
    let help = "Log-ins that were refused: a wrong name, password, code or passkey.";
    text.counter("stoa_failed_logins_total", help, app.metrics.failed_logins.value());
    app.metrics.jobs.write(&mut text);
    write_database(&app, &mut text);
    write_search(&app, &mut text);
    samples.write(&app, &mut text).await;
    others(&mut text);
    let headers = [(CONTENT_TYPE, Exposition::CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
    (headers, text.into_text()).into_response()
}

fn write_process(app: &App, to: &mut Exposition) {
    let uptime = i64::try_from(app.clock.uptime().as_secs()).unwrap_or(0);
    let help = "When the process started, in seconds since the Unix epoch.";
    to.gauge("process_start_time_seconds", help, app.clock.now().minus(uptime).0);
    if let Some(bytes) = resident_bytes() {
        to.gauge("process_resident_memory_bytes", "Memory of the process that is in use.", bytes);
    }
    let is_ready = !app.metrics.is_stopping.load(Ordering::Relaxed);
    to.gauge("stoa_ready", "1 until the process is told to stop.", u8::from(is_ready));
}

/// As Linux says; `None` elsewhere.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1_024)
}

fn write_limits(app: &App, to: &mut Exposition) {
    let (admission, requests) = (&app.admission, &app.admission.requests);
    let running = requests.size().saturating_sub(requests.available());
    to.gauge("stoa_http_requests_in_progress", "Requests in progress, apart from cached pages.", running);
    let help = "How many requests may be in progress at once.";
    to.gauge("stoa_http_requests_in_progress_limit", help, requests.size());
    to.gauge("stoa_event_streams", "Event streams of open pages.", app.streams.open());
    let help = "What was refused, by the limit that refused it.";
    let mut family = to.family("stoa_refused_total", MetricKind::Counter, help);
    for (limit, refused) in [
        ("concurrent_requests", requests.refused()),
        ("request_memory", admission.bodies.refused()),
        ("response_memory", admission.memory.refused()),
        ("passwords", admission.passwords.refused()),
        ("slow_pages", admission.slow_pages.refused()),
        ("event_streams", app.streams.refused()),
        ("time", app.metrics.timeouts.value()),
    ] {
        family.sample(&[("limit", limit)], refused);
    }
    for (limit, refused) in app.limits.refused() {
        family.sample(&[("limit", limit)], refused);
    }
}

fn write_caches(app: &App, to: &mut Exposition) {
    let help = "Visitors’ pages that may be cached: answered from the page cache, or made.";
    let mut family = to.family("stoa_page_cache_requests_total", MetricKind::Counter, help);
    family.sample(&[("result", "hit")], app.metrics.page_hits.value());
    family.sample(&[("result", "miss")], app.metrics.page_misses.value());
}

fn write_database(app: &App, to: &mut Exposition) {
    let times = app.store.statement_times();
    let help = "What the database took to read, to write, to begin a transaction and to commit it.";
    let mut family = to.family("stoa_database_duration_seconds", MetricKind::Histogram, help);
    for (what, histogram) in [
        ("read", &times.reads),
        ("write", &times.writes),
        ("begin", &times.begins),
        ("commit", &times.commits),
    ] {
        family.histogram(&[("operation", what)], histogram);
    }
    let help = "Statements and commits that took half a second or longer; they are in the log.";
    to.counter("stoa_database_slow_statements_total", help, times.slow.value());
}

fn write_search(app: &App, to: &mut Exposition) {
    let is_ready = app.search_index.state() == IndexState::Ready;
    to.gauge(
        "stoa_search_index_ready",
        "0 while the search index is built or cannot be used.",
        u8::from(is_ready),
    );
    let lag = app.store.known_change().saturating_sub(app.search_index.read_to()).max(0);
    to.gauge("stoa_search_index_lag_changes", "Writes that the search index has not read yet.", lag);
}
