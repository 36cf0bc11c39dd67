//! Reading while others write: the same pages with a steady rate of writes and without any.

use std::time::{Duration, Instant};

use crate::load::{BROWSER, Connection, Load, Request};
use crate::results::{Results, Row};
use crate::server::Server;
use crate::site::Site;
use crate::turns::{Contestant, Plan, in_turn};
use crate::work::COMMENT;

/// Members who read the thread at once.
const READERS: usize = 50;
/// Comments of the thread that are voted on in turn.
const VOTED: i64 = 300;
/// As long as it takes until a comment is posted elsewhere.
const MEMBERS_ROUND: Duration = Duration::from_secs(5);
const VISITORS_ROUND: Duration = Duration::from_secs(1);

pub const BUSY_THREAD: &str = "busy thread, 50 members";
pub const VISITORS: &str = "650 comments, visitors, 20 comments a second elsewhere";

/// Requests that one connection sends at a steady rate.
struct SteadyWrites {
    interval: Duration,
    requests: Vec<Request>,
    sent: usize,
}

impl SteadyWrites {
    fn new(interval: Duration, requests: Vec<Request>) -> SteadyWrites {
        SteadyWrites { interval, requests, sent: 0 }
    }

    fn send(&mut self, port: u16, long: Duration) {
        let mut connection = Connection::open(port);
        let began = Instant::now();
        let mut due = self.interval / 2;
        while due < long {
            std::thread::sleep(due.saturating_sub(began.elapsed()));
            connection.ask(&self.requests[self.sent % self.requests.len()]);
            self.sent += 1;
            due += self.interval;
        }
    }
}

pub fn measure(site: &Site, results: &mut Results) {
    let rounds = if results.quick { 3 } else { 5 };
    let thread = format!("/item/{}", site.stories[0]);
    let read = |session: Option<&str>, encoding| vec![Request::get(&thread, session, encoding, None)];
    let (readers, writer) = (site.members(READERS), site.member(READERS));
    for (form, encoding) in [("compressed", BROWSER), ("plain", "identity")] {
        let readers: Vec<_> = readers.iter().map(|member| read(Some(member), encoding)).collect();
        let writes = vec![
            SteadyWrites::new(Duration::from_secs(1), votes(site, &writer)),
            SteadyWrites::new(MEMBERS_ROUND, comments_elsewhere(site, &writer)),
        ];
        let plan = Plan { rounds, round: MEMBERS_ROUND };
        results.add(compare(&format!("{BUSY_THREAD}, {form}"), &site.server, &readers, writes, &plan));
    }
    for (form, encoding) in [("compressed", BROWSER), ("plain", "identity")] {
        let writes = vec![SteadyWrites::new(Duration::from_millis(50), comments_elsewhere(site, &writer))];
        let plan = Plan { rounds, round: VISITORS_ROUND };
        let readers = [read(None, encoding)];
        results.add(compare(&format!("{VISITORS}, {form}"), &site.server, &readers, writes, &plan));
    }
}

/// Votes on comments of the thread, each cast and withdrawn again.
fn votes(site: &Site, writer: &str) -> Vec<Request> {
    let first = site.stories[0] + 1;
    (first..first + VOTED).flat_map(|id| [true, false].map(|up| Request::vote(writer, id, up))).collect()
}

fn comments_elsewhere(site: &Site, writer: &str) -> Vec<Request> {
    site.stories[2..].iter().map(|id| Request::comment(writer, *id, COMMENT)).collect()
}

/// The same reading with the writes and without, in turn.
fn compare(
    name: &str,
    server: &Server,
    readers: &[Vec<Request>],
    mut steady_writes: Vec<SteadyWrites>,
    plan: &Plan,
) -> Row {
    let busy = Contestant::new(server, |long| {
        std::thread::scope(|scope| {
            for steady in &mut steady_writes {
                scope.spawn(move || steady.send(server.port, long));
            }
            Load::run(server.port, readers, long)
        })
    });
    let measured = in_turn(vec![busy, Contestant::http(server, readers)], plan);
    Row::rate(name, "req/s", &measured[0]).against_rate(&measured[1])
}
