//! The same work on sites of very different sizes, in turn: its cost should not depend on the size.

use std::time::Duration;

use crate::load::{Answer, Request, fetch};
use crate::results::{AtSize, Results, Row};
use crate::site::Site;
use crate::table::{MEMBER, log_in_scripts, pages};
use crate::turns::{Contestant, Measured, Plan, in_turn, milliseconds};
use crate::{limits, work};

const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// A turn of a page: each page has eight, for four sites and their bare handlers.
const ROUND: Duration = Duration::from_millis(250);

/// The scripts of the connections to a site.
type Scripts = fn(&Site) -> Vec<Vec<Request>>;
/// An item, and a page that a vote on it changes.
type Changed = fn(&Site) -> (i64, Request);

const WRITES: [(&str, Scripts); 3] =
    [("votes", work::votes), ("comments", work::comments), ("log-ins", log_in_scripts)];

fn thread(site: &Site, session: Option<&str>) -> Request {
    Request::get(&format!("/item/{}", site.stories[0]), session, "identity", None)
}

/// Pages that a visitor requests just after a vote on an item on them.
const AFTER_VOTE: [(&str, Changed); 3] = [
    ("front page, after a vote", |site| (site.first(), Request::get("/", None, "identity", None))),
    ("650-comment thread, after a vote", |site| (site.stories[0] + 1, thread(site, None))),
    ("user page, after a vote", |site| (site.first(), Request::get("/user/user1", None, "identity", None))),
];

pub fn measure(plan: &Plan, results: &mut Results) {
    let sites = SIZES.map(Site::start);
    let each = |ask: fn(&Site) -> f64| sites.iter().map(ask).collect();
    results.add(grown("start to first answer", "ms", each(|site| milliseconds(site.started_in))));
    results.add(grown("resident after start", "MB", each(|site| site.resident_after_start)));
    // Reading comes before writing, which makes the threads longer.
    let short = Plan { round: ROUND, ..*plan };
    for (nth, (page, _)) in pages(&sites[0]).into_iter().enumerate() {
        for who in ["visitor", "member"] {
            for (form, encoding) in MEMBER {
                let ask = |site: &Site| {
                    let session = Some(site.members[0].as_str()).filter(|_| who == "member");
                    Request::get(&pages(site)[nth].1, session, encoding, None)
                };
                results.add(row_of_sizes(&format!("{page}, {who}, {form}"), same_page(&sites, ask, &short)));
            }
        }
    }
    for (name, ask) in AFTER_VOTE {
        let pairs = sites.each_ref().map(|site| {
            let (item, page) = ask(site);
            work::AfterVote::new(site, item, page)
        });
        let measured = in_turn(pairs.iter().flat_map(work::AfterVote::contestants).collect(), plan);
        let costs = measured.chunks(2).map(|pair| pair[1].cpu_ms - pair[0].cpu_ms).collect();
        results.add(grown(name, "ms CPU", costs));
    }
    for (name, scripts) in WRITES {
        results.add(row_of_sizes(name, same_work(&sites, scripts, plan)));
    }
    results.add(grown("resident after the load", "MB", each(|site| site.server.resident_mb())));
}

/// A row with one value for each site.
fn grown(name: &str, unit: &str, values: Vec<f64>) -> Row {
    let (first, last) = (values[0], values[values.len() - 1]);
    let mut row = Row::new(format!("{name}, 10^3 to 10^6 items"), unit, last).against(first);
    row.more.sizes = SIZES.into_iter().zip(values).collect();
    row
}

/// A row of requests, compared by their CPU time.
fn row_of_sizes(name: &str, measured: Vec<AtSize>) -> Row {
    let mut row = grown(name, "ms CPU", measured.iter().map(|at_size| at_size.cpu_ms).collect());
    row.more.by_size = measured;
    row
}

/// A page of each site and the same bytes from a bare handler, all in turn.
fn same_page(sites: &[Site], ask: impl Fn(&Site) -> Request, plan: &Plan) -> Vec<AtSize> {
    let scripts: Vec<_> = sites.iter().map(|site| vec![vec![ask(site)]]).collect();
    let answers: Vec<Answer> =
        sites.iter().zip(&scripts).map(|(site, script)| fetch(site.server.port, &script[0][0])).collect();
    let limits: Vec<_> = answers.iter().map(limits::bare).collect();
    let servers = sites.iter().zip(&limits).flat_map(|(site, limit)| [&site.server, &limit.server]);
    let driven = servers.zip(scripts.iter().flat_map(|script| [script, script]));
    let measured = in_turn(driven.map(|(server, script)| Contestant::http(server, script)).collect(), plan);
    let at_size = |((items, answer), pair): ((u32, &Answer), &[Measured])| {
        let bytes = Some(answer.bytes);
        AtSize { bytes, ..AtSize::new(items, &pair[0]).against(&pair[1]) }
    };
    SIZES.into_iter().zip(&answers).zip(measured.chunks(2)).map(at_size).collect()
}

/// The same work on each site.
fn same_work(sites: &[Site], scripts: Scripts, plan: &Plan) -> Vec<AtSize> {
    let scripts: Vec<_> = sites.iter().map(scripts).collect();
    let contestants = sites.iter().zip(&scripts).map(|(site, script)| Contestant::http(&site.server, script));
    let measured = in_turn(contestants.collect(), plan);
    SIZES.into_iter().zip(&measured).map(|(items, measured)| AtSize::new(items, measured)).collect()
}
