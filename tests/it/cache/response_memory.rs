//! The memory budget for responses to slow readers, and that idle cached pages use none of it.

use std::future::poll_fn;
use std::pin::Pin;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use http_body::Body;
use stoa::config::Settings;

use crate::server::http1::hold_writes;
use crate::support::app::{Browser, TestApp};

/// How much room there is in these tests, in bytes.
const ALL: usize = 1_024 * 1_024;

/// A forum with room for a few long pages.
async fn forum(change: impl FnOnce(&mut Settings)) -> TestApp {
    TestApp::with(|settings| {
        settings.response_memory_mb = Some(1);
        change(settings);
    })
    .await
}

/// A thread whose page is long, and one of its comments.
async fn long_thread(author: &mut Browser) -> (i64, i64) {
    let story = author.text_story("A long one", "Words.").await;
    let mut comment = 0;
    for nth in 0..20 {
        comment = author.reply(story, &format!("{nth}. {}", "Words, and words. ".repeat(440))).await;
    }
    (story, comment)
}

/// An answer whose reader takes nothing yet.
async fn begun(browser: &mut Browser, path: &str) -> Response {
    browser.ask(Method::GET, path, &[], None).await
}

fn is_free(app: &TestApp) -> bool {
    app.app.admission.memory.reserve(ALL, None).is_ok()
}

#[tokio::test]
async fn versions_of_a_page_that_nobody_reads_any_more_take_no_room() {
    let app = forum(|settings| settings.cache_mb = Some(64)).await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let (story, comment) = long_thread(&mut alice).await;
    for nth in 0..12 {
        bob.vote(comment, if nth % 2 == 0 { "up" } else { "none" }).await;
        for headers in [&[][..], &[("accept-encoding", "gzip")]] {
            let page = app.visitor().send(Method::GET, &format!("/item/{story}"), headers, None).await;
            assert_eq!(page.status, StatusCode::OK, "version {nth}");
        }
    }
    assert!(is_free(&app));
}

