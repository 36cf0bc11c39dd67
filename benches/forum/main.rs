//! How fast the forum is, as ratios measured in one run: `bin/bench`, or `bin/bench --quick`, on a site of any size with `--items N`.
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

mod build;
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
mod targets;
mod turns;
mod work;

use std::path::Path;
use std::time::Duration;

use results::Results;
use turns::Plan;

/// The forum's own, so that limits and forum differ in nothing else.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Items of the site that the table of a whole run is of.
const ITEMS: u32 = 10_000;
/// The fewest that give each connection stories of its own.
const FEWEST: u32 = 500;

const USAGE: &str = "bin/bench [--quick] [--items N, at least 500] | --build | --instructions | --report";

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

/// The table, on a site of so many items where they are chosen; else, unless it is to be quick, the growth of all with the size of a site.
fn run(quick: bool, items: Option<u32>) {
    let round = Duration::from_millis(if quick { 150 } else { 500 });
    let plan = Plan { rounds: 5, round };
    let mut results = Results::begin(quick, items.unwrap_or(ITEMS));
    table::measure(results.items, &plan, &mut results);
    let whole = !quick && items.is_none();
    if whole {
        growth::measure(&plan, &mut results);
    }
    results.write(whole);
}
