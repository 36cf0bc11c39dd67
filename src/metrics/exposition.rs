//! Prometheus's text format, version 0.0.4.

use std::fmt::{Display, Write};

use super::Histogram;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

impl MetricKind {
    fn as_str(self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        }
    }
}

/// A text that Prometheus reads, made family by family.
#[derive(Debug, Default)]
pub struct Exposition(String);

pub struct Family<'t> {
    text: &'t mut String,
    name: &'static str,
}

impl Exposition {
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a family; `help` is one line.
    pub fn family(&mut self, name: &'static str, kind: MetricKind, help: &'static str) -> Family<'_> {
        line(&mut self.0, format_args!("# HELP {name} {help}"));
        line(&mut self.0, format_args!("# TYPE {name} {}", kind.as_str()));
        Family { text: &mut self.0, name }
    }

    pub fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        self.family(name, MetricKind::Counter, help).sample(&[], value);
    }

    pub fn gauge(&mut self, name: &'static str, help: &'static str, value: impl Display) {
        self.family(name, MetricKind::Gauge, help).sample(&[], value);
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

impl Family<'_> {
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let labels = labels_of(labels);
        line(self.text, format_args!("{}{labels} {value}", self.name));
    }

    pub fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        let name = self.name;
        let mut count = 0;
        for (bound, up_to) in histogram.cumulative() {
            let labels = labels_of(&[labels, &[("le", bound)]].concat());
            line(self.text, format_args!("{name}_bucket{labels} {up_to}"));
            count = up_to;
        }
        let labels = labels_of(labels);
        line(self.text, format_args!("{name}_sum{labels} {}", histogram.sum().as_secs_f64()));
        line(self.text, format_args!("{name}_count{labels} {count}"));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

fn labels_of(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<_> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", labels.join(","))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_histogram_counts_each_duration_in_every_bucket_that_it_fits() {
        let histogram = Histogram::default();
        for milliseconds in [1, 20, 20, 60_000] {
            histogram.record(Duration::from_millis(milliseconds));
        }
        let mut text = Exposition::default();
        text.family("a_seconds", MetricKind::Histogram, "How long.").histogram(&[("of", "a")], &histogram);
        let expected = "# HELP a_seconds How long.\n# TYPE a_seconds histogram\n\
            a_seconds_bucket{of=\"a\",le=\"0.001\"} 1\na_seconds_bucket{of=\"a\",le=\"0.005\"} 1\n\
            a_seconds_bucket{of=\"a\",le=\"0.025\"} 3\na_seconds_bucket{of=\"a\",le=\"0.1\"} 3\n\
            a_seconds_bucket{of=\"a\",le=\"0.5\"} 3\na_seconds_bucket{of=\"a\",le=\"2.5\"} 3\n\
            a_seconds_bucket{of=\"a\",le=\"10\"} 3\na_seconds_bucket{of=\"a\",le=\"+Inf\"} 4\n\
            a_seconds_sum{of=\"a\"} 60.041\na_seconds_count{of=\"a\"} 4\n";
        assert_eq!(text.into_text(), expected);
    }

    #[test]
    fn a_label_does_not_end_its_line() {
        let mut text = Exposition::default();
        text.family("a", MetricKind::Gauge, "One.").sample(&[("of", "a\\b\"c\nd")], 1);
        assert!(text.into_text().ends_with("a{of=\"a\\\\b\\\"c\\nd\"} 1\n"));
    }
}
