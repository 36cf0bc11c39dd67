//! What it costs to log and to count each request: the same visitors' pages with and without.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::load::Request;
use crate::results::{Results, Row};
use crate::server::{Server, free_port};
use crate::site::{STOA, stoa};
use crate::turns::{Contestant, Plan, in_turn};

/// The beginning of the rows' names.
pub const OBSERVED: &str = "front page with request log and metrics";

pub fn measure(plan: &Plan, results: &mut Results) {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let metrics = format!("127.0.0.1:{}", free_port());
    let observed = serve(folders[0].path(), &["--metrics-listen", &metrics]);
    let bare = serve(folders[1].path(), &["--log-filter", "info,stoa::requests=off"]);
    for (form, encoding) in [("plain", "identity"), ("gzip", "gzip")] {
        let script = [vec![Request::get("/", None, encoding, None)]];
        let contestants = [&observed, &bare].map(|server| Contestant::http(server, &script));
        let measured = in_turn(contestants.into(), plan);
        let row = Row::rate(format!("{OBSERVED}, {form}"), "req/s", &measured[0]);
        results.add(row.against_rate(&measured[1]));
    }
}

/// The same small forum in each folder, with its log in a file.
fn serve(folder: &Path, flags: &[&str]) -> Server {
    let (database, port) = (folder.join("stoa.db"), free_port());
    stoa(&database, &["generate", "--stories", "200", "--comments", "200"], "");
    let mut command = Command::new(STOA);
    command.args(["serve", "--limits", "off", "--database"]).arg(&database).args(flags);
    command.args(["--listen", &format!("127.0.0.1:{port}")]).current_dir(folder);
    command.stdout(Stdio::null()).stderr(File::create(folder.join("log")).unwrap());
    Server::start(&mut command, port)
}
