//! The main table, on a site of one size.

use std::io::Write as _;
use std::time::Instant;

use stoa::domain::accounts::password::{hash, verify};

use crate::bare_writes::BareWrites;
use crate::load::{BROWSER, Load, Request, fetch};
use crate::results::{Results, Row};
use crate::server::Server;
use crate::site::{PASSWORD, Site, name};
use crate::turns::{Contestant, Measured, Plan, in_turn, median, milliseconds};
use crate::work::{self, COMMENT};
use crate::{cold, flood, limits, mixed_load, observed, own_pages};

/// Items of the imported file.
const IMPORTED: i64 = 20_000;

/// The pages that are measured, each in all forms.
pub fn pages(site: &Site) -> Vec<(&'static str, String)> {
    vec![
        ("front page", "/".to_owned()),
        ("list, second page", "/?p=2".to_owned()),
        ("user page", "/user/user1".to_owned()),
        ("feed", "/feed/top.atom".to_owned()),
        ("comment page", format!("/item/{}", site.comment())),
        ("650-comment thread", format!("/item/{}", site.stories[0])),
        ("3,000-comment thread", format!("/item/{}", site.stories[1])),
        // A word of every tenth title. A visitor's search is cached like any page, a member's is not.
        ("search", "/search?q=harbour".to_owned()),
    ]
}

/// The rows of the waves; their CPU time is that of the whole wave and its connections.
const STAMPEDE: &str = "stampede of 1,000 on a thread that has changed";
const STAMPEDE_ON_KEPT: &str = "the same on one that has not";

/// The forms of a page that are measured for visitors and for members.
const VISITOR: [(&str, &str); 3] = [("plain", "identity"), ("gzip", "gzip"), ("brotli", "br")];
pub const MEMBER: [(&str, &str); 2] = [("plain", "identity"), ("compressed", BROWSER)];

pub fn measure(items: u32, plan: &Plan, results: &mut Results) {
    let site = Site::start(items);
    results.add(Row::new("generate", "items/s", site.made));
    results.add(Row::new("import", "items/s", import()));
    let member = site.members[0].as_str();
    for (page, path) in &pages(&site) {
        for (form, encoding) in VISITOR {
            let ask = |etag: Option<&str>| Request::get(path, None, encoding, etag);
            results.add(compare(&site, &format!("{page}, visitor, {form}"), plan, &ask(None), ask));
        }
        let ask = |etag: Option<&str>| Request::get(path, None, BROWSER, etag);
        let etag = fetch(site.server.port, &ask(None)).header("etag").map(str::to_owned);
        if etag.is_some() {
            results.add(compare(&site, &format!("{page}, visitor, 304"), plan, &ask(etag.as_deref()), ask));
        }
        for (form, encoding) in MEMBER {
            let ask = |etag: Option<&str>| Request::get(path, Some(member), encoding, etag);
            results.add(compare(&site, &format!("{page}, member, {form}"), plan, &ask(None), ask));
        }
    }
    after_vote(&site, plan, results);
    thread_growth(results);
    mixed_load::measure(&site, results);
    cold::measure(plan, results);
    flood::measure(results);
    observed::measure(plan, results);
    own_pages::measure(&site, plan, results);
    log_ins(&site, plan, results);
    writes(&site, plan, results);
    stampede(&site, plan, results);
    results.add(Row::new("resident after everything", "MB", site.server.resident_mb()));
}

/// A page, the same bytes from a bare handler, and from nginx where it is installed, in turn.
fn compare(
    site: &Site,
    name: &str,
    plan: &Plan,
    request: &Request,
    conditional: impl Fn(Option<&str>) -> Request,
) -> Row {
    let answer = fetch(site.server.port, request);
    let bare = limits::bare(&answer);
    let nginx = limits::nginx(&answer, request, |etag| conditional(Some(etag)));
    let script = [vec![request.clone()]];
    let theirs = nginx.as_ref().map(|(limit, request)| (limit, [vec![request.clone()]]));
    let servers = [&site.server, &bare.server];
    let mut contestants: Vec<_> = servers.map(|server| Contestant::http(server, &script)).into();
    contestants.extend(theirs.as_ref().map(|(limit, script)| Contestant::http(&limit.server, script)));
    let measured = in_turn(contestants, plan);
    let row = Row::rate(name, "req/s", &measured[0]).against_rate(&measured[1]);
    let mut row = row.and_nginx(measured.get(2));
    row.more.bytes = Some(answer.bytes);
    row.more.encoding = Some(answer.encoding().to_owned());
    row
}

/// Pages that are requested just after a vote on an item on them.
fn after_vote(site: &Site, plan: &Plan, results: &mut Results) {
    let member = site.members[0].as_str();
    for (page, path, item) in work::changed_by_votes(site) {
        for (who, session) in [("visitor", None), ("member", Some(member))] {
            for (form, encoding) in MEMBER {
                let page = format!("{page}, {who}, {form}, after a vote");
                let work = work::AfterVote::new(site, item, Request::get(&path, session, encoding, None));
                let measured = in_turn(work.contestants().into(), plan);
                results.add(after_vote_row(&page, &measured[0], &measured[1]));
            }
        }
    }
}

/// The cost of the page: that of both less that of the vote.
fn after_vote_row(name: &str, votes: &Measured, pages: &Measured) -> Row {
    let mut row = Row::new(name, "ms CPU", pages.cpu_ms - votes.cpu_ms);
    row.more.p50_ms = Some(pages.p50_ms);
    row.more.p99_ms = Some(pages.p99_ms);
    row
}

