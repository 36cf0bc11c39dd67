//! Instructions of a request, counted by callgrind; other load on the machine does not change them.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::{BROWSER, Connection, Request};
use crate::report::thousands;
use crate::server::Server;
use crate::site::{STOA, Site, serve};
use crate::work::{COMMENT, worst_text};

/// Requests that are counted, and requests before them that fill the caches.
const COUNTED: usize = 40;
const BEFORE: usize = 6;
const FOLDER: &str = "target/bench/callgrind";

/// Prints the counts, and keeps a profile of each kind of request for `callgrind_annotate`.
pub fn count(items: u32) {
    let _ = std::fs::remove_dir_all(FOLDER);
    std::fs::create_dir_all(FOLDER).unwrap();
    let folder = std::fs::canonicalize(FOLDER).unwrap();
    let site = Site::start(items);
    // The same database is then served under callgrind; sessions are in it.
    let (site, database) = site.stopped();
    let out = format!("--callgrind-out-file={}/out", folder.display());
    let quiet = ["--quiet", "--tool=callgrind", "--instr-atstart=no", "--fair-sched=yes", &out];
    let program: Vec<&str> = ["valgrind"].into_iter().chain(quiet).chain([STOA]).collect();
    let (server, _) = serve(&database, &program, &[]);
    control(&server, &["-i", "on"]);
    println!("{:<44} {:>14}", "", "instructions");
    for (name, script) in requests(&site) {
        let mut connection = Connection::open(server.port);
        let mut ask = |times| {
            script.iter().cycle().take(times).for_each(|request| _ = connection.ask(request));
        };
        ask(BEFORE);
        control(&server, &["-z"]);
        ask(COUNTED);
        // A reason that begins with a digit would be read as a process id.
        control(&server, &["-d", "counted"]);
        let dump = newest_dump(&folder);
        let kept = folder.join(name.replace([' ', ','], "-"));
        std::fs::rename(&dump, &kept).unwrap();
        let each = total(&kept) / COUNTED;
        println!("{name:<44} {:>14}", thousands(each));
    }
    println!("\ncallgrind_annotate --auto=no {FOLDER}/NAME shows where they went.");
}

/// The kinds of requests.
fn requests(site: &Site) -> Vec<(&'static str, Vec<Request>)> {
    let member = site.members[0].as_str();
    let thread = format!("/item/{}", site.stories[0]);
    let vote = |up| Request::vote(member, site.stories[2], up);
    let worst = |length| vec![Request::preview(member, site.stories[2], &worst_text(length))];
    let get = |path: &str, session, encoding| vec![Request::get(path, session, encoding, None)];
    vec![
        ("front page, visitor", get("/", None, BROWSER)),
        ("front page, member, plain", get("/", Some(member), "identity")),
        ("front page, member, compressed", get("/", Some(member), BROWSER)),
        ("650-comment thread, visitor", get(&thread, None, BROWSER)),
        ("650-comment thread, member, plain", get(&thread, Some(member), "identity")),
        ("650-comment thread, member, compressed", get(&thread, Some(member), BROWSER)),
        ("vote", vec![vote(true), vote(false)]),
        ("comment", vec![Request::comment(member, site.stories[2], COMMENT)]),
        ("rendering the worst text, 5,000 characters", worst(5_000)),
        ("rendering the worst text, 10,000 characters", worst(10_000)),
        ("rendering the worst text, 20,000 characters", worst(20_000)),
    ]
}

fn control(server: &Server, arguments: &[&str]) {
    let mut command = Command::new("callgrind_control");
    command.args(arguments).arg(server.pid().to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "{command:?}");
    std::thread::sleep(Duration::from_millis(500));
}

/// The dump that was requested, once callgrind has written it.
fn newest_dump(folder: &Path) -> PathBuf {
    let began = Instant::now();
    let wait = Duration::from_secs(60);
    loop {
        let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let dump = files.find(|path| path.to_string_lossy().contains("/out."));
        let is_whole = |dump: &PathBuf| read_to_string(dump).is_ok_and(|text| text.contains("\ntotals: "));
        if let Some(dump) = dump.filter(is_whole) {
            return dump;
        }
        assert!(began.elapsed() < wait, "callgrind wrote no dump into {}", folder.display());
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// The total of a dump.
fn total(dump: &Path) -> usize {
    let text = read_to_string(dump).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("totals: ")).expect("a total");
    line.split_whitespace().next().unwrap().parse().unwrap()
}
