//! What the forum counts of itself, as Prometheus reads it.

use std::sync::atomic::Ordering;

use axum::http::{Method, StatusCode};
use stoa::config::Settings;

use crate::support::app::{Browser, PASSWORD, TestApp};
use crate::support::fixtures::behind_a_proxy;
use crate::support::metrics::Metrics;

/// Requests are counted where metrics are read.
fn measured(settings: &mut Settings) {
    let address = "127.0.0.1:9464".parse().expect("an address");
    settings.metrics_listen = Some(Some(address));
}

fn requests(method: &str, route: &str, status: u16) -> String {
    format!("stoa_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
}

#[tokio::test]
async fn requests_are_counted_by_method_route_and_status() {
    let app = TestApp::with(measured).await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let mut visitor = app.visitor();
    for _ in 0..3 {
        visitor.get(&format!("/item/{story}")).await;
    }
    visitor.get("/item/999999").await;
    visitor.send(Method::HEAD, "/", &[], None).await;
    let metrics = Metrics::of(&app).await;
    for (series, value) in [
        (requests("GET", "/item/{id}", 200), 3.0),
        (requests("GET", "/item/{id}", 404), 1.0),
        (requests("HEAD", "/", 200), 1.0),
        (requests("POST", "/submit", 303), 1.0),
        (requests("POST", "/login", 303), 1.0),
        ("stoa_page_cache_requests_total{result=\"hit\"}".to_owned(), 2.0),
    ] {
        assert_eq!(metrics.value(&series), value, "{series}");
    }
    let route = "{method=\"GET\",route=\"/item/{id}\"}";
    assert_eq!(metrics.value(&format!("stoa_http_request_duration_seconds_count{route}")), 4.0);
    let page = visitor.get(&format!("/item/{story}")).await.body.len() as f64;
    let bytes = metrics.value(&format!("stoa_http_response_bytes_total{route}"));
    assert!(bytes > 3.0 * page && bytes < 4.0 * page + 4_000.0, "{bytes} of pages of {page}");
    assert!(metrics.value("process_resident_memory_bytes") > 1e6);
}

#[tokio::test]
async fn a_request_that_its_client_gave_up_is_counted() {
    let app = TestApp::with(measured).await;
    let mut visitor = app.visitor();
    let given_up = tokio::time::timeout(std::time::Duration::ZERO, visitor.get("/leaders")).await;
    assert!(given_up.is_err(), "it was not answered at once");
    let metrics = Metrics::of(&app).await;
    assert_eq!(metrics.value(&requests("GET", "/leaders", 499)), 1.0);
}

#[tokio::test]
async fn addresses_and_methods_that_clients_make_up_add_no_series() {
    let app = TestApp::with(measured).await;
    let mut visitor = app.visitor();
    let send = async |visitor: &mut Browser, number: usize| {
        let method = Method::from_bytes(format!("M{number}").as_bytes()).expect("a method");
        visitor.send(method, "/", &[], None).await;
        for path in
            [format!("/nothing/{number}"), format!("/item/{number}"), format!("/static/{number}?{number}")]
        {
            visitor.get(&path).await;
        }
    };
    send(&mut visitor, 0).await;
    let before = Metrics::of(&app).await;
    for number in 1..50 {
        send(&mut visitor, number).await;
    }
    let after = Metrics::of(&app).await;
    assert_eq!(after.value(&requests("GET", "other", 404)), 50.0);
    assert_eq!(after.value(&requests("other", "/", 405)), 50.0);
    assert_eq!(before.count(), after.count());
}

#[tokio::test]
async fn refusals_are_counted_by_the_limit_that_refused() {
    let app = TestApp::with(|settings| {
        measured(settings);
        behind_a_proxy(settings);
        settings.limits = Some(true);
        settings.requests_per_minute_per_ip = Some(20);
        settings.max_concurrent_requests = Some(1);
        settings.login_attempts_per_hour = Some(1);
    })
    .await;
    let mut visitor = app.visitor();
    let held = app.app.admission.admit(&Method::POST, None).expect("the only permit");
    assert_eq!(visitor.get("/leaders").await.status, StatusCode::SERVICE_UNAVAILABLE);
    drop(held);
    let roomy = app.with_other_settings(|config| config.server.max_concurrent_requests = 100);
    let mut visitor = roomy.visitor();
    let wrong = [("name", "nobody"), ("password", PASSWORD)];
    assert_eq!(visitor.post("/login", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(visitor.post("/login", &wrong).await.status, StatusCode::TOO_MANY_REQUESTS);
    for number in 0..30 {
        visitor.get(&format!("/nothing/{number}")).await;
    }
    let refused =
        |metrics: &Metrics, limit| metrics.value(&format!("stoa_refused_total{{limit=\"{limit}\"}}"));
    assert_eq!(refused(&Metrics::of(&app).await, "concurrent_requests"), 1.0);
    let metrics = Metrics::of(&roomy).await;
    assert_eq!(refused(&metrics, "logins"), 1.0);
    assert_eq!(refused(&metrics, "requests"), metrics.value(&requests("GET", "other", 429)));
    assert!(refused(&metrics, "requests") >= 10.0);
    assert_eq!(metrics.value("stoa_failed_logins_total"), 1.0);
}

#[tokio::test]
async fn jobs_and_the_database_are_timed() {
    let app = TestApp::with(measured).await;
    app.member("alice").await.text_story("A story", "Words.").await;
    stoa::jobs::purge_if_due(&app.app).await.expect("purged");
    stoa::jobs::purge_if_due(&app.app).await.expect("not due");
    let metrics = Metrics::of(&app).await;
    assert_eq!(metrics.value("stoa_job_runs_total{job=\"purge\"}"), 1.0, "once");
    assert_eq!(metrics.value("stoa_job_failures_total{job=\"purge\"}"), 0.0);
    let succeeded = metrics.value("stoa_job_last_success_timestamp_seconds{job=\"purge\"}");
    assert_eq!(succeeded, app.now().0 as f64);
    for operation in ["read", "write", "begin", "commit"] {
        let series = format!("stoa_database_duration_seconds_count{{operation=\"{operation}\"}}");
        assert!(metrics.value(&series) > 0.0, "{series}");
    }
    assert_eq!(metrics.value("stoa_database_failing"), 0.0);
    app.sql("alter table leases rename to other").await;
    stoa::jobs::purge_if_due(&app.app).await.expect_err("a broken database");
    assert_eq!(Metrics::of(&app).await.value("stoa_job_failures_total{job=\"purge\"}"), 1.0);
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_is_not_ready() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    assert_eq!(visitor.get("/readyz").await.status, StatusCode::OK);
    app.app.metrics.is_stopping.store(true, Ordering::Relaxed);
    assert_eq!(visitor.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(visitor.get("/healthz").await.status, StatusCode::OK, "and not broken");
    assert_eq!(Metrics::of(&app).await.value("stoa_ready"), 0.0);
}
