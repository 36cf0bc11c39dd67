//! What the forum logs, and what never comes into a log.

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// Crates through whose hands whole requests and answers go, secrets among them. What they say in detail is of use to who works on them.
const CARRIERS: [&str; 9] =
    ["axum", "axum_server", "h2", "hyper", "hyper_util", "mio", "tokio", "tower", "tower_http"];

/// Logs to standard error what `filter` lets through.
pub fn begin(filter: EnvFilter, colours: bool) {
    lines(filter, colours, std::io::stderr).init();
}

/// What `filter` lets through and may be logged, a line each.
pub fn lines<W>(filter: EnvFilter, colours: bool, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_ansi(colours).with_writer(to).with_filter(filter_fn(may_be_logged));
    registry().with(filter).with(lines)
}

/// Whether a line or a span holds no secret, whatever request it is of.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let from = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= LevelFilter::INFO || !CARRIERS.contains(&from)
}
