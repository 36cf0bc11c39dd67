//! The same site on SQLite and on PostgreSQL, in turn (`bin/bench --database postgres://...`).

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use crate::bare_writes::{BarePostgres, BareWrites};
use crate::load::{Load, Request, fetch};
use crate::postgres::{PostgresServer, end_listeners};
use crate::results::{Results, Row};
use crate::server::Server;
use crate::site::Site;
use crate::table::{MEMBER, pages};
use crate::turns::{Contestant, Measured, Plan, in_turn, share};
use crate::work;

/// Votes whose arrival on another node is timed.
const SEEN: usize = 1_000;
/// The same of a quick run.
const SEEN_QUICKLY: usize = 100;
/// How often another node's page is requested until it shows the vote.
const POLL: Duration = Duration::from_millis(1);
/// A vote that is not seen by then stops the run.
const NEVER: Duration = Duration::from_secs(10);
/// How often the connections that wait for others' writes are ended.
const ENDED_EVERY: Duration = Duration::from_secs(5);

pub const SQLITE: &str = "SQLite";
pub const ONE_NODE: &str = "PostgreSQL";
pub const TWO_NODES: &str = "PostgreSQL, two nodes";
pub const SEEN_ELSEWHERE: &str = "a vote seen on another node";
pub const SEEN_WITHOUT_LISTENERS: &str = "the same, listening connections ended every 5 s";

pub fn measure(address: &str, plan: &Plan, results: &mut Results) {
    let server = PostgresServer::at(address);
    let database = server.database();
    let address = database.address.clone();
    let on_postgres = Site::start_on_postgres(results.items, database);
    let on_sqlite = Site::start(results.items);
    for (engine, site) in [(SQLITE, &on_sqlite), (ONE_NODE, &on_postgres)] {
        results.add(Row::new(format!("generate, {engine}"), "items/s", site.made));
    }
    reads(&on_sqlite, &on_postgres, plan, results);
    pages_after_a_vote(&on_sqlite, &on_postgres, plan, results);
    let other = on_postgres.another_node();
    let bare = BareWrites::on_postgres(&on_postgres, &address);
    writes(&on_sqlite, (&on_postgres, &other, bare), plan, results);
    let votes = if results.quick { SEEN_QUICKLY } else { SEEN };
    results.add(seen(SEEN_ELSEWHERE, &on_postgres, &other, votes));
    let ended = ends_listeners(&address, || seen(SEEN_WITHOUT_LISTENERS, &on_postgres, &other, votes));
    results.add(ended);
}

/// Pages, compared with SQLite's.
fn reads(on_sqlite: &Site, on_postgres: &Site, plan: &Plan, results: &mut Results) {
    for (nth, (page, path)) in pages(on_postgres).into_iter().enumerate() {
        for who in ["visitor", "member"] {
            for (form, encoding) in MEMBER {
                let script = |site: &Site, path: &str| {
                    let session = Some(site.members[0].as_str()).filter(|_| who == "member");
                    [vec![Request::get(path, session, encoding, None)]]
                };
                let scripts = [script(on_postgres, &path), script(on_sqlite, &pages(on_sqlite)[nth].1)];
                let contestants = vec![
                    Contestant::http(&on_postgres.server, &scripts[0]),
                    Contestant::http(&on_sqlite.server, &scripts[1]),
                ];
                let measured = in_turn(contestants, plan);
                let name = format!("{page}, {who}, {form}, {ONE_NODE}");
                results.add(Row::rate(name, "req/s", &measured[0]).against_rate(&measured[1]));
            }
        }
    }
}

/// The cost of pages that are requested just after a vote on them, compared with SQLite's.
fn pages_after_a_vote(on_sqlite: &Site, on_postgres: &Site, plan: &Plan, results: &mut Results) {
    let works = [on_postgres, on_sqlite].map(|site| {
        let pages = work::changed_by_votes(site);
        let after = |(page, path, item): (_, String, _)| {
            (page, work::AfterVote::new(site, item, Request::get(&path, None, "identity", None)))
        };
        pages.into_iter().map(after).collect::<Vec<_>>()
    });
    let [postgres, sqlite] = works;
    for ((page, postgres), (_, sqlite)) in postgres.iter().zip(&sqlite) {
        let measured =
            in_turn(postgres.contestants().into_iter().chain(sqlite.contestants()).collect(), plan);
        let cost = |pair: &[Measured]| pair[1].cpu_ms - pair[0].cpu_ms;
        let (value, limit) = (cost(&measured[..2]), cost(&measured[2..]));
        let name = format!("{page}, visitor, plain, after a vote, {ONE_NODE}");
        results.add(Row::new(name, "ms CPU", value).against(limit));
    }
}

