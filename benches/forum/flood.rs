//! What a flood of refused requests from one address writes into the log.

use std::fs::{File, metadata};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::{Connection, Request};
use crate::results::{Results, Row};
use crate::server::{Server, free_port};
use crate::site::{PASSWORD, STOA, stoa};

/// More than may log in or wait for it at once.
const CONNECTIONS: usize = 150;
const LASTS: Duration = Duration::from_secs(5);

/// The beginning of the rows' names.
pub const LOG: &str = "log of a flood of refusals";

/// The status of the refusals, whether rate limits are on, and a request that is then refused.
type Flood = (u16, &'static str, fn() -> Request);

/// Cached pages have no rate limit.
const FLOODS: [Flood; 2] = [
    (429, "on", || Request::get("/no-such-page", None, "identity", None)),
    (503, "off", || Request::log_in("nobody", PASSWORD)),
];

pub fn measure(results: &mut Results) {
    for (status, limits, request) in FLOODS {
        let folder = tempfile::tempdir().unwrap();
        let (database, log) = (folder.path().join("stoa.db"), folder.path().join("log"));
        let small = ["generate", "--stories", "50", "--comments", "50", "--long", "10"];
        stoa(&database, &small, "");
        let port = free_port();
        let mut command = Command::new(STOA);
        command.args(["serve", "--limits", limits, "--max-connections", "2000", "--database"]).arg(&database);
        command.args(["--listen", &format!("127.0.0.1:{port}")]).current_dir(folder.path());
        command.stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        let server = Server::start(&mut command, port);
        let size = || metadata(&log).unwrap().len() as f64;
        let before = size();
        let (refused, took) = flood(&server, &request(), status);
        assert!(refused > 0, "the flood is answered with {status}");
        results.add(Row::new(format!("{LOG}, {status}"), "B/s", (size() - before) / took));
        results.add(Row::new(format!("refusals of that flood, {status}"), "req/s", refused as f64 / took));
    }
}

/// Repeats a request on all connections; returns how many were refused with `status`, and the seconds it
/// took.
fn flood(server: &Server, request: &Request, status: u16) -> (usize, f64) {
    let began = Instant::now();
    let refused = std::thread::scope(|scope| {
        let send = || {
            let mut connection = Connection::narrow(server.port);
            let mut refused = 0;
            while began.elapsed() < LASTS {
                refused += usize::from(connection.status(request) == status);
            }
            refused
        };
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    (refused, began.elapsed().as_secs_f64())
}
