//! Searches of a million items and of a tenth of them, and what the index takes.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::load::{Load, Request, fetch};
use crate::results::{Results, Row};
use crate::server::Server;
use crate::site::{STOA, Site, serve};
use crate::turns::{Contestant, Plan, in_turn};

const SIZES: [u32; 2] = [100_000, 1_000_000];
/// Nothing is kept in memory, so that each search is made.
const UNCACHED: [&str; 2] = ["--cache-mb", "0"];

/// The beginning of the names of the rows of searches.
pub const SEARCH: &str = "search, ";
pub const RESIDENT: &str = "resident with the index of a million items";
pub const INDEX: &str = "of it, files of the index";
pub const BUILDING: &str = "building the index of a million items";
pub const MEANWHILE: &str = "front page while the index is built";

/// Frequent words of a made-up site.
const WORDS: [&str; 16] = [
    "the", "of", "and", "is", "for", "with", "this", "from", "memory", "harbour", "engine", "light", "river",
    "music", "bridge", "clock",
];

pub fn measure(plan: &Plan, results: &mut Results) {
    let sites = SIZES.map(Site::start);
    sites.iter().for_each(|site| wait_until_built(&site.server));
    let [small, large] = sites.map(|site| {
        let (site, database) = site.stopped();
        let (server, _) = serve(&database, &[STOA], &UNCACHED);
        wait_until_built(&server);
        (site, server)
    });
    results.add(Row::new(RESIDENT, "MB", large.1.resident_mb()));
    results.add(Row::new(INDEX, "MB", mapped_mb(&large.1, ".search/")));
    for order in ["relevance", "date"] {
        for (kind, queries) in queries() {
            let scripts = [queries.iter().map(|query| search(query, order)).collect()];
            let contestants = [&small.1, &large.1].map(|server| alone(server, &scripts));
            let [of_small, of_large] = &in_turn(contestants.into(), plan)[..] else { return };
            let mut row = Row::new(format!("{SEARCH}{kind}, by {order}"), "ms CPU", of_large.cpu_ms);
            row = row.against(of_small.cpu_ms);
            row.more.p50_ms = Some(of_large.p50_ms);
            row.more.p99_ms = Some(of_large.p99_ms);
            row.more.sizes = SIZES.into_iter().zip([of_small.p50_ms, of_large.p50_ms]).collect();
            results.add(row);
        }
    }
    results.add(Row::new(format!("{RESIDENT}, after searches"), "MB", large.1.resident_mb()));
    let (site, mut server) = large;
    server.stop();
    build(site, results);
}

/// One client, whose waiting is not for others.
fn alone<'a>(server: &'a Server, scripts: &'a [Vec<Request>]) -> Contestant<'a> {
    Contestant::new(server, |long| Load::of_each(server.port, scripts, long))
}

fn build(site: Site, results: &mut Results) {
    let (_site, database) = site.stopped();
    let began = Instant::now();
    let done = Command::new(STOA).args(["reindex", "--database"]).arg(&database).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    results.add(Row::new(BUILDING, "s", began.elapsed().as_secs_f64()));
    std::fs::remove_dir_all(database.with_extension("db.search")).unwrap();
    let (server, _) = serve(&database, &[STOA], &[]);
    let front = [vec![Request::get("/", None, "identity", None)]];
    let rate = || Load::run(server.port, &front, Duration::from_secs(5)).rate();
    let meanwhile = rate();
    assert!(is_building(&server), "that took longer than the index");
    wait_until_built(&server);
    results.add(Row::new(MEANWHILE, "req/s", meanwhile).against(rate()));
}

/// Each kind of search, and searches of it, none of them twice.
fn queries() -> [(&'static str, Vec<String>); 3] {
    let pairs = || WORDS.iter().flat_map(|one| WORDS.map(|other| (*one, other)));
    let pairs = || pairs().filter(|(one, other)| one != other);
    [
        ("a common word", WORDS.map(str::to_owned).into()),
        ("two words", pairs().map(|(one, other)| format!("{one} {other}")).collect()),
        ("a phrase", pairs().map(|(one, other)| format!("\"{one} {other}\"")).collect()),
    ]
}

fn search(query: &str, order: &str) -> Request {
    let mut asked = url::form_urlencoded::Serializer::new("/search?".to_owned());
    asked.append_pair("q", query).append_pair("sort", order);
    Request::get(&asked.finish(), None, "identity", None)
}

fn is_building(server: &Server) -> bool {
    let page = fetch(server.port, &search("zebra", "date"));
    let page = String::from_utf8_lossy(&page.body);
    ["being built", "not available"].iter().any(|note| page.contains(note))
}

fn wait_until_built(server: &Server) {
    let began = Instant::now();
    while is_building(server) {
        assert!(began.elapsed() < Duration::from_secs(600), "the index is not built");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Megabytes of files that are in memory, by a part of their paths.
fn mapped_mb(server: &Server, path: &str) -> f64 {
    let maps = std::fs::read_to_string(format!("/proc/{}/smaps", server.pid())).unwrap();
    let mut is_file = false;
    let mut kilobytes = 0.0;
    for line in maps.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        if !first.ends_with(':') {
            is_file = line.contains(path);
        } else if is_file && first == "Rss:" {
            kilobytes += line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap();
        }
    }
    kilobytes / 1024.0
}
