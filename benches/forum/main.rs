//! How fast the forum is, as ratios measured in one run: `bin/bench`, or `bin/bench --quick`.
//!
//! It makes a site, starts the release binary on it, and beside it a bare axum handler that answers the very same bytes; then drives
//! both in turn over keep-alive connections. A ratio of 1 means that a page costs what copying its bytes costs. Nothing is asserted:
//! the table is for people, `target/bench/latest.json` for machines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a benchmark measures with the real clock, stops at the first surprise and prints"
)]

mod load;
mod site;

use std::time::{Duration, Instant};

use load::{Load, Request};
use site::{Bare, Site};

/// One line of the table.
struct Row {
    name: String,
    unit: &'static str,
    value: f64,
    /// What the limit measured in the same run is, where there is one.
    limit: Option<f64>,
    note: String,
}

struct Plan {
    sizes: Vec<u32>,
    rounds: usize,
    round: Duration,
}

fn main() {
    // `cargo bench` passes --bench.
    let quick = std::env::args().any(|arg| arg == "--quick");
    let plan = if quick {
        Plan { sizes: vec![10_000], rounds: 5, round: Duration::from_millis(400) }
    } else {
        Plan { sizes: vec![1_000, 10_000, 100_000, 1_000_000], rounds: 7, round: Duration::from_secs(1) }
    };
    let mut rows = Vec::new();
    for items in &plan.sizes {
        measure(*items, &plan, &mut rows);
    }
    print(&rows);
    write(&rows);
}

fn measure(items: u32, plan: &Plan, rows: &mut Vec<Row>) {
    println!("A site of {items} items ...");
    let site = Site::start(items);
    let label = |name: &str| format!("{name} ({items} items)");
    let mut add = |name: &str, unit, value, limit, note: String| {
        rows.push(Row { name: label(name), unit, value, limit, note });
    };
    add("import", "items/s", f64::from(items) / site.made_in.as_secs_f64(), None, String::new());
    add("start to first answer", "ms", site.started_in.as_secs_f64() * 1e3, None, String::new());
    add("resident after start", "MB", site.resident_mb(), None, String::new());
    let session = site.member();
    let pages = site.pages();
    for (name, path) in &pages {
        for (who, cookie) in [("visitor", None), ("member", Some(session.as_str()))] {
            for encoding in ["identity", "gzip", "br"] {
                let request = Request::get(path, cookie, encoding);
                let pair = compare(&site, &request, plan);
                let note = format!(
                    "{} bytes, p50 {:.2} ms, p99 {:.2} ms, {:.3} ms CPU",
                    pair.bytes, pair.p50, pair.p99, pair.cpu
                );
                add(&format!("{name}, {who}, {encoding}"), "req/s", pair.value, Some(pair.limit), note);
            }
        }
    }
    let voted =
        write_rate(&site, plan, |id| vec![Request::vote(&session, id, "up"), Request::vote(&session, id, "none")]);
    add("votes", "req/s", voted, Some(site.sqlite_limit()), "limit: the same statements on one connection".to_owned());
    let commented = write_rate(&site, plan, |id| vec![Request::comment(&session, id)]);
    add(
        "comments",
        "req/s",
        commented,
        Some(site.sqlite_limit()),
        "limit: the same statements on one connection".to_owned(),
    );
    add("resident after the load", "MB", site.resident_mb(), None, String::new());
}

struct Pair {
    value: f64,
    limit: f64,
    bytes: usize,
    p50: f64,
    p99: f64,
    /// Milliseconds of the server's own time for one request.
    cpu: f64,
}

/// The page and its own bytes from a bare handler, in turn; medians.
fn compare(site: &Site, request: &Request, plan: &Plan) -> Pair {
    let answer = load::fetch(site.port, request);
    let bare = Bare::start(&answer);
    let (mut values, mut limits, mut times) = (Vec::new(), Vec::new(), Vec::new());
    let (mut served, cpu_before) = (0, site.cpu());
    for _ in 0..plan.rounds {
        let load = Load::run(site.port, std::slice::from_ref(request), plan.round);
        served += load.answers;
        values.push(load.rate());
        times.extend(load.times);
        limits.push(Load::run(bare.port, std::slice::from_ref(request), plan.round).rate());
    }
    let cpu = (site.cpu() - cpu_before).as_secs_f64() * 1e3 / served.max(1) as f64;
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).map_or(0.0, |t| t.as_secs_f64() * 1e3);
    Pair { value: median(values), limit: median(limits), bytes: answer.len(), p50: at(0.5), p99: at(0.99), cpu }
}

/// Writes a second, over the newest stories. Votes are cast and taken back; where two connections meet at one, some change nothing.
fn write_rate(site: &Site, plan: &Plan, requests: impl Fn(i64) -> Vec<Request>) -> f64 {
    let requests: Vec<Request> = site.stories.iter().flat_map(|id| requests(*id)).collect();
    let began = Instant::now();
    let load = Load::run(site.port, &requests, plan.round * 3);
    load.answers as f64 / began.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn print(rows: &[Row]) {
    println!("\n{:<58} {:>12} {:>12} {:>7}", "", "value", "limit", "ratio");
    for row in rows {
        let limit = row.limit.map_or_else(String::new, |limit| format!("{limit:.0}"));
        let ratio = row.limit.map_or_else(String::new, |limit| format!("{:.2}", row.value / limit));
        println!("{:<58} {:>8.1} {:<7} {:>8} {:>7}  {}", row.name, row.value, row.unit, limit, ratio, row.note);
    }
}

fn write(rows: &[Row]) {
    let rows: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            serde_json::json!({
                "name": row.name,
                "unit": row.unit,
                "value": row.value,
                "limit": row.limit,
                "ratio": row.limit.map(|limit| row.value / limit),
            })
        })
        .collect();
    std::fs::create_dir_all("target/bench").unwrap();
    std::fs::write("target/bench/latest.json", serde_json::json!({ "rows": rows }).to_string()).unwrap();
}
