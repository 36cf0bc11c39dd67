//! Metrics as Prometheus reads them: every line of the text is parsed, and a wrong one fails.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use crate::support::app::TestApp;

/// Samples by name and labels, as they are written: `a_total{of="b"}`.
#[derive(Debug)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// What the forum answers Prometheus at this moment.
    pub async fn of(app: &TestApp) -> Metrics {
        Metrics::read(&app.app.metrics_router(std::sync::Arc::new(|_| {}))).await
    }

    /// The same of a router that was asked before.
    pub async fn read(router: &Router) -> Metrics {
        let request = Request::get("/metrics").body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Metrics::parse(std::str::from_utf8(&body).expect("UTF-8"))
    }

    pub fn parse(text: &str) -> Metrics {
        assert!(text.ends_with('\n'), "the last line ends");
        let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::<&str, &str>::new());
        let mut helped = None;
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, sentence) = help.split_once(' ').expect("a name and a help");
                assert!(sentence.ends_with('.') && helped.replace(name) != Some(name), "{line}");
                continue;
            }
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and a type");
                assert_eq!(helped, Some(name), "a help precedes the type");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kinds.insert(name, kind), None, "each family stands once: {line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let name = series.split('{').next().expect("a name");
            let parts = ["_bucket", "_sum", "_count"].iter().filter_map(|part| name.strip_suffix(part));
            let of_histogram = parts.into_iter().find(|family| kinds.get(family) == Some(&"histogram"));
            assert_eq!(helped, Some(of_histogram.unwrap_or(name)), "samples follow their type: {line}");
            check_series(series);
            let value = value.parse().expect("a number");
            assert_eq!(samples.insert(series.to_owned(), value), None, "each series stands once: {line}");
        }
        assert!(samples.len() > 20, "{samples:?}");
        Metrics(samples)
    }

    /// One series, by its name and labels as they are written.
    pub fn value(&self, series: &str) -> f64 {
        *self.0.get(series).unwrap_or_else(|| panic!("{series} is among {:#?}", self.0))
    }

    /// The values of all series of a name.
    pub fn all(&self, name: &str) -> Vec<(&str, f64)> {
        let of_name = self.0.iter().filter(|(series, _)| series.split('{').next() == Some(name));
        of_name.map(|(series, value)| (series.as_str(), *value)).collect()
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// A name, and labels of names and quoted values.
fn check_series(series: &str) {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let (name, labels) = series.split_once('{').map_or((series, None), |(name, rest)| (name, Some(rest)));
    assert!(is_name(name), "{series}");
    let Some(labels) = labels else { return };
    let labels = labels.strip_suffix("\"}").expect("labels end");
    for label in labels.split("\",") {
        let (name, value) = label.split_once("=\"").expect("a label");
        assert!(is_name(name) && !value.contains('"'), "{series}");
    }
}
