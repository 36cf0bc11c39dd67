//! The binary on a failing disk, simulated by a preloaded library: readers are served and writers are told;
//! afterwards writes work, and exactly the acknowledged ones were saved.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sha2::{Digest, Sha256};
use stoa::domain::accounts::user::{Name, Role, UserId};
use stoa::domain::items::item::ItemId;
use stoa::domain::limits::policy::Policy;
use stoa::store::{ActionContext, NewSession, NewStory, NewUser, Store, Submission, Verified, database_file};
use tempfile::TempDir;

use crate::store::durability::{BEGAN, free_port};

const PASSWORD: &str = "four unrelated words here";
const SENTENCE: &str = "The forum cannot save anything at the moment.";

/// A forum in a process of its own, whose disk fails when the test says so.
struct Forum {
    dir: TempDir,
    process: Child,
    port: u16,
}

/// What came back: the status, where it leads and the rest.
struct Answer {
    status: u16,
    location: String,
    text: String,
}

impl Answer {
    /// The comment that was made.
    fn comment(&self) -> Option<i64> {
        self.location.rsplit_once("#c")?.1.parse().ok()
    }
}

fn library(dir: &Path) -> PathBuf {
    let (source, built) =
        (Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/store/failing_disk.c"), dir.join("disk.so"));
    let done = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&built).arg(source).status();
    assert!(done.expect("a C compiler").success());
    built
}

impl Forum {
    /// A forum with alice, an admin, and bob, who has written a story.
    async fn new() -> (Forum, ItemId) {
        let dir = tempfile::tempdir().expect("a directory");
        library(dir.path());
        let store = Store::open(&dir.path().join("stoa.db")).await.expect("a database");
        let mut author = UserId(0);
        for (name, role) in [("alice", Role::Admin), ("bob", Role::Member)] {
            author = account(&store, name, role).await;
        }
        let new = NewStory {
            author,
            title: "A story",
            url: None,
            section: None,
            text: "So.",
            ip_hashes: None,
            stopped: None,
        };
        let Submission::New(story) = store.submit(new, &Policy::default(), BEGAN).await.expect("submitted")
        else {
            panic!("a new story")
        };
        store.close().await;
        let port = free_port();
        (Forum { process: start(dir.path(), port), dir, port }, story)
    }

    fn fails(&self, how: &str) {
        std::fs::write(self.dir.path().join("faults"), how).expect("written");
    }

    fn works(&self) {
        std::fs::remove_file(self.dir.path().join("faults")).expect("removed");
    }

    fn ask(&self, request: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = text.split(' ').nth(1)?.parse().ok()?;
        let location =
            text.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default().to_owned();
        Some(Answer { status, location, text })
    }

    fn get(&self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
        self.ask(&request).expect("an answer")
    }

    fn post(&self, name: &str, path: &str, form: &str) -> Answer {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: session=token-of-{name}\r\nsec-fetch-site: \
             same-origin\r\n\
             connection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: \
             {}\r\n\r\n{form}",
            form.len()
        );
        self.ask(&request).expect("an answer")
    }

    /// The kill that no process can catch, and a start after it.
    fn killed_and_started(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("ended");
        self.process = start(self.dir.path(), self.port);
    }
}

