//! The benchmark: speed as ratios measured in one run (`bin/bench`, see `docs/performance.md`).
//!
//! It generates a site, starts the release binary on it, and beside it a bare axum handler and nginx, which
//! send the same bytes; then it puts load on each in turn. A ratio of 1 means that a page costs as much as
//! sending its bytes. It asserts nothing about speed: it prints a table and writes
//! `target/bench/latest.json`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a benchmark measures by the real clock, stops at the first error and prints"
)]

mod bare_writes;
mod build;
mod chart;
mod cold;
mod engines;
mod flood;
mod growth;
mod instructions;
mod limits;
mod load;
mod mixed_load;
mod observed;
mod own_pages;
mod postgres;
mod report;
mod results;
mod searches;
mod server;
mod site;
mod streams;
mod table;
mod targets;
mod turns;
mod work;

use std::path::Path;
use std::time::Duration;

use results::Results;
use site::Site;
use turns::Plan;

/// The same as the forum's, so that the limits are measured with it too.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Items of the site of the main table.
const ITEMS: u32 = 10_000;
/// The smallest site that has stories for every connection.
const FEWEST: u32 = 500;

const USAGE: &str = "bin/bench [--quick] [--items N, at least 500 | --database postgres://...] \
    | --observed | --search | --streams | --build | --instructions | --report";

fn main() {
    // `cargo bench` passes --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--bare", port, folder] => limits::serve_bare(port.parse().unwrap(), Path::new(folder)),
        [] => run(false, None),
        ["--quick"] => run(true, None),
        ["--items", items] => of_size(false, items),
        ["--quick", "--items", items] | ["--items", items, "--quick"] => of_size(true, items),
        ["--database", address] => compare_engines(false, address),
        ["--quick", "--database", address] | ["--database", address, "--quick"] => {
            compare_engines(true, address)
        }
        ["--observed"] => apart(observed::measure),
        ["--search"] => apart(searches::measure),
        ["--streams"] => apart(|_, results| streams::measure(Site::start(ITEMS), results)),
        ["--report"] => report::write(),
        ["--build"] => build::measure(),
        ["--instructions"] => instructions::count(ITEMS),
        _ => println!("{USAGE}"),
    }
}

fn of_size(quick: bool, items: &str) {
    match items.parse() {
        Ok(items @ FEWEST..) => run(quick, Some(items)),
        _ => println!("{USAGE}"),
    }
}

/// Measures something that is no part of the main table.
fn apart(measure: fn(&Plan, &mut Results)) {
    let mut results = Results::begin(true, ITEMS);
    measure(&plan(false), &mut results);
    results.write(false);
}

/// Measures the same site on both engines.
fn compare_engines(quick: bool, address: &str) {
    let mut results = Results::begin(quick, ITEMS);
    engines::measure(address, &plan(quick), &mut results);
    results.write(false);
}

fn plan(quick: bool) -> Plan {
    Plan { rounds: 5, round: Duration::from_millis(if quick { 150 } else { 500 }) }
}

/// Measures the main table, on a site of `items` items where given; a whole run adds the growth with the size
/// of the site.
fn run(quick: bool, items: Option<u32>) {
    let plan = plan(quick);
    let mut results = Results::begin(quick, items.unwrap_or(ITEMS));
    table::measure(results.items, &plan, &mut results);
    let whole = !quick && items.is_none();
    if whole {
        growth::measure(&plan, &mut results);
    }
    results.write(whole);
}
