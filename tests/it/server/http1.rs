//! HTTP/1.1 over real connections: slow clients are disconnected, and responses in flight survive a shutdown.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use stoa::config::ServerSettings;
use stoa::fetch::Fetcher;
use stoa::server::ServerHandle;
use stoa::timeouts::Timeouts;
use stoa::web::{self, App};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use crate::support::app::{Browser, TestApp};
use crate::support::database::TestConnection;

/// Everything is waited for this long, but for what a test is about.
pub const LONG: Duration = Duration::from_secs(30);
pub const SHORT: Duration = Duration::from_millis(150);
pub const PATIENT: Timeouts = Timeouts {
    head: LONG,
    body: LONG,
    answer: LONG,
    reader: LONG,
    idle: LONG,
    idle_proxy: LONG,
    drain: Duration::from_millis(300),
    handshake: Duration::from_millis(20),
    grace: LONG,
};

pub struct Forum {
    address: SocketAddr,
    pub running: ServerHandle,
}

impl Forum {
    fn start(router: Router, config: &ServerSettings, timeouts: Timeouts) -> Forum {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let running = ServerHandle::new(timeouts);
        let (server, config) = (running.clone(), config.clone());
        tokio::spawn(async move { server.serve(router, listener, &config).await.expect("served") });
        Forum { address, running }
    }

    pub fn of(app: &TestApp, timeouts: Timeouts) -> Forum {
        let (config, clock) = (app.config.clone(), app.app.clock.clone());
        let fetcher = Fetcher::new("Stoa/test").expect("a client");
        let patient = App::with_timeouts(config.clone(), app.store.clone(), clock, fetcher, timeouts);
        Forum::start(web::router(patient).expect("a router"), &config.server, timeouts)
    }

    /// The forum's own router.
    pub fn serving(app: &TestApp, timeouts: Timeouts) -> Forum {
        Forum::start(web::router(app.app.clone()).expect("a router"), &app.config.server, timeouts)
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// A connection that takes little at a time.
    pub async fn connect_narrow(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(32 * 1_024).expect("set");
        socket.connect(self.address).await.expect("a connection")
    }

    /// A connection from another address of this machine.
    async fn connect_from(&self, last: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).expect("an address of this machine");
        socket.connect(self.address).await.expect("a connection")
    }

    async fn ask(&self, request: &str) -> (String, String) {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        let (head, body) = answer(&mut stream).await.expect("an answer");
        (head, String::from_utf8(body).expect("text"))
    }

    pub async fn all_gone(&self) {
        while self.running.connections() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

const ASK: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";

/// Everything until the other side closes; a reset is an end like any other.
pub async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut all)).await.expect("closed in time");
    String::from_utf8_lossy(&all).into_owned()
}

/// One answer of an open connection: its head and its body.
pub async fn answer(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let end = loop {
        if let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut all).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(all[..end].to_vec()).expect("ASCII");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |n| n.parse().expect("n"));
    while all.len() < end + length {
        assert!(
            stream.read_buf(&mut all).await.expect("the whole answer") > 0,
            "the answer is cut off: {head}"
        );
    }
    Some((head, all[end..].to_vec()))
}

/// How long `stream` is left open.
async fn lasts(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    rest(stream).await;
    began.elapsed()
}

