//! Cold pages: each is requested once, as a crawler does, and nothing of it is in memory before.

use std::time::{Duration, Instant};

use crate::load::{BROWSER, Connection, Load, Request, fetch};
use crate::results::{Results, Row};
use crate::server::Server;
use crate::site::{STOA, rows, serve, stoa};
use crate::turns::{Contestant, Plan, in_turn};

/// Threads of the site, and the comments of each.
const THREADS: usize = 2_000;
const COMMENTS: usize = 20;

/// The rows' names begin with the page and end in this.
pub const STORY: &str = "story with 20 comments";
pub const COMMENT_PAGE: &str = "page of a comment";
pub const FIRST_REQUEST: &str = "first request";

/// The pages: name, which item of its thread each is of (0 is the story), and the form it is requested in.
const PAGES: [(&str, usize, &str, &str); 4] = [
    (STORY, 0, "plain", "identity"),
    (STORY, 0, "compressed", BROWSER),
    (COMMENT_PAGE, COMMENTS / 2, "plain", "identity"),
    (COMMENT_PAGE, COMMENTS / 2, "compressed", BROWSER),
];

pub fn measure(plan: &Plan, results: &mut Results) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("stoa.db");
    let long = vec![COMMENTS.to_string(); THREADS].join(",");
    stoa(&database, &["generate", "--stories", "1", "--comments", "0", "--long", &long], "");
    let (server, _) = serve(&database, &[STOA], &[]);
    let newest = fetch(server.port, &Request::get("/new", None, "identity", None));
    assert_eq!(rows(&newest.body)[0], item(THREADS - 1, 0), "stories and comments have the expected ids");
    let each = THREADS / PAGES.len();
    let crawl = |(nth, (_, of_thread, _, encoding)): (usize, &(&str, usize, &str, &'static str))| {
        let pages = (0..each).map(|page| item(page * PAGES.len() + nth, *of_thread));
        let mut left: Vec<Request> =
            pages.map(|id| Request::get(&format!("/item/{id}"), None, encoding, None)).collect();
        let (server, in_round) = (&server, each / plan.rounds);
        Contestant::new(server, move |_: Duration| request_once(server, left.drain(..in_round)))
    };
    let measured = in_turn(PAGES.iter().enumerate().map(crawl).collect(), plan);
    for ((page, _, form, _), measured) in PAGES.iter().zip(measured) {
        let mut row = Row::new(format!("{page}, {form}, {FIRST_REQUEST}"), "ms CPU", measured.cpu_ms);
        row.more.p50_ms = Some(measured.p50_ms);
        row.more.p99_ms = Some(measured.p99_ms);
        results.add(row);
    }
}

/// The id of a story, or of its nth comment: the site has one story without comments, and then the threads.
fn item(thread: usize, nth: usize) -> i64 {
    i64::try_from(2 + thread * (COMMENTS + 1) + nth).unwrap()
}

/// One connection that requests each page once.
fn request_once(server: &Server, pages: impl Iterator<Item = Request>) -> Load {
    let mut connection = Connection::open(server.port);
    let began = Instant::now();
    let times = pages.map(|page| connection.ask(&page)).collect();
    Load { times, took: began.elapsed() }
}
