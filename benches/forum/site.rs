//! The two servers: the forum's own release binary on a made-up site, and a bare handler with the same bytes.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response};
use axum::routing::get;
use bytes::Bytes;

use crate::load::{self, Request};

const STOA: &str = env!("CARGO_BIN_EXE_stoa");
const PASSWORD: &str = "four unrelated words here";

/// The forum, running.
pub struct Site {
    pub port: u16,
    pub made_in: Duration,
    pub started_in: Duration,
    /// The newest stories, to vote and comment on.
    pub stories: Vec<i64>,
    dir: tempfile::TempDir,
    process: Child,
}

impl Site {
    pub fn start(items: u32) -> Site {
        let dir = tempfile::tempdir().unwrap();
        let stories = (items / 10).max(30);
        let began = Instant::now();
        let (s, c, u) = (stories.to_string(), (items - stories).to_string(), (items / 50).max(10).to_string());
        stoa(dir.path().join("stoa.db"), &["generate", "--stories", &s, "--comments", &c, "--users", &u], "");
        let made_in = began.elapsed();
        let member = ["admin", "create", "member", "--role", "member"];
        stoa(dir.path().join("stoa.db"), &member, &format!("{PASSWORD}\n"));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let began = Instant::now();
        let process = Command::new(STOA)
            .args([
                "serve",
                "--limits",
                "off",
                "--log",
                "error",
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--database",
            ])
            .arg(dir.path().join("stoa.db"))
            .current_dir(dir.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "the forum does not start");
            std::thread::sleep(Duration::from_millis(1));
        }
        let front = load::fetch(port, &Request::get("/", None, "identity"));
        let started_in = began.elapsed();
        assert!(front.starts_with(b"HTTP/1.1 200"), "the front page answers");
        let newest = load::fetch(port, &Request::get("/new", None, "identity"));
        let newest = String::from_utf8(newest).unwrap();
        let stories = newest.split("id=\"i").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect();
        Site { port, made_in, started_in, stories, dir, process }
    }

    /// Addresses of the pages to measure: the two newest threads are the long ones.
    pub fn pages(&self) -> Vec<(&'static str, String)> {
        let mut pages = vec![
            ("front page", "/".to_owned()),
            ("list, second page", "/?p=2".to_owned()),
            ("user page", "/user/user1".to_owned()),
            ("feed", "/feed/top.atom".to_owned()),
        ];
        let long = ["650-comment thread", "3,000-comment thread"];
        pages.extend(long.into_iter().zip(&self.stories).map(|(name, id)| (name, format!("/item/{id}"))));
        pages
    }

    /// Logs a member in; answers their session's token.
    pub fn member(&self) -> String {
        let form = format!("name=member&password={}", PASSWORD.replace(' ', "+"));
        let answer = load::fetch(self.port, &Request::post("/login", "", &form));
        let answer = String::from_utf8(answer).unwrap();
        answer.split("session=").nth(1).and_then(|rest| rest.split(';').next()).expect("a session").to_owned()
    }

    /// The server's memory, in megabytes.
    pub fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// The time that the server has spent, its own and the system's for it.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // A tick is a hundredth of a second on Linux.
        Duration::from_millis(ticks * 10)
    }

    /// Transactions a second of a vote's three statements on one bare SQLite connection.
    pub fn sqlite_limit(&self) -> f64 {
        let file = self.dir.path().join("limit.db");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use sqlx::Connection;
            use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
            let options = SqliteConnectOptions::new()
                .filename(&file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal);
            let mut db = SqliteConnection::connect_with(&options).await.unwrap();
            for statement in [
                "create table if not exists items (id integer primary key, score integer)",
                "create table if not exists users (id integer primary key, karma integer)",
                "create table if not exists votes (user_id integer, item_id integer, primary key (user_id, item_id))",
                "insert into items values (1, 1) on conflict do nothing",
                "insert into users values (1, 1) on conflict do nothing",
            ] {
                sqlx::query(statement).execute(&mut db).await.unwrap();
            }
            let began = Instant::now();
            let mut done = 0_i64;
            let base = i64::from(std::process::id()) * 1_000_000_000 + self.resident_mb() as i64 * 1_000_000;
            while began.elapsed() < Duration::from_secs(1) {
                let mut tx = db.begin_with("begin immediate").await.unwrap();
                sqlx::query("insert into votes values ($1, 1)").bind(base + done).execute(&mut *tx).await.unwrap();
                sqlx::query("update items set score = score + 1 where id = 1").execute(&mut *tx).await.unwrap();
                sqlx::query("update users set karma = karma + 1 where id = 1").execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
                done += 1;
            }
            done as f64 / began.elapsed().as_secs_f64()
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn stoa(database: PathBuf, arguments: &[&str], input: &str) {
    let mut command = Command::new(STOA)
        .args(arguments)
        .arg("--database")
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    command.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(command.wait().unwrap().success(), "stoa {arguments:?}");
}

/// A bare axum handler that answers the same head and body from memory: what the stack itself costs.
pub struct Bare {
    pub port: u16,
    _runtime: tokio::runtime::Runtime,
}

impl Bare {
    pub fn start(answer: &[u8]) -> Bare {
        let split = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8(answer[..split].to_vec()).unwrap();
        let headers: Vec<(HeaderName, HeaderValue)> = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| !matches!(*name, "transfer-encoding" | "content-length" | "date" | "connection"))
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let body = Bytes::from(if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            unchunked(&answer[split..])
        } else {
            answer[split..].to_vec()
        });
        let page = get(move || {
            let (headers, body) = (headers.clone(), body.clone());
            async move {
                let mut response = Response::new(Body::from(body));
                response.headers_mut().extend(headers);
                response
            }
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback_service(page);
        runtime.spawn(async move {
            let acceptor = axum_server::accept::NoDelayAcceptor::new();
            axum_server::from_tcp(listener)
                .unwrap()
                .acceptor(acceptor)
                .serve(router.into_make_service())
                .await
                .unwrap();
        });
        Bare { port, _runtime: runtime }
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(line) = body.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..line]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[line + 2..line + 2 + size]);
        body = &body[line + 2 + size + 2..];
    }
    whole
}