impl Drop for Forum {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn account(store: &Store, name: &str, role: Role) -> UserId {
    let parsed = Name::parse(name).expect("a name");
    let new = NewUser { name: &parsed, password: "no hash", role: Role::Member, ip_hashes: None };
    let user = store.create_user(new, BEGAN).await.expect("an account");
    if role != Role::Member {
        store
            .set_role(user, role, ActionContext { actor: None, reason: "", at: BEGAN })
            .await
            .expect("a role");
    }
    let token_hash = Sha256::digest(format!("token-of-{name}")).to_vec();
    let expires_at = BEGAN.plus(4_000_000_000);
    let session = NewSession {
        token_hash: &token_hash,
        user,
        verified: Verified::Password("no hash"),
        agent: "",
        expires_at,
    };
    store.create_session(session, BEGAN).await.expect("a session");
    user
}

fn start(dir: &Path, port: u16) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .args(["serve", "--limits", "off", "--log-filter", "error", "--database", "stoa.db"])
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .current_dir(dir)
        .env("STOA_MIN_KARMA_TO_FLAG", "0")
        .env("LD_PRELOAD", dir.join("disk.so"))
        .env("FAULTS", dir.join("faults"))
        .env("FAULTS_ON", "/stoa.db")
        .stderr(std::fs::File::options().create(true).append(true).open(dir.join("log")).expect("a log"))
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    for _ in 0..3_000 {
        let asked = TcpStream::connect(("127.0.0.1", port)).is_ok_and(|mut stream| {
            let asked = stream.write_all(b"GET /new HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
            asked.is_ok() && stream.read(&mut [0; 64]).is_ok_and(|read| read > 0)
        });
        if asked {
            return child;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().and_then(|()| child.wait()).expect("ended");
    panic!("it does not start");
}

/// The `nth` action of each kind: member, path and form. Toggles are reverted the next time.
fn deeds(story: ItemId, nth: usize, word: &str) -> Vec<(&'static str, String, String)> {
    let (on, dir) = if nth.is_multiple_of(2) { ("true", "up") } else { ("false", "none") };
    let item = |act: &str| format!("/item/{story}/{act}");
    vec![
        ("alice", item("reply"), format!("text={word}+comment+{nth}")),
        ("bob", "/submit".to_owned(), format!("title=Story+{nth}&url=&text=Words+{nth}")),
        ("alice", item("vote"), format!("dir={dir}&goto=/")),
        ("alice", item("save"), format!("on={on}&goto=/")),
        ("alice", item("hide"), format!("on={on}&goto=/")),
        ("alice", item("flag"), format!("on={on}&reason=spam&goto=/")),
        ("bob", "/settings".to_owned(), format!("about=words+{nth}&theme=dark&order=newest")),
        ("alice", "/user/bob/note".to_owned(), format!("note=note+{nth}")),
        ("alice", item("lock"), "on=true&reason=heat".to_owned()),
        ("alice", item("lock"), "on=false".to_owned()),
        ("nobody", "/signup".to_owned(), format!("name=person{nth}&password={}", PASSWORD.replace(' ', "+"))),
    ]
}

/// Compares the database with the acknowledged and the refused comments.
async fn compare(forum: &Forum, story: ItemId, acknowledged: &[i64], refused: &[String]) {
    let path = forum.dir.path().join("stoa.db");
    let store = Store::open(&path).await.expect("a whole database");
    let thread = store.thread(story).await.expect("the thread");
    for id in acknowledged {
        assert!(thread.iter().any(|item| item.id == ItemId(*id)), "comment {id} is lost");
    }
    for text in refused {
        assert!(thread.iter().all(|item| item.text != *text), "“{text}” was refused and is there");
    }
    let head = thread.iter().find(|item| item.id == story).expect("the story");
    assert_eq!(head.descendants, i64::try_from(thread.len()).expect("few") - 1, "nothing is half written");
    assert_eq!(head.score, 1 + head.ups - head.downs, "nothing is half counted");
    store.close().await;
    database_file::check(&path).await.expect("whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forum_whose_disk_is_full_or_fails_writes_again_once_it_does_not() {
    let (mut forum, story) = Forum::new().await;
    let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
    let mut nth = 0;
    for fault in ["28 write", "28 half", "5 write", "5 half", "122 write", "30 write truncate sync"] {
        forum.fails(fault);
        for (name, path, form) in deeds(story, nth, "refused") {
            let answer = forum.post(name, &path, &form);
            assert_eq!(answer.status, 503, "{fault}: {path}: {}", answer.text);
            assert!(answer.text.contains(SENTENCE), "{fault}: {path}: {}", answer.text);
            if path.ends_with("/reply") {
                assert!(
                    answer.text.contains(&format!("\nrefused comment {nth}</textarea>")),
                    "{}",
                    answer.text
                );
                refused.push(format!("refused comment {nth}"));
            }
        }
        for path in [
            "/",
            "/new",
            "/comments",
            "/user/bob",
            &format!("/item/{story}"),
            &format!("/item/{story}?order=newest"),
        ] {
            assert_eq!(forum.get(path).status, 200, "{fault}: {path}");
        }
        for path in ["/healthz", "/readyz"] {
            let health = forum.get(path);
            assert!(
                health.status == 503 && health.text.contains("nothing can be saved"),
                "{fault}: {}",
                health.text
            );
        }
        forum.works();
        // The next write of each kind, with the same fault before each.
        for (name, path, form) in deeds(story, nth, "saved") {
            let answer = forum.post(name, &path, &form);
            assert_eq!(answer.status, 303, "after {fault}: {path}: {}", answer.text);
            acknowledged.extend(answer.comment());
            if form.starts_with("on=true&reason=heat") {
                // A locked thread takes no replies.
                continue;
            }
            forum.fails(fault);
            let between = format!("refused between {nth}");
            let form = format!("text={}", between.replace(' ', "+"));
            assert_eq!(forum.post("alice", &format!("/item/{story}/reply"), &form).status, 503, "{fault}");
            refused.push(between);
            forum.works();
        }
        for path in ["/healthz", "/readyz"] {
            // An answer about health is kept for a second.
            let well = (0..40).any(|_| {
                std::thread::sleep(Duration::from_millis(100));
                forum.get(path).status == 200
            });
            assert!(well, "after {fault}");
        }
        nth += 1;
        // In the middle of a failing write, as a machine whose disk fails often ends.
        forum.fails(fault);
        let text = format!("late comment {nth}");
        assert_eq!(
            forum
                .post("bob", &format!("/item/{story}/reply"), &format!("text={}", text.replace(' ', "+")))
                .status,
            503
        );
        refused.push(text);
        forum.works();
        forum.killed_and_started();
        compare(&forum, story, &acknowledged, &refused).await;
    }
    let log = std::fs::read_to_string(forum.dir.path().join("log")).expect("a log");
    let said = log.lines().filter(|line| line.contains("cannot write to the database")).count();
    assert!((1..=12).contains(&said), "each process says so, once a minute: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_does_not_sync_or_cannot_be_read_for_a_while_costs_nothing_that_was_acknowledged() {
    let (mut forum, story) = Forum::new().await;
    let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
    for (round, fault) in
        ["5 sync", "28 truncate sync", "5 read", "5 read write sync truncate"].into_iter().enumerate()
    {
        forum.fails(fault);
        for nth in 0..40 {
            // Long texts, so that the log is folded in meanwhile.
            let text = format!("{round} {nth} {}", "words ".repeat(2_500)).trim().to_owned();
            let answer = forum.post(
                "bob",
                &format!("/item/{story}/reply"),
                &format!("text={}", text.replace(' ', "+")),
            );
            match answer.status {
                303 => acknowledged.extend(answer.comment()),
                503 => refused.push(text),
                _ => panic!("{fault}: {}", answer.text),
            }
            let read = forum.get(&format!("/comments?before={}", 1_000 + nth)).status;
            assert!(read == 200 || (fault.contains("read") && read == 503), "{fault}: {read}");
        }
        forum.works();
        for (name, path, form) in
            deeds(story, 2 * round, "saved").into_iter().chain(deeds(story, 2 * round + 1, "saved"))
        {
            let answer = forum.post(name, &path, &form);
            assert_eq!(answer.status, 303, "after {fault}: {path}: {}", answer.text);
            acknowledged.extend(answer.comment());
        }
        assert_eq!(forum.get("/healthz").status, 200, "after {fault}");
        assert_eq!(forum.get(&format!("/item/{story}")).status, 200, "after {fault}");
        forum.killed_and_started();
        compare(&forum, story, &acknowledged, &refused).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forum_whose_disk_fails_stops_when_it_is_told() {
    let (mut forum, story) = Forum::new().await;
    let acknowledged =
        forum.post("alice", &format!("/item/{story}/reply"), "text=words").comment().expect("a comment");
    forum.fails("28 write truncate sync");
    assert_eq!(forum.post("alice", &format!("/item/{story}/vote"), "dir=up").status, 503);
    let told =
        Command::new("kill").args(["-TERM", &forum.process.id().to_string()]).status().expect("a command");
    assert!(told.success());
    let began = tokio::time::Instant::now();
    let code = forum.process.wait().expect("ended");
    assert!(code.success() && began.elapsed() < Duration::from_secs(30), "{code}");
    forum.works();
    forum.process = start(forum.dir.path(), forum.port);
    assert_eq!(forum.post("alice", &format!("/item/{story}/vote"), "dir=up").status, 303);
    compare(&forum, story, &[acknowledged], &[]).await;
}
