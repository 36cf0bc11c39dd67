//! A line of JSON for each event: one flat object.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Names that every line has; a field of the same name is written with `field_` before it.
const OWN: [&str; 4] = ["timestamp", "level", "target", "span"];

/// `timestamp`, `level`, `target`, `span` where there is one (as text: `request{method=GET ..}`), `message`
/// and the event's fields.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        to.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut to)?;
        write!(to, "\",\"level\":\"{}\",\"target\":", metadata.level())?;
        write_text(&mut to, metadata.target())?;
        let mut spans = String::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>().map_or("", |fields| fields.as_str());
            let separator = if spans.is_empty() { "" } else { ":" };
            write!(spans, "{separator}{}{{{fields}}}", span.name())?;
        }
        if !spans.is_empty() {
            to.write_str(",\"span\":")?;
            write_text(&mut to, &spans)?;
        }
        let mut fields = JsonFields { to: &mut to, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        to.write_str("}\n")
    }
}

struct JsonFields<'w, 't> {
    to: &'w mut Writer<'t>,
    result: fmt::Result,
}

impl JsonFields<'_, '_> {
    fn field(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let name = field.name().trim_start_matches("r#");
        let prefix = if OWN.contains(&name) { "field_" } else { "" };
        let written = self.result.and_then(|()| write!(self.to, ",\"{prefix}{name}\":"));
        self.result = written.and_then(|()| value(self.to));
    }
}

impl Visit for JsonFields<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.field(field, |to| write!(to, "{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, |to| write!(to, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, |to| write!(to, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, |to| write!(to, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, |to| write_text(to, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.field(field, |to| write_text(to, &format!("{value:?}")));
    }
}

fn write_text(to: &mut Writer<'_>, text: &str) -> fmt::Result {
    to.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use tracing_subscriber::EnvFilter;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_object_on_one_line_whatever_its_fields_are() {
        let lines = Lines::default();
        let to = lines.clone();
        let subscriber = crate::logging::json_lines(EnvFilter::new("info"), move || to.clone());
        tracing::subscriber::with_default(subscriber, || {
            let _span = tracing::info_span!("request", path = "/a\n\"b\"").entered();
            tracing::info!(level = "c\nd", number = 1, ratio = f64::NAN, is_it = true, "e\r\nf\u{1b}");
        });
        let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("text");
        assert_eq!(text.lines().count(), 1, "{text}");
        let mut line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
        line["timestamp"].take();
        let expected = json!({
            "timestamp": null, "level": "INFO", "target": "stoa::logging::json::tests",
            "span": "request{path=\"/a\\n\\\"b\\\"\"}", "message": "e\r\nf\u{1b}",
            "field_level": "c\nd", "number": 1, "ratio": "NaN", "is_it": true
        });
        assert_eq!(line, expected);
    }
}