/// The cost of the long thread compared with the short one.
fn thread_growth(results: &mut Results) {
    let mut rows = Vec::new();
    for short in &results.rows {
        let Some(kind) = short.name.strip_prefix("650-comment thread, ") else { continue };
        let long = results.rows.iter().find(|row| row.name == format!("3,000-comment thread, {kind}"));
        let cost = |row: &Row| if row.unit == "ms CPU" { Some(row.value) } else { row.more.cpu_ms };
        if let (Some(long), Some(before), false) = (long.and_then(cost), cost(short), kind.ends_with("304")) {
            rows.push(Row::new(format!("650 to 3,000 comments, {kind}"), "ms CPU", long).against(before));
        }
    }
    rows.into_iter().for_each(|row| results.add(row));
}

/// Log-ins, by a member for each connection.
pub fn log_in_scripts(site: &Site) -> Vec<Vec<Request>> {
    (0..site.members.len()).map(|nth| vec![Request::log_in(&name(nth), PASSWORD)]).collect()
}

/// Log-ins, compared with checking passwords alone on all cores.
fn log_ins(site: &Site, plan: &Plan, results: &mut Results) {
    let scripts = log_in_scripts(site);
    let hash = hash(PASSWORD).unwrap();
    let cores = results.cores;
    let checks = Contestant::own(|long| {
        let loads: Vec<Load> = std::thread::scope(|scope| {
            let check = || Load::alone(long, || assert!(verify(PASSWORD, Some(&hash))));
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(check)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let took = loads.iter().map(|load| load.took).max().unwrap();
        Load { times: loads.into_iter().flat_map(|load| load.times).collect(), took }
    });
    let measured = in_turn(vec![Contestant::http(&site.server, &scripts), checks], plan);
    results.add(Row::rate("log-ins", "req/s", &measured[0]).against_rate(&measured[1]));
    results.add(Row::new("resident after the log-ins", "MB", site.server.resident_mb()));
}

/// Votes and comments, compared with the same transactions in a loop on a copy of the database.
fn writes(site: &Site, plan: &Plan, results: &mut Results) {
    let mut bare = BareWrites::on_sqlite(site);
    for (what, script) in [("votes", work::votes(site)), ("comments", work::comments(site))] {
        let limit = Contestant::own(|long| bare.run(what == "votes", long));
        let measured = in_turn(vec![Contestant::http(&site.server, &script), limit], plan);
        results.add(Row::rate(what, "req/s", &measured[0]).against_rate(&measured[1]));
    }
}

/// How long it takes until a thousand visitors have a page that has just changed, and the CPU time of that.
fn stampede(site: &Site, plan: &Plan, results: &mut Results) {
    let page = Request::get(&format!("/item/{}", site.stories[0]), None, BROWSER, None);
    let bare = limits::bare(&fetch(site.server.port, &page));
    let wave = |server: &Server| {
        let before = server.cpu();
        let took = work::wave(server.port, std::slice::from_ref(&page), work::WAVE);
        (took, milliseconds(server.cpu().saturating_sub(before)))
    };
    let (mut changed, mut kept, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        work::wave(site.server.port, &[Request::comment(&site.members[0], site.stories[0], COMMENT)], 1);
        changed.push(wave(&site.server));
        kept.push(wave(&site.server));
        limits.push(wave(&bare.server));
    }
    let took = |waves: &[(f64, f64)]| median(waves.iter().map(|(took, _)| *took).collect());
    // Of all waves together: CPU time is counted in ticks as long as a page takes.
    let cpu = |waves: &[(f64, f64)]| Some(waves.iter().map(|(_, cpu)| cpu).sum::<f64>() / waves.len() as f64);
    for (name, waves) in [(STAMPEDE, changed), (STAMPEDE_ON_KEPT, kept)] {
        let mut row = Row::new(name, "ms", took(&waves)).against(took(&limits));
        row.more.cpu_ms = cpu(&waves);
        row.more.limit_cpu_ms = cpu(&limits);
        results.add(row);
    }
}

/// Items a second of `stoa import`, from a file in Hacker News' format.
fn import() -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("items.jsonl");
    let mut lines = std::io::BufWriter::new(std::fs::File::create(&file).unwrap());
    let text = format!("{COMMENT}<p>And <i>more</i> &amp; <a href=\"https://site.example/\">a link</a>.");
    for id in 1..=IMPORTED {
        let (story, by, time) = (id - (id - 1) % 20, id * 7_919 % 400, 1_700_000_000 + id);
        let item = if id == story {
            let (title, url) =
                (format!("A title of some words, number {id}"), format!("https://site-{by}.example/{id}"));
            serde_json::json!({ "id": id, "type": "story", "by": format!("user{by}"), "time": time,
                "title": title, "url": url, "score": by })
        } else {
            // Every third comment replies to the story, the others to the item before.
            let parent = if id % 3 == 0 { story } else { id - 1 };
            serde_json::json!({ "id": id, "type": "comment", "by": format!("user{by}"), "time": time,
                "parent": parent, "text": text })
        };
        writeln!(lines, "{item}").unwrap();
    }
    lines.flush().unwrap();
    drop(lines);
    let began = Instant::now();
    crate::site::stoa(&folder.path().join("stoa.db"), &["import", &file.to_string_lossy()], "");
    IMPORTED as f64 / began.elapsed().as_secs_f64()
}
