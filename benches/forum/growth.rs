//! The same work on sites of very different sizes, in turn: what it costs should not depend on the size.

use crate::load::Request;
use crate::results::{Results, Row};
use crate::site::Site;
use crate::turns::{Contestant, Plan, in_turn, milliseconds};
use crate::work;

const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// What each connection sends to a site, over and over.
type Scripts = fn(&Site) -> Vec<Vec<Request>>;
/// An item, and a page that changes with a vote on it.
type Changed = fn(&Site) -> (i64, Request);

const READS: [(&str, Scripts); 5] = [
    ("front page, visitor", |_| vec![vec![Request::get("/", None, "identity", None)]]),
    ("front page, member", |site| vec![vec![Request::get("/", Some(&site.members[0]), "identity", None)]]),
    ("650-comment thread, visitor", |site| vec![vec![thread(site, None)]]),
    ("650-comment thread, member", |site| vec![vec![thread(site, Some(&site.members[0]))]]),
    ("user page, visitor", |_| vec![vec![Request::get("/user/user1", None, "identity", None)]]),
];
const WRITES: [(&str, Scripts); 2] = [("votes", work::votes), ("comments", work::comments)];

fn thread(site: &Site, session: Option<&str>) -> Request {
    Request::get(&format!("/item/{}", site.stories[0]), session, "identity", None)
}

/// Pages that a visitor has rendered anew after a vote on what they show.
const ANEW: [(&str, Changed); 3] = [
    ("front page, after a vote", |site| (site.first(), Request::get("/", None, "identity", None))),
    ("650-comment thread, after a vote", |site| (site.stories[0] + 1, thread(site, None))),
    ("user page, after a vote", |site| (site.first(), Request::get("/user/user1", None, "identity", None))),
];

pub fn measure(plan: &Plan, results: &mut Results) {
    let sites = SIZES.map(Site::start);
    let grown = |name: &str, unit: &str, values: Vec<f64>| {
        let (first, last) = (values[0], values[values.len() - 1]);
        let mut row = Row::new(format!("{name}, 10^3 to 10^6 items"), unit, last).against(first);
        row.more.sizes = SIZES.into_iter().zip(values).collect();
        row
    };
    let each = |ask: fn(&Site) -> f64| sites.iter().map(ask).collect();
    results.add(grown("start to first answer", "ms", each(|site| milliseconds(site.started_in))));
    results.add(grown("resident after start", "MB", each(|site| site.resident_after_start)));
    // Reading before writing, which makes the threads longer.
    for (name, scripts) in READS {
        results.add(grown(name, "ms CPU", same_work(&sites, scripts, plan)));
    }
    for (name, ask) in ANEW {
        let asked = sites.each_ref().map(|site| {
            let (item, page) = ask(site);
            work::Anew::new(site, item, page)
        });
        let measured = in_turn(asked.iter().flat_map(work::Anew::contestants).collect(), plan);
        let costs = measured.chunks(2).map(|pair| pair[1].cpu_ms - pair[0].cpu_ms).collect();
        results.add(grown(name, "ms CPU", costs));
    }
    for (name, scripts) in WRITES {
        results.add(grown(name, "ms CPU", same_work(&sites, scripts, plan)));
    }
    results.add(grown("resident after the load", "MB", each(|site| site.server.resident_mb())));
}

/// What the work costs on each site.
fn same_work(sites: &[Site], scripts: Scripts, plan: &Plan) -> Vec<f64> {
    let scripts: Vec<_> = sites.iter().map(scripts).collect();
    let contestants = sites.iter().zip(&scripts).map(|(site, script)| Contestant::http(&site.server, script));
    in_turn(contestants.collect(), plan).into_iter().map(|measured| measured.cpu_ms).collect()
}
