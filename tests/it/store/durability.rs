//! Nothing that was acknowledged is lost, however the process ends.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stoa::clock::Timestamp;
use stoa::database_address::DatabaseAddress;
use stoa::domain::accounts::user::{Name, Role, UserId};
use stoa::domain::items::item::ItemId;
use stoa::store::{NewSession, NewStory, NewUser, Store, Submission, Verified};

use crate::support::database::new_database;

pub const WRITERS: usize = 6;
pub const KILLS: usize = 5;
pub const BEGAN: Timestamp = Timestamp(1_700_000_000);
const NEVER: Timestamp = Timestamp(4_000_000_000);

fn token(nth: usize) -> String {
    format!("a-token-of-writer-{nth}")
}

/// People who are logged in, the last of whom has written stories.
pub async fn prepare(store: &Store, stories: usize) -> (Vec<ItemId>, Vec<UserId>) {
    let mut people = Vec::new();
    for nth in 0..=WRITERS {
        let name = Name::parse(&format!("writer{nth}")).expect("a name");
        let new = NewUser { name: &name, password: "no hash", role: Role::Member, ip_hashes: None };
        let user = store.create_user(new, BEGAN).await.expect("an account");
        let token_hash = <sha2::Sha256 as sha2::Digest>::digest(token(nth).as_bytes()).to_vec();
        let session = NewSession {
            token_hash: &token_hash,
            user,
            verified: Verified::Password("no hash"),
            agent: "",
            expires_at: NEVER,
        };
        store.create_session(session, BEGAN).await.expect("a session");
        people.push(user);
    }
    let mut ids = Vec::new();
    for nth in 0..stories {
        let story = NewStory {
            author: people[WRITERS],
            title: &format!("A story {nth}"),
            url: None,
            section: None,
            text: "So.",
            ip_hashes: None,
            stopped: None,
        };
        let policy = stoa::domain::limits::policy::Policy::default();
        let Submission::New(id) = store.submit(story, &policy, BEGAN).await.expect("submitted") else {
            panic!("a new story")
        };
        ids.push(id);
    }
    (ids, people)
}

fn serve(folder: &Path, database: &DatabaseAddress, port: u16) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .args([
            "serve",
            "--limits",
            "off",
            "--log-filter",
            "error",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--database",
        ])
        .arg(database.as_given())
        .current_dir(folder)
        // Nobody here has karma.
        .env("STOA_MIN_KARMA_TO_FLAG", "0")
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    for _ in 0..1_000 {
        // It listens before it can answer.
        if TcpStream::connect(("127.0.0.1", port)).is_ok_and(|mut stream| {
            let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
            asked.is_ok() && stream.read(&mut [0; 64]).is_ok_and(|read| read > 0)
        }) {
            return child;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().and_then(|()| child.wait()).expect("ended");
    panic!("the forum does not start");
}

/// One comment; its id once it is acknowledged, none where the process is gone.
pub fn comment(stream: &mut TcpStream, writer: usize, story: ItemId, nth: usize) -> Option<i64> {
    let head = post_comment(stream, writer, story, nth)?;
    let to = head
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .unwrap_or_else(|| panic!("done: {head}"));
    to.rsplit_once("#c")?.1.trim().parse().ok()
}

fn post_comment(stream: &mut TcpStream, writer: usize, story: ItemId, nth: usize) -> Option<String> {
    post(stream, writer, &format!("/item/{story}/reply"), &format!("text=comment+{nth}+of+{writer}"))
}

/// The head of the answer to a form; none where the connection ended without one.
pub fn post(stream: &mut TcpStream, writer: usize, path: &str, form: &str) -> Option<String> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: session={}\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        token(writer),
        form.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut head = Vec::new();
    let mut buffer = [0; 4_096];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        head.extend_from_slice(&buffer[..read]);
    }
    Some(String::from_utf8(head).expect("ASCII"))
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port()
}

/// Runs the writers until disconnected and kills the process later each time, after acknowledged writes.
/// Returns each writer's result.
pub fn work_until_killed<T: Send>(
    (folder, database): (&Path, &DatabaseAddress),
    (port, kill): (u16, usize),
    work: impl Fn(usize, TcpStream, &AtomicUsize) -> T + Sync,
) -> Vec<T> {
    let mut process = serve(folder, database, port);
    let acknowledged = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (work, acknowledged) = (&work, &acknowledged);
                let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
                scope.spawn(move || work(writer, stream, acknowledged))
            })
            .collect();
        // Every writer is at work, however slow the machine is.
        for _ in 0..10_000 {
            if acknowledged.load(Ordering::Relaxed) >= 2 * WRITERS {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(90 * kill as u64));
        // The kill that no process can catch.
        process.kill().expect("killed");
        process.wait().expect("ended");
        assert!(acknowledged.load(Ordering::Relaxed) >= 2 * WRITERS, "the kill came in the middle of load");
        writers.into_iter().map(|writer| writer.join().expect("done")).collect()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_was_acknowledged_outlives_a_killed_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let database = new_database(dir.path()).await;
    let store = Store::open(&database).await.expect("a database");
    let story = prepare(&store, 1).await.0[0];
    store.close().await;
    let port = free_port();
    let mut acknowledged = Vec::new();
    for kill in 0..KILLS {
        let written =
            work_until_killed((dir.path(), &database), (port, kill), |writer, mut stream, acknowledged| {
                let comments =
                    (0..).map_while(|nth| comment(&mut stream, writer, story, kill * 100_000 + nth));
                let noted = comments.inspect(|_| {
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                });
                noted.collect::<Vec<_>>()
            });
        acknowledged.extend(written.into_iter().flatten());
    }
    let store = Store::open(&database).await.expect("a whole database");
    let thread = store.thread(story).await.expect("the thread");
    for id in &acknowledged {
        assert!(
            thread.iter().any(|item| item.id == ItemId(*id)),
            "comment {id} was acknowledged and is lost"
        );
    }
    let head = thread.iter().find(|item| item.id == story).expect("the story");
    assert_eq!(head.descendants, i64::try_from(thread.len()).expect("few") - 1, "nothing is half written");
}