#[tokio::test]
async fn who_sends_a_head_slowly_is_let_go() {
    let app = TestApp::new().await;
    let forum = Forum::of(&app, Timeouts { head: SHORT, ..PATIENT });
    let mut silent = forum.connect().await;
    assert!(lasts(&mut silent).await < LONG / 2, "nothing is sent");
    let mut slow = forum.connect().await;
    slow.write_all(ASK).await.expect("sent");
    assert!(answer(&mut slow).await.is_some(), "the first request is quick");
    let dripping = async {
        for byte in ASK {
            sleep(Duration::from_millis(20)).await;
            if slow.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        rest(&mut slow).await
    };
    assert_eq!(timeout(LONG / 2, dripping).await.expect("let go"), "", "the second drips in");
    forum.all_gone().await;
}

#[tokio::test]
async fn who_asks_nothing_more_is_let_go_and_a_proxy_later() {
    let app =
        TestApp::with(|settings| settings.trusted_proxies = Some("127.0.0.1".parse().expect("a net"))).await;
    let of_proxy = Forum::of(&app, Timeouts { idle: SHORT, idle_proxy: SHORT * 8, ..PATIENT });
    let other = TestApp::new().await;
    let of_stranger = Forum::of(&other, Timeouts { idle: SHORT, ..PATIENT });
    let (mut proxy, mut stranger) = (of_proxy.connect().await, of_stranger.connect().await);
    for stream in [&mut proxy, &mut stranger] {
        for _ in 0..3 {
            stream.write_all(ASK).await.expect("sent");
            assert!(answer(stream).await.expect("an answer").0.starts_with("HTTP/1.1 200"));
            sleep(SHORT / 2).await;
        }
    }
    let (proxy, stranger) = tokio::join!(lasts(&mut proxy), lasts(&mut stranger));
    assert!(stranger < SHORT * 3 && proxy > SHORT * 4 && proxy < LONG / 2, "{stranger:?}, {proxy:?}");
}

#[tokio::test]
async fn who_sends_a_body_slowly_is_told_so_and_let_go() {
    let app = TestApp::new().await;
    let forum = Forum::of(&app, Timeouts { body: SHORT, ..PATIENT });
    let mut slow = forum.connect().await;
    let head = "POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\nsec-fetch-site: same-origin\r\n\
                content-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\nname=";
    slow.write_all(head.as_bytes()).await.expect("sent");
    let (head, body) = timeout(LONG / 2, answer(&mut slow)).await.expect("in time").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 4"), "{head}");
    assert!(String::from_utf8_lossy(&body).contains("<!DOCTYPE html>"), "with a page");
    drop(slow);
    forum.all_gone().await;
}

#[tokio::test]
async fn who_does_not_read_is_let_go() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.text_story("A long story", "It goes on.").await;
    app.sql(&format!("update items set text = '{}'", "0".repeat(250_000))).await;
    let forum = Forum::of(&app, Timeouts { reader: SHORT * 2, ..PATIENT });
    let ask = format!("GET /item/{story} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    let mut sleeper = forum.connect_narrow().await;
    sleeper.write_all(ask.as_bytes()).await.expect("sent");
    timeout(LONG / 2, forum.all_gone()).await.expect("let go while it sleeps");
    // Somebody on a slow line is no sleeper: they go on taking.
    let mut slow = forum.connect_narrow().await;
    slow.write_all(ask.as_bytes()).await.expect("sent");
    let (began, mut taken, mut part) = (Instant::now(), 0, vec![0; 64 * 1024]);
    while taken < 250_000 {
        let read = slow.read(&mut part).await.expect("open");
        assert!(read > 0, "it is let go after {taken} bytes, {:?}", began.elapsed());
        taken += read;
        sleep(Duration::from_micros(read as u64 * 5)).await;
    }
    assert!(began.elapsed() > SHORT * 4, "that took long: {:?}", began.elapsed());
}

#[tokio::test]
async fn past_the_last_place_the_next_waits_and_nobody_takes_them_all() {
    let app = TestApp::with(|settings| settings.max_connections = Some(4)).await;
    let forum = Forum::of(&app, PATIENT);
    let mut inside = Vec::new();
    for _ in 0..4 {
        let mut stream = forum.connect().await;
        stream.write_all(ASK).await.expect("sent");
        assert!(answer(&mut stream).await.is_some());
        inside.push(stream);
    }
    let mut next = forum.connect().await;
    next.write_all(ASK).await.expect("sent");
    assert!(timeout(SHORT, answer(&mut next)).await.is_err(), "there is no place");
    inside.pop();
    assert!(timeout(LONG / 2, answer(&mut next)).await.expect("a place is free").is_some());

    let app = TestApp::with(|settings| {
        settings.max_connections = Some(8);
        settings.limits = Some(true);
    })
    .await;
    let forum = Forum::of(&app, PATIENT);
    let mut served = 0;
    let mut open = Vec::new();
    for _ in 0..6 {
        let mut stream = forum.connect().await;
        let _ = stream.write_all(ASK).await;
        served += usize::from(answer(&mut stream).await.is_some());
        open.push(stream);
    }
    assert_eq!(served, 2, "a quarter for one address");
}

#[tokio::test]
async fn past_the_last_request_at_once_the_next_is_told_to_come_back() {
    let app = TestApp::with(|settings| settings.max_concurrent_requests = Some(16)).await;
    let alice = app.member("alice").await;
    let forum = Forum::of(&app, PATIENT);
    let front = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    forum.ask(front).await;
    let held = hold_writes(&app).await;
    let mut writing = Vec::new();
    for _ in 0..14 {
        writing.push(save(&forum, &alice, "127.0.0.1").await);
    }
    sleep(SHORT).await;
    let (head, page) = forum.ask("GET /user/alice HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 2\r\n"), "{head}");
    assert!(page.contains("<!DOCTYPE html>") && page.contains("very busy right now"), "{page}");
    assert!(forum.ask(front).await.0.starts_with("HTTP/1.1 200"), "what is kept costs no place");
    let typed = forum.ask(&theme(0)).await.0;
    assert!(typed.starts_with("HTTP/1.1 303"), "a place is left for those who send something: {typed}");
    drop(held);
    for mut stream in writing {
        answer(&mut stream).await.expect("an answer");
    }
    let (head, _) = forum.ask("GET /user/alice HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "the places are free again: {head}");
}

#[tokio::test]
async fn whoever_sends_slowly_keeps_nobody_out() {
    let app = TestApp::with(|settings| settings.max_concurrent_requests = Some(16)).await;
    app.member("alice").await;
    let forum = Forum::of(&app, PATIENT);
    let mut slow = Vec::new();
    for _ in 0..32 {
        let mut stream = forum.connect().await;
        stream.write_all(theme(100).as_bytes()).await.expect("sent");
        slow.push(stream);
    }
    sleep(SHORT).await;
    let (head, _) = forum.ask("GET /user/alice HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let typed = forum.ask(&theme(0)).await.0;
    assert!(typed.starts_with("HTTP/1.1 303"), "{typed}");
    let mut one = slow.swap_remove(7);
    one.write_all(&[b' '; 100]).await.expect("sent");
    let (head, _) = answer(&mut one).await.expect("an answer");
    assert!(head.starts_with("HTTP/1.1 303"), "what comes at last is taken: {head}");
}

#[tokio::test]
async fn addresses_that_take_all_places_and_ask_nothing_keep_nobody_out() {
    let app = TestApp::with(|settings| {
        settings.max_connections = Some(8);
        settings.limits = Some(true);
    })
    .await;
    let forum = Forum::of(&app, PATIENT);
    let mut taken = Vec::new();
    for last in [2, 2, 3, 3, 4, 4, 5, 5] {
        let mut stream = forum.connect_from(last).await;
        // Half of them have nothing to ask, the others a form that never comes.
        if last > 3 {
            stream.write_all(theme(1).as_bytes()).await.expect("sent");
        }
        taken.push(stream);
    }
    for last in 6..12 {
        let mut reader = forum.connect_from(last).await;
        reader.write_all(ASK).await.expect("sent");
        let answered = timeout(LONG / 2, answer(&mut reader)).await.expect("there is a place");
        let (head, _) = answered.unwrap_or_else(|| panic!("{last} is let go without an answer"));
        assert!(head.starts_with("HTTP/1.1 200"), "{last}: {head}");
    }
}

#[tokio::test]
async fn one_address_has_a_quarter_of_the_places_at_most() {
    let app = TestApp::with(|settings| {
        settings.max_concurrent_requests = Some(16);
        settings.limits = Some(true);
        settings.trusted_proxies = Some("127.0.0.1".parse().expect("a net"));
    });
    let app = app.await;
    let alice = app.member("alice").await;
    let forum = Forum::of(&app, PATIENT);
    let held = hold_writes(&app).await;
    let mut writing = Vec::new();
    for _ in 0..4 {
        writing.push(save(&forum, &alice, "198.51.100.1").await);
    }
    sleep(SHORT).await;
    let ask = async |from: &str| {
        let ask = format!("GET /user/alice HTTP/1.1\r\nhost: 127.0.0.1\r\nx-forwarded-for: {from}\r\n\r\n");
        forum.ask(&ask).await.0
    };
    let refused = ask("198.51.100.1").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 2\r\n"), "{refused}");
    for other in ["198.51.100.2", "2001:db8::1"] {
        let answered = ask(other).await;
        assert!(answered.starts_with("HTTP/1.1 200"), "{other}: {answered}");
    }
    drop(held);
    for mut stream in writing {
        answer(&mut stream).await.expect("an answer");
    }
    let answered = ask("198.51.100.1").await;
    assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
}

/// Keeps the forum from writing, so that who writes waits, until it is dropped.
pub async fn hold_writes(app: &TestApp) -> TestConnection {
    let mut held = app.connection().await;
    held.hold_writes().await;
    held
}

/// Sends what has to be written, from an address as a proxy names it.
async fn save(forum: &Forum, alice: &Browser, from: &str) -> TcpStream {
    let cookie = alice.cookies.get("session").expect("a session");
    let form = "about=words&theme=dark&order=best";
    let ask = format!(
        "POST /settings HTTP/1.1\r\nhost: 127.0.0.1\r\nsec-fetch-site: same-origin\r\nx-forwarded-for: \
         {from}\r\n\
         cookie: session={cookie}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: \
         {}\r\n\r\n{form}",
        form.len()
    );
    let mut stream = forum.connect().await;
    stream.write_all(ask.as_bytes()).await.expect("sent");
    stream
}

/// A small form, of which so many bytes are still to come.
fn theme(to_come: usize) -> String {
    let form = "theme=dark&goto=/";
    let length = form.len() + to_come;
    format!(
        "POST /theme HTTP/1.1\r\nhost: 127.0.0.1\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
    )
}