/// Votes and comments on each engine, compared with the same statements without a forum: one connection to
/// SQLite, and to PostgreSQL one for each member, side by side.
fn writes(
    on_sqlite: &Site,
    (on_postgres, other, mut bare_postgres): (&Site, &Server, Vec<BareWrites<BarePostgres>>),
    plan: &Plan,
    results: &mut Results,
) {
    let mut bare_sqlite = BareWrites::on_sqlite(on_sqlite);
    for (what, scripts) in [("votes", work::votes as fn(&Site) -> _), ("comments", work::comments)] {
        let scripts = [on_sqlite, on_postgres].map(scripts);
        let is_vote = what == "votes";
        let measured = in_turn(
            vec![
                Contestant::http(&on_sqlite.server, &scripts[0]),
                Contestant::own(|long| bare_sqlite.run(is_vote, long)),
                Contestant::http(&on_postgres.server, &scripts[1]),
                Contestant::new(&on_postgres.server, |long| {
                    on_both(&on_postgres.server, other, &scripts[1], long)
                }),
                Contestant::own(|long| side_by_side(&mut bare_postgres, is_vote, long)),
            ],
            plan,
        );
        // Each with its limit.
        for (engine, nth, limit) in [(SQLITE, 0, 1), (ONE_NODE, 2, 4), (TWO_NODES, 3, 4)] {
            let row = Row::rate(format!("{what}, {engine}"), "req/s", &measured[nth]);
            let mut row = row.against_rate(&measured[limit]);
            // Of two nodes only one's is counted.
            row.more.cpu_ms = row.more.cpu_ms.filter(|_| engine != TWO_NODES);
            results.add(row);
        }
    }
}

/// Half of the connections to each of two nodes.
fn on_both(one: &Server, other: &Server, scripts: &[Vec<Request>], long: Duration) -> Load {
    let began = Instant::now();
    let (first, second) = scripts.split_at(scripts.len() / 2);
    let times = scope(|scope| {
        let loads = [(one, first), (other, second)]
            .map(|(node, scripts)| scope.spawn(|| Load::of_each(node.port, scripts, long)));
        loads.into_iter().flat_map(|load| load.join().unwrap().times).collect()
    });
    Load { times, took: began.elapsed() }
}

fn side_by_side(connections: &mut [BareWrites<BarePostgres>], are_votes: bool, long: Duration) -> Load {
    let began = Instant::now();
    let times = scope(|scope| {
        let loads = connections.iter_mut().map(|connection| scope.spawn(|| connection.run(are_votes, long)));
        let loads: Vec<_> = loads.collect();
        loads.into_iter().flat_map(|load| load.join().unwrap().times).collect()
    });
    Load { times, took: began.elapsed() }
}

/// From the answer to a vote on one node until a visitor's page on the other shows it.
fn seen(name: &str, site: &Site, other: &Server, votes: usize) -> Row {
    let (member, story) = (&site.members[0], site.stories[2]);
    let page = Request::get(&format!("/item/{story}"), None, "identity", None);
    let mut points = points_on(&fetch(other.port, &page).body);
    let mut times: Vec<Duration> = (0..votes)
        .map(|nth| {
            let up = nth % 2 == 0;
            fetch(site.server.port, &Request::vote(member, story, up));
            points += if up { 1 } else { -1 };
            let began = Instant::now();
            while points_on(&fetch(other.port, &page).body) != points {
                assert!(began.elapsed() < NEVER, "the other node shows the vote");
                sleep(POLL);
            }
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let mut row = Row::new(name, "ms", share(&times, 0.5));
    (row.more.p50_ms, row.more.p99_ms) = (Some(share(&times, 0.5)), Some(share(&times, 0.99)));
    row
}

/// The points of the story that a page begins with.
fn points_on(page: &[u8]) -> i64 {
    let page = String::from_utf8_lossy(page);
    let before = page.split_once(" point").expect("a page that shows points").0;
    before.rsplit('>').next().unwrap().replace(',', "").parse().unwrap()
}

/// Ends the listening connections again and again while `act` runs.
fn ends_listeners<T>(address: &str, act: impl FnOnce() -> T) -> T {
    let (done, is_done) = channel::<()>();
    scope(|scope| {
        scope.spawn(move || {
            while is_done.recv_timeout(ENDED_EVERY) == Err(RecvTimeoutError::Timeout) {
                end_listeners(address);
            }
        });
        let result = act();
        drop(done);
        result
    })
}