#[tokio::test]
async fn a_page_that_many_visitors_read_takes_room_once() {
    let app = forum(|_| {}).await;
    let (story, _) = long_thread(&mut app.member("alice").await).await;
    let path = format!("/item/{story}");
    let mut readers = Vec::new();
    for _ in 0..20 {
        let answer = begun(&mut app.visitor(), &path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        readers.push(answer);
    }
    assert!(!is_free(&app));
    assert!(app.app.admission.memory.reserve(ALL / 2, None).is_ok(), "it is there once");
    readers.truncate(1);
    assert!(!is_free(&app), "one reads still");
    readers.clear();
    assert!(is_free(&app));
}

#[tokio::test]
async fn a_refusal_for_want_of_room_is_a_page_like_others() {
    let app = forum(|_| {}).await;
    let (story, _) = long_thread(&mut app.member("alice").await).await;
    let path = format!("/item/{story}");
    for kept in [false, true] {
        let all = app.app.admission.memory.reserve(ALL, None).expect("room");
        let page = app.visitor().get(&path).await;
        assert_eq!(
            (page.status, page.header("retry-after")),
            (StatusCode::SERVICE_UNAVAILABLE, "2"),
            "{kept}"
        );
        page.finds(1, "main h1");
        page.finds(1, "main a[href='/']");
        assert!(!page.header("content-security-policy").is_empty(), "{kept}");
        drop(all);
        assert_eq!(app.visitor().get(&path).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn members_who_read_slowly_share_the_room_of_what_they_share() {
    let app = forum(|_| {}).await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let (story, comment) = long_thread(&mut alice).await;
    let path = format!("/item/{story}");
    for headers in [&[][..], &[("accept-encoding", "gzip")]] {
        let mut readers = Vec::new();
        for _ in 0..30 {
            let answer = bob.ask(Method::GET, &path, headers, None).await;
            assert_eq!(answer.status(), StatusCode::OK, "they read the same");
            readers.push(answer);
        }
    }
    let mut readers = Vec::new();
    let mut refused = 0;
    for nth in 0..16 {
        alice.vote(comment, "none").await;
        bob.vote(comment, if nth % 2 == 0 { "up" } else { "none" }).await;
        let order = ["best", "newest", "oldest", "replies"][nth % 4];
        let answer = begun(&mut bob, &format!("{path}?order={order}")).await;
        refused += usize::from(answer.status() == StatusCode::SERVICE_UNAVAILABLE);
        readers.push(answer);
    }
    let begun = readers.len() - refused;
    assert!((3..8).contains(&begun), "{begun} versions are under way, and there is room for no more");
    assert_eq!(bob.get("/settings").await.status, StatusCode::OK, "what is short needs none");
    readers.clear();
    assert!(is_free(&app));
    assert_eq!(bob.get(&path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_more_than_an_address_s_share_goes_out_one_at_a_time() {
    let app = forum(|settings| settings.limits = Some(true)).await;
    let writer = app.with_other_settings(|config| config.server.limits = false);
    let mut alice = writer.browser_of(&app.member("alice").await);
    let story = alice.text_story("A long one", "Words.").await;
    for nth in 0..40 {
        alice.reply(story, &format!("{nth}. {}", "Words, and words. ".repeat(440))).await;
    }
    let path = format!("/item/{story}");
    for mut browser in [app.member("bob").await, app.visitor()] {
        let page = begun(&mut browser, &path).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.body().size_hint().lower() > 256 * 1_024, "more than a quarter");
        drop(page);
        assert!(is_free(&app), "and all of it is given back");
    }
}

#[tokio::test]
async fn whatever_else_is_long_takes_room_as_well() {
    let app = forum(|_| {}).await;
    let typed = "\"".repeat(20_000);
    let form = [("title", "A title"), ("text", typed.as_str())];
    let same = [("sec-fetch-site", "same-origin")];
    let shown = app.visitor().send(Method::POST, "/submit", &same, Some(&form)).await;
    assert!(shown.body.len() > 64 * 1_024, "the log-in page keeps it: {}", shown.body.len());
    assert_eq!(shown.value("form[action='/login'] textarea"), typed);
    assert!(is_free(&app));
    let all = app.app.admission.memory.reserve(ALL - 50_000, None).expect("room");
    let refused = app.visitor().send(Method::POST, "/submit", &same, Some(&form)).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    drop(all);
}

#[tokio::test]
async fn what_was_handed_on_and_not_sent_yet_takes_room_still() {
    let app = forum(|settings| settings.cache_mb = Some(0)).await;
    let mut alice = app.member("alice").await;
    let (story, _) = long_thread(&mut alice).await;
    let mut body = begun(&mut alice, &format!("/item/{story}")).await.into_body();
    let mut waiting: Vec<Bytes> = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        waiting.extend(frame.expect("a part").into_data());
    }
    drop(body);
    assert!(waiting.iter().map(Bytes::len).sum::<usize>() > 128 * 1_024);
    assert!(!is_free(&app));
    drop(waiting);
    assert!(is_free(&app));
}

#[tokio::test]
async fn what_somebody_wrote_takes_room_on_its_way_back_from_a_crowd() {
    let app = forum(|settings| settings.max_concurrent_requests = Some(1)).await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let held = hold_writes(&app).await;
    let writing = tokio::spawn(async move { alice.text_story("A story", "Words.").await });
    // The one place is hers before anything is waited for.
    tokio::task::yield_now().await;
    let form = format!("title=A+story&url=&text={}", "%22".repeat(19_000));
    let headers = [("sec-fetch-site", "same-origin")];
    let kept = bob.ask(Method::POST, "/submit", &headers, Some(form.into_bytes())).await;
    assert_eq!(kept.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(kept.body().size_hint().lower() > 64 * 1_024, "it has what was written");
    assert!(!is_free(&app));
    drop(kept);
    assert!(is_free(&app));
    drop(held);
    assert!(writing.await.expect("written") > 0);
}