/// A member's votes as acknowledged: the stories, and the one vote without a response.
#[derive(Debug, Clone, Default)]
struct Told {
    up: HashSet<ItemId>,
    unanswered: Option<ItemId>,
}

/// Votes for one story after the other, and takes each vote back when its turn comes again.
fn vote_on(
    stories: &[ItemId],
    writer: usize,
    mut stream: TcpStream,
    mut told: Told,
    done: &AtomicUsize,
) -> Told {
    for story in stories.iter().cycle().skip(writer) {
        let dir = if told.up.contains(story) { "none" } else { "up" };
        let Some(head) =
            post(&mut stream, writer, &format!("/item/{story}/vote"), &format!("dir={dir}&goto=/"))
        else {
            told.unanswered = Some(*story);
            break;
        };
        assert!(head.contains(&format!("location: /#i{story}\r\n")), "{head}");
        if !told.up.remove(story) {
            told.up.insert(*story);
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_was_acknowledged_outlives_a_killed_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let database = new_database(dir.path()).await;
    let store = Store::open(&database).await.expect("a database");
    let (stories, people) = prepare(&store, 5).await;
    store.close().await;
    let port = free_port();
    let mut told = vec![Told::default(); WRITERS];
    for kill in 0..KILLS {
        told = work_until_killed((dir.path(), &database), (port, kill), |writer, stream, done| {
            vote_on(&stories, writer, stream, told[writer].clone(), done)
        });
        let store = Store::open(&database).await.expect("a whole database");
        let mut karma = 1;
        for story in &stories {
            let mut points = 0;
            for (told, user) in told.iter_mut().zip(&people) {
                let stands = store.vote_of(*user, *story).await.expect("a vote").is_some();
                points += i64::from(stands);
                if told.unanswered == Some(*story) {
                    // It came to be or it did not, and now they see which.
                    told.unanswered = None;
                    if stands {
                        told.up.insert(*story)
                    } else {
                        told.up.remove(story)
                    };
                }
                assert_eq!(
                    stands,
                    told.up.contains(story),
                    "kill {kill}: {user:?} on {story} was told otherwise"
                );
            }
            let item = store.item(*story).await.expect("the story");
            assert_eq!((item.score, item.ups, item.downs), (1 + points, points, 0), "kill {kill}: {story}");
            karma += points;
        }
        let author = store.profile(&format!("writer{WRITERS}")).await.expect("the author");
        assert_eq!(author.karma, karma, "kill {kill}");
        store.close().await;
    }
}

/// Comments until the server closes, over one connection or one per comment; returns the ids and whether a
/// new connection was closed without a response.
fn write_until_goodbye(port: u16, writer: usize, story: ItemId, from: usize) -> (Vec<i64>, bool) {
    let mut ids = Vec::new();
    let mut stream = None;
    for nth in from.. {
        let keeps = writer.is_multiple_of(2);
        let is_new = stream.is_none();
        let Some(mut open) = stream.take().or_else(|| TcpStream::connect(("127.0.0.1", port)).ok()) else {
            break;
        };
        let Some(head) = post_comment(&mut open, writer, story, nth) else {
            assert!(is_new, "a request on a connection that was kept open got no answer");
            return (ids, true);
        };
        let id = head
            .lines()
            .find_map(|line| line.strip_prefix("location: ")?.rsplit_once("#c")?.1.trim().parse().ok());
        ids.push(id.unwrap_or_else(|| panic!("done: {head}")));
        stream = (keeps && !head.contains("connection: close")).then_some(open);
    }
    (ids, false)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forum_told_to_stop_under_load_answers_everybody_it_let_in() {
    let dir = tempfile::tempdir().expect("a directory");
    let database = new_database(dir.path()).await;
    let store = Store::open(&database).await.expect("a database");
    let story = prepare(&store, 1).await.0[0];
    store.close().await;
    let port = free_port();
    let mut acknowledged = Vec::new();
    for round in 0..2 {
        let mut process = serve(dir.path(), &database, port);
        let idle = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                std::thread::spawn(move || write_until_goodbye(port, writer, story, round * 1_000_000))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(250));
        let told =
            Command::new("kill").args(["-TERM", &process.id().to_string()]).status().expect("a command");
        assert!(told.success());
        let began = tokio::time::Instant::now();
        let code = process.wait().expect("ended");
        assert!(code.success(), "{code}");
        assert!(began.elapsed() < Duration::from_secs(10), "whoever asks nothing is not waited for");
        drop(idle);
        let mut unanswered = 0;
        for writer in writers {
            let (ids, was_reset) = writer.join().expect("done");
            unanswered += usize::from(was_reset);
            acknowledged.extend(ids);
        }
        // The system resets a connection that arrives between the last look for one and the closing.
        assert!(unanswered <= 1, "{unanswered} requests were let in and got no answer");
    }
    assert!(acknowledged.len() > 2 * WRITERS);
    let store = Store::open(&database).await.expect("a whole database");
    let thread = store.thread(story).await.expect("the thread");
    let kept: HashSet<i64> = thread.iter().map(|item| item.id.0).collect();
    assert!(acknowledged.iter().all(|id| kept.contains(id)), "what was acknowledged is there");
    assert_eq!(kept.len(), acknowledged.len() + 1, "and nothing else");
}
