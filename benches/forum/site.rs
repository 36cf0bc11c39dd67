//! The release binary, running on a generated site.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::{CONNECTIONS, Request, fetch};
use crate::postgres::Database;
use crate::server::{Server, free_port};

pub const STOA: &str = env!("CARGO_BIN_EXE_stoa");
pub const PASSWORD: &str = "four unrelated words here";
/// How often the forum is started to time it.
const STARTS: usize = 5;
/// The long threads have 200 authors on a site of any size, so there are at least as many users.
const FEWEST_USERS: u32 = 200;

pub struct Site {
    pub server: Server,
    /// Items generated a second.
    pub made: f64,
    /// From start to first response, the median of several starts.
    pub started_in: Duration,
    pub resident_after_start: f64,
    /// The newest stories. The first has 650 comments, the second 3,000, and the others few.
    pub stories: Vec<i64>,
    /// Sessions of the members, one for each connection.
    pub members: Vec<String>,
    place: Place,
}

/// Where a site's database is.
enum Place {
    Folder(tempfile::TempDir),
    Postgres(Database),
}

impl Place {
    /// As the command line takes it.
    fn database(&self) -> PathBuf {
        match self {
            Place::Folder(folder) => folder.path().join("stoa.db"),
            Place::Postgres(database) => PathBuf::from(&database.address),
        }
    }
}

impl Site {
    /// A site of `items` items and two long threads, on SQLite.
    pub fn start(items: u32) -> Site {
        Site::start_in(Place::Folder(tempfile::tempdir().unwrap()), items)
    }

    /// The same in an empty database on PostgreSQL.
    pub fn start_on_postgres(items: u32, database: Database) -> Site {
        Site::start_in(Place::Postgres(database), items)
    }

    fn start_in(place: Place, items: u32) -> Site {
        let (database, stories) = (place.database(), items / 10);
        let users = (items / 50).max(FEWEST_USERS);
        let counts = [stories, items - stories, users].map(|count| count.to_string());
        let [stories, comments, users] = counts.each_ref().map(String::as_str);
        let began = Instant::now();
        stoa(&database, &["generate", "--stories", stories, "--comments", comments, "--users", users], "");
        let made = f64::from(items + 3_652) / began.elapsed().as_secs_f64();
        (0..CONNECTIONS).for_each(|nth| sign_up(&database, nth));
        let mut starts: Vec<(Server, Duration)> = Vec::new();
        for _ in 0..STARTS {
            if let Some((before, _)) = starts.last_mut() {
                before.stop();
            }
            starts.push(serve(&database, &[STOA], &[]));
        }
        let (server, _) = starts.pop().unwrap();
        let mut times: Vec<Duration> = starts.iter().map(|(_, time)| *time).collect();
        times.sort_unstable();
        let resident_after_start = server.resident_mb();
        let newest = fetch(server.port, &Request::get("/new", None, "identity", None));
        let stories = rows(&newest.body);
        assert!(stories.len() > CONNECTIONS, "there are stories for every connection");
        let members = (0..CONNECTIONS).map(|nth| session(server.port, &name(nth))).collect();
        let started_in = times[times.len() / 2];
        Site { server, made, started_in, resident_after_start, stories, members, place }
    }

    /// Sessions of so many members: those of the connections first, then new ones.
    pub fn members(&self, count: usize) -> Vec<String> {
        let new = (self.members.len()..count).map(|nth| self.member(nth));
        self.members.iter().cloned().chain(new).take(count).collect()
    }

    /// The session of a new member.
    pub fn member(&self, nth: usize) -> String {
        sign_up(&self.place.database(), nth);
        session(self.server.port, &name(nth))
    }

    /// Stops the forum; returns the path of its database.
    pub fn stopped(mut self) -> (Site, PathBuf) {
        self.server.stop();
        let database = self.place.database();
        (self, database)
    }

    /// Another process on the same database.
    pub fn another_node(&self) -> Server {
        serve(&self.place.database(), &[STOA], &[]).0
    }

    /// A comment in the middle of the shorter long thread.
    pub fn comment(&self) -> i64 {
        self.stories[0] + 325
    }

    /// The first story on the front page.
    pub fn first(&self) -> i64 {
        let front = fetch(self.server.port, &Request::get("/", None, "identity", None));
        rows(&front.body)[0]
    }

    /// A backup of the database on SQLite.
    pub fn copy(&self) -> PathBuf {
        let copy = self.place.database().with_file_name("copy.db");
        stoa(&self.place.database(), &["backup", &copy.to_string_lossy()], "");
        copy
    }

    /// A member and stories for each connection; no two connections have a story in common.
    pub fn shares(&self) -> impl Iterator<Item = (&str, Vec<i64>)> {
        let share = |nth| self.stories[2..].iter().skip(nth).step_by(CONNECTIONS).copied().collect();
        self.members.iter().enumerate().map(move |(nth, member)| (member.as_str(), share(nth)))
    }
}

/// The name of the nth member.
pub fn name(nth: usize) -> String {
    format!("member{nth}")
}

fn sign_up(database: &Path, nth: usize) {
    stoa(database, &["admin", "create", &name(nth), "--role", "member"], &format!("{PASSWORD}\n"));
}

/// Starts the forum by the command line `program`, with more settings; returns how long it took to the first
/// page.
pub fn serve(database: &Path, program: &[&str], settings: &[&str]) -> (Server, Duration) {
    let port = free_port();
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).args([
        "serve",
        "--limits",
        "off",
        "--max-connections",
        "2000",
        "--log-filter",
        "error",
    ]);
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--database"]).arg(database);
    command.args(settings);
    // The files that it makes are not left here.
    command.current_dir(std::env::temp_dir()).stderr(Stdio::null());
    let began = Instant::now();
    let server = Server::start(&mut command, port);
    let front = fetch(port, &Request::get("/", None, "identity", None));
    assert_eq!(front.status, 200, "the front page answers");
    (server, began.elapsed())
}

/// Logs a member in; returns the session's token.
fn session(port: u16, name: &str) -> String {
    let answer = fetch(port, &Request::log_in(name, PASSWORD));
    let mut values = answer.headers.iter().map(|(_, value)| value);
    let cookie = values.find_map(|value| value.strip_prefix("session=")).expect("a session");
    cookie.split(';').next().unwrap().to_owned()
}

/// The ids of the stories on a list.
pub fn rows(page: &[u8]) -> Vec<i64> {
    let page = std::str::from_utf8(page).unwrap();
    page.split("id=\"i").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
}

/// Runs a `stoa` command to its end.
pub fn stoa(database: &Path, arguments: &[&str], input: &str) {
    let mut command = Command::new(STOA);
    command.args(arguments).arg("--database").arg(database).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(process.wait().unwrap().success(), "stoa {arguments:?}");
}
