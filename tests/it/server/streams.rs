//! Event streams on connections of either protocol.

use std::time::Duration;

use stoa::jobs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::server::http1::{Forum, LONG, PATIENT, answer};
use crate::server::http2::{Client, read};
use crate::support::app::TestApp;

/// More than the system keeps for a slow reader.
const PAGES: usize = 20;

const ASK: &[u8] = b"GET /events?list=new HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";

#[tokio::test]
async fn pages_that_were_asked_for_before_a_stream_on_one_connection_arrive_whole() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.text_story("A long story", "It goes on.").await;
    app.sql(&format!("update items set text = '{}'", "0".repeat(250_000))).await;
    let forum = Forum::of(&app, PATIENT);
    let mut reader = forum.connect_narrow().await;
    let page = format!("GET /item/{story} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    reader.write_all(&[page.repeat(PAGES).as_bytes(), ASK].concat()).await.expect("sent");
    let (mut all, mut part) = (Vec::new(), [0; 16 * 1_024]);
    while !all.ends_with(b"\n\n") {
        let more = timeout(LONG, reader.read(&mut part)).await.expect("in time").expect("open");
        assert!(more > 0, "it ended after {} bytes", all.len());
        all.extend_from_slice(&part[..more]);
        // Meanwhile nothing more fits between the two.
        sleep(Duration::from_millis(1)).await;
    }
    let all = String::from_utf8(all).expect("text");
    assert_eq!(all.matches("</html>").count(), PAGES, "of {} bytes", all.len());
    let (_, stream) = all.rsplit_once("</html>").expect("pages");
    assert!(stream.contains("\r\ncontent-type: text/event-stream\r\n"), "{stream}");
}

#[tokio::test]
async fn a_stream_ends_with_its_reader_or_when_they_ask_for_something_else() {
    let app = TestApp::new().await;
    let forum = Forum::of(&app, PATIENT);
    for asks_more in [false, true] {
        let mut reader = forum.connect().await;
        reader.write_all(ASK).await.expect("sent");
        answer(&mut reader).await.expect("a stream");
        assert_eq!(forum.running.connections(), 1, "it goes on");
        if asks_more {
            reader.write_all(ASK).await.expect("taken");
        } else {
            drop(reader);
        }
        timeout(LONG / 4, forum.all_gone()).await.expect("it ended");
    }
}

#[tokio::test]
async fn over_http_2_pages_are_read_beside_a_stream_on_one_connection() {
    let app = TestApp::new().await;
    jobs::start(&app.app);
    let mut alice = app.member("alice").await;
    let forum = Forum::serving(&app, PATIENT);
    let mut client = Client::connect(&forum, 60_000).await;
    let mut stream = client.get("/events?list=new").await.expect("a stream");
    let page = client.get("/guidelines").await.expect("a page");
    assert!(read(page, Duration::ZERO).await.expect("whole") > 1_000);
    let story = alice.text_story("What is new", "Words.").await;
    let mut told = String::new();
    while !told.contains(&format!("event: stories\nid: {}\ndata: {story}\n", app.now().0)) {
        let data = timeout(LONG, stream.data()).await.expect("in time").expect("it goes on").expect("whole");
        told.push_str(std::str::from_utf8(&data).expect("text"));
    }
    app.app.streams.stop();
    timeout(LONG / 4, async { while stream.data().await.is_some() {} }).await.expect("a stop ends it");
}
