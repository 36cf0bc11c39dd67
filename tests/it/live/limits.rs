//! How many streams there are, and that they are in nobody's way.

use std::time::Duration;

use stoa::timeouts::Timeouts;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::live::{LONG, Listener, forum};
use crate::server::http1::{Forum, PATIENT, SHORT, rest};
use crate::support::app::TestApp;

#[tokio::test]
async fn past_the_last_stream_the_next_is_told_to_come_back() {
    let app = TestApp::with(|settings| settings.max_event_streams = Some(2)).await;
    app.member("alice").await.text_story("A story", "Words.").await;
    let mut visitor = app.visitor();
    let open = Listener::open(&mut visitor, "/events?list=new").await;
    let _other = Listener::open(&mut visitor, "/events?list=new").await;
    let refused = visitor.get("/events?list=new").await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), "60");
    assert!(visitor.get("/").await.status.is_success(), "pages are shown as ever");
    drop(open);
    Listener::open(&mut visitor, "/events?list=new").await;
}

#[tokio::test]
async fn one_address_has_a_quarter_of_the_streams_at_most() {
    let app = TestApp::with(|settings| {
        settings.max_event_streams = Some(8);
        settings.limits = Some(true);
        settings.trusted_proxies = Some("127.0.0.1".parse().expect("a net"));
    })
    .await;
    let ask = async |from: &str| {
        let method = axum::http::Method::GET;
        app.visitor().ask(method, "/events?list=new", &[("x-forwarded-for", from)], None).await
    };
    let open = [ask("198.51.100.1").await, ask("198.51.100.1").await];
    assert!(open.iter().all(|answer| answer.status() == 200));
    assert_eq!(ask("198.51.100.1").await.status(), 503);
    assert_eq!(ask("198.51.100.2").await.status(), 200);
}

/// Sends a request for a stream and takes its head.
async fn listen(forum: &Forum, path: &str) -> (TcpStream, String) {
    let mut stream = forum.connect().await;
    let ask = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.expect("sent");
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.expect("a head") > 0, "closed without an answer");
    }
    (stream, String::from_utf8(head).expect("UTF-8"))
}

#[tokio::test]
async fn streams_take_no_place_of_a_connection_and_outlast_its_timeouts() {
    let app = TestApp::with(|settings| settings.max_connections = Some(4)).await;
    app.member("alice").await.text_story("A story", "Words.").await;
    let timeouts = Timeouts { idle: SHORT, answer: SHORT * 4, reader: SHORT, head: SHORT * 4, ..PATIENT };
    let forum = Forum::of(&app, timeouts);
    let mut open = Vec::new();
    for _ in 0..12 {
        let (stream, head) = listen(&forum, "/events?list=new").await;
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("connection: close\r\n"), "{head}");
        open.push(stream);
    }
    sleep(SHORT * 8).await;
    for stream in &mut open {
        let mut more = [0; 1_024];
        // What has come is the beginning of the stream, and not its end.
        while let Ok(read) = timeout(Duration::from_millis(20), stream.read(&mut more)).await {
            assert!(read.expect("open") > 0, "it was closed");
        }
    }
    let (_, head) = listen(&forum, "/").await;
    assert!(head.starts_with("HTTP/1.1 200"), "there is a place for a reader: {head}");
}

#[tokio::test]
async fn a_stop_ends_all_streams_at_once() {
    let app = forum().await;
    app.member("alice").await.text_story("A story", "Words.").await;
    let forum = Forum::serving(&app, PATIENT);
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(listen(&forum, "/events?list=new").await.0);
    }
    let began = Instant::now();
    app.app.streams.stop();
    forum.running.stop().await;
    for mut stream in open {
        rest(&mut stream).await;
    }
    timeout(LONG, forum.all_gone()).await.expect("nothing is left");
    assert!(began.elapsed() < LONG / 4, "that took {:?}", began.elapsed());
    assert_eq!(app.visitor().get("/events?list=new").await.status, 503, "no other begins");
}
