use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// Crates that handle whole requests or texts, with secrets: their detailed output is suppressed.
const CARRIERS: [&str; 10] =
    ["axum", "axum_server", "h2", "html5ever", "hyper", "hyper_util", "mio", "tokio", "tower", "tower_http"];

/// Says of each passkey without a counter that something is wrong, in detail also what was answered; what is
/// wrong indeed, it returns.
const SILENT: &str = "webauthn_rs_core";

pub fn begin(filter: EnvFilter, colours: bool) {
    lines(filter, colours, std::io::stderr).init();
}

pub fn lines<W>(filter: EnvFilter, colours: bool, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_ansi(colours).with_writer(to).with_filter(filter_fn(may_be_logged));
    registry().with(filter).with(lines)
}

fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let from = metadata.target().split("::").next().unwrap_or_default();
    from != SILENT && (*metadata.level() <= LevelFilter::INFO || !CARRIERS.contains(&from))
}
