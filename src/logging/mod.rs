//! What is logged, and how: as text or as JSON, a line for each event, written by a thread of its own so that
//! no request waits for who reads the log.

mod json;
mod line_writer;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

use self::json::JsonLines;
pub use self::line_writer::LogWriter;
use self::line_writer::OneLine;
use crate::config::LogFormat;
use crate::store::STATEMENT_TARGET;

/// Crates that handle whole requests or texts, with secrets: their detailed output is suppressed.
const CARRIERS: [&str; 9] =
    ["axum", "h2", "html5ever", "hyper", "hyper_util", "mio", "tokio", "tower", "tower_http"];

/// Says of each passkey without a counter that something is wrong, in detail also what was answered; what is
/// wrong indeed, it returns.
const SILENT: &str = "webauthn_rs_core";

/// Logs to standard error until the writer that is returned is dropped, which writes what still waits.
pub fn begin(filter: EnvFilter, format: LogFormat, colours: bool) -> LogWriter {
    let (writer, lines) = LogWriter::start(std::io::stderr());
    let lines = move || lines.clone();
    match format {
        LogFormat::Text => text_lines(filter, colours, lines).init(),
        LogFormat::Json => json_lines(filter, lines).init(),
    }
    writer
}

pub fn text_lines<W>(filter: EnvFilter, colours: bool, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines =
        fmt::layer().with_ansi(colours).with_writer(OneLine(to)).with_filter(filter_fn(may_be_logged));
    registry().with(filter).with(lines)
}

pub fn json_lines<W>(filter: EnvFilter, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_ansi(false).event_format(JsonLines).with_writer(OneLine(to));
    registry().with(filter).with(lines.with_filter(filter_fn(may_be_logged)))
}

fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    // Slow statements, of which the store warns by itself.
    if metadata.target() == STATEMENT_TARGET && *metadata.level() == Level::WARN {
        return false;
    }
    let from = metadata.target().split("::").next().unwrap_or_default();
    from != SILENT && (*metadata.level() <= LevelFilter::INFO || !CARRIERS.contains(&from))
}
