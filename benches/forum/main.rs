//! How fast the forum is, as ratios measured in one run: `bin/bench`, or `bin/bench --quick`.
//!
//! It makes a site, starts the release binary on it, and beside it a bare axum handler and nginx that answer the very same bytes; then
//! drives them in turn over keep-alive connections. A ratio of 1 means that a page costs what copying its bytes costs. Nothing about
//! speed is asserted: the table is for people, `target/bench/latest.json` for machines. `bin/bench --report` writes the newest whole
//! run into `docs/`.

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

mod chart;
mod growth;
mod instructions;
mod limits;
mod load;
mod report;
mod results;
mod server;
mod site;
mod sqlite;
mod table;
mod turns;
mod work;

use std::path::Path;
use std::time::Duration;

use results::Results;
use turns::Plan;

/// The forum's own, so that limits and forum differ in nothing else.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Items of the site that the whole table is of.
const ITEMS: u32 = 10_000;

fn main() {
    // `cargo bench` passes --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--bare", port, folder] => limits::serve_bare(port.parse().unwrap(), Path::new(folder)),
        [] => run(false, Plan { rounds: 5, round: Duration::from_millis(500) }),
        ["--quick"] => run(true, Plan { rounds: 5, round: Duration::from_millis(150) }),
        ["--report"] => report::write(),
        ["--instructions"] => instructions::count(ITEMS),
        _ => println!("bin/bench [--quick | --instructions | --report]"),
    }
}

fn run(quick: bool, plan: Plan) {
    let mut results = Results::begin(quick);
    table::measure(ITEMS, &plan, &mut results);
    if !quick {
        growth::measure(&plan, &mut results);
    }
    results.write();
}
