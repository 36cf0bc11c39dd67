//! Metrics of a running process, on an address of their own.

use std::net::{SocketAddr, TcpListener};

use axum::http::StatusCode;

use crate::support::metrics::Metrics;
use crate::support::program::{Folder, get};

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port")
}

fn status(answer: &str) -> StatusCode {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn prometheus_reads_metrics_where_nobody_else_reads_anything() {
    let (folder, address) = (Folder::new(), free_address());
    let running = folder.serve_with(&format!("--metrics-listen {address}"));
    running.get("/");
    let answer = get(address, "/metrics");
    let (head, text) = answer.split_once("\r\n\r\n").expect("a head");
    assert_eq!(status(head), StatusCode::OK, "{head}");
    assert!(head.contains("\r\ncontent-type: text/plain; version=0.0.4"), "{head}");
    assert!(!head.contains("set-cookie"), "{head}");
    let metrics = Metrics::parse(text);
    let front_page = "stoa_http_requests_total{method=\"GET\",route=\"/\",status=\"200\"}";
    assert_eq!(metrics.value(front_page), 1.0);
    assert_eq!(metrics.value("stoa_connections_closed_total{reason=\"share_of_address\"}"), 0.0);
    assert!(metrics.value("stoa_connections_accepted_total") >= 2.0);
    for name in ["stoa_build_info", "stoa_job_runs_total", "process_start_time_seconds"] {
        assert!(!metrics.all(name).is_empty(), "{name}");
    }
    let on_sqlite = folder.database.file().is_some();
    assert_eq!(metrics.all("stoa_database_wal_bytes").len(), usize::from(on_sqlite));
    assert_eq!(metrics.all("stoa_nodes").len(), usize::from(!on_sqlite));
    assert_eq!(status(&running.get("/metrics")), StatusCode::NOT_FOUND, "the public sees none");
    for path in ["/", "/login", "/healthz"] {
        assert_eq!(status(&get(address, path)), StatusCode::NOT_FOUND, "{path}");
    }
    let (code, err, _) = running.stop();
    assert!(code == Some(0) && err.contains(&format!("metrics are at http://{address}/metrics")), "{err}");
}

#[test]
fn the_address_of_metrics_is_not_the_sites() {
    let folder = Folder::new();
    let address = free_address();
    folder.refuses_with(
        2,
        &format!("serve --listen {address} --metrics-listen {address}"),
        "",
        &format!("--metrics-listen is “{address}”: must be another address than that of the site"),
    );
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().map(|address| (address, taken)).expect("its address");
    let said = format!("--metrics-listen is “{}”: another program", taken.0);
    folder.refuses(&format!("serve --listen {address} --metrics-listen {}", taken.0), "", &said);
}
