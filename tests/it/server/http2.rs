//! HTTP/2 as a proxy may use it: many streams per connection, some of them never read.

use std::time::Duration;

use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use stoa::timeouts::Timeouts;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::server::http1::{Forum, LONG, PATIENT, SHORT};
use crate::support::app::TestApp;

const READER: Duration = Duration::from_millis(600);

/// One connection, and the task that ends with it.
pub struct Client {
    send: SendRequest<Bytes>,
    ended: JoinHandle<()>,
}

impl Client {
    /// Somebody who takes no more than `window` of each answer before they say so.
    pub async fn connect(forum: &Forum, window: u32) -> Client {
        let stream = forum.connect().await;
        let builder = h2::client::Builder::new().initial_window_size(window).handshake(stream).await;
        let (send, connection) = builder.expect("greeted");
        let ended = tokio::spawn(async move { drop(connection.await) });
        Client { send, ended }
    }

    /// Asks for a page, and takes its head.
    pub async fn get(&mut self, path: &str) -> Option<RecvStream> {
        let request = Request::builder().uri(format!("http://127.0.0.1{path}")).body(()).expect("a request");
        let mut send = self.send.clone().ready().await.ok()?;
        let answer = send.send_request(request, true).ok()?.0.await.ok()?;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        Some(answer.into_body())
    }

    /// Asks for something else now and then, as who wants to seem awake; how long the connection lets them.
    async fn stay_awake(&mut self) {
        while let Some(answer) = self.get("/healthz").await {
            // Not read either: it is reset.
            drop(answer);
            sleep(SHORT / 3).await;
        }
    }
}

/// All of an answer, so many bytes at a time; none where it was cut off.
pub async fn read(mut answer: RecvStream, pause: Duration) -> Option<usize> {
    let mut taken = 0;
    while let Some(data) = answer.data().await {
        taken += data.as_ref().ok()?.len();
        sleep(pause).await;
        answer.flow_control().release_capacity(data.ok()?.len()).ok()?;
    }
    Some(taken)
}

/// A forum with a story of 300,000 bytes and more.
async fn forum(trusted: bool) -> (TestApp, String) {
    let app = TestApp::with(|settings| {
        settings.trusted_proxies = trusted.then(|| "127.0.0.1".parse().expect("a net"));
    })
    .await;
    let story = app.member("alice").await.text_story("A long story", "It goes on.").await;
    app.sql(&format!("update items set text = '{}'", "0".repeat(250_000))).await;
    (app, format!("/item/{story}"))
}

#[tokio::test]
async fn who_leaves_answers_lying_is_let_go_whatever_else_they_ask() {
    let (app, path) = forum(false).await;
    let forum = Forum::of(&app, Timeouts { reader: READER, ..PATIENT });
    // With the second of these, the beginning of an answer is taken off the page before it stands still.
    for window in [0, 1, 10_000] {
        let mut sleeper = Client::connect(&forum, window).await;
        let mut lying = Vec::new();
        for _ in 0..20 {
            lying.push(sleeper.get(&path).await.expect("a head"));
        }
        timeout(LONG / 2, sleeper.stay_awake()).await.expect("let go");
        timeout(LONG / 2, forum.all_gone()).await.expect("and gone");
        sleeper.ended.await.expect("ended");
    }
}

#[tokio::test]
async fn one_answer_left_lying_ends_a_reader_s_connection_and_not_a_proxy_s() {
    for trusted in [false, true] {
        let (app, path) = forum(trusted).await;
        let forum = Forum::of(&app, Timeouts { reader: READER, ..PATIENT });
        let mut client = Client::connect(&forum, 60_000).await;
        let lying = client.get(&path).await.expect("a head");
        let mut served = 0;
        for _ in 0..12 {
            let Some(answer) = client.get("/").await else { break };
            if read(answer, SHORT).await.is_none() {
                break;
            }
            served += 1;
        }
        assert_eq!(served == 12, trusted, "{served}");
        // Where nobody takes anything any more, a proxy's ends as well.
        timeout(LONG / 2, forum.all_gone()).await.expect("gone");
        drop(lying);
    }
}

#[tokio::test]
async fn who_takes_an_answer_slowly_gets_all_of_it() {
    let (app, path) = forum(false).await;
    // Nor is their connection idle meanwhile.
    let forum = Forum::of(&app, Timeouts { reader: READER, idle: READER, ..PATIENT });
    let mut slow = Client::connect(&forum, 8 * 1_024).await;
    let answer = slow.get(&path).await.expect("a head");
    let began = tokio::time::Instant::now();
    let taken = read(answer, Duration::from_millis(40)).await.expect("the whole answer");
    assert!(taken > 250_000, "{taken}");
    assert!(began.elapsed() > READER * 2, "that took long: {:?}", began.elapsed());
}

#[tokio::test]
async fn a_forum_that_stops_answers_what_was_asked_over_http_2() {
    let (app, path) = forum(false).await;
    let forum = Forum::of(&app, Timeouts { reader: READER, ..PATIENT });
    let mut client = Client::connect(&forum, 8 * 1_024).await;
    let reading = client.get(&path).await.expect("a head");
    let request = Request::builder()
        .method(Method::POST)
        .uri("http://127.0.0.1/theme")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(())
        .expect("a request");
    let (answer, mut body) = client.send.send_request(request, false).expect("sent");
    body.send_data("theme=dark&".into(), false).expect("sent");
    sleep(SHORT).await;
    let mut sleeper = Client::connect(&forum, 0).await;
    let lying = sleeper.get(&path).await.expect("a head");
    forum.running.stop().await;
    body.send_data("goto=/".into(), true).expect("sent");
    let answer = timeout(LONG / 2, answer).await.expect("in time").expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(read(reading, Duration::from_millis(1)).await.expect("the whole answer") > 250_000);
    timeout(LONG / 2, forum.all_gone())
        .await
        .expect("a sleeper is not waited for as long as others may take");
    assert!(client.get("/").await.is_none(), "nothing more is taken in");
    drop(lying);
}
