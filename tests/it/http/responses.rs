//! Invariants of all responses, whatever the request: security headers, a request id, and on failures a log
//! line with that id.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use stoa::domain::accounts::user::Role;
use stoa::timeouts::Timeouts;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

use crate::server::http1::hold_writes;
use crate::support::app::{Browser, Page, TestApp};

const ENCODINGS: [&str; 3] = ["identity", "gzip", "br"];
/// With `cache_mb = 1`, the largest page that is kept, in bytes.
const LARGEST: usize = 1024 * 1024 / 16 * 5 / 2;

/// What the forum logs.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What it logs on this thread.
    pub fn begin(level: &str) -> (Log, DefaultGuard) {
        let log = Log::default();
        let writer = log.clone();
        let lines = stoa::logging::text_lines(EnvFilter::new(level), false, move || writer.clone());
        (log, tracing::subscriber::set_default(lines))
    }

    /// What it logs in this process.
    pub fn of_process(level: &str) -> Log {
        let log = Log::default();
        let writer = log.clone();
        let lines = stoa::logging::text_lines(EnvFilter::new(level), false, move || writer.clone());
        tracing::subscriber::set_global_default(lines).expect("the first");
        log
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Takes a table away that every page of people needs.
pub const BREAK: &str = "alter table users rename to other";

/// What holds of every answer.
fn check(page: &Page, log: &Log, what: &str) {
    for (name, begins) in [
        ("content-security-policy", "default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("permissions-policy", "camera=()"),
        ("cross-origin-opener-policy", "same-origin"),
        ("strict-transport-security", "max-age="),
    ] {
        assert!(
            page.header(name).starts_with(begins),
            "{what} ({}): {name} is {:?}",
            page.status,
            page.header(name)
        );
    }
    let id = page.header("x-request-id");
    assert!(id.len() > 20, "{what}: {id:?}");
    let is_logged =
        log.text().lines().any(|line| line.contains(id) && (line.contains("ERROR") || line.contains("WARN")));
    assert_eq!(page.status.is_server_error(), is_logged, "{what} ({}): {}", page.status, log.text());
    if page.header("content-type").starts_with("text/html") {
        assert!(page.header("vary").contains("Cookie"), "{what}: {:?}", page.header("vary"));
        let is_whole = page.body.is_empty() && what.starts_with("HEAD ")
            || page.unpacked().trim_end().ends_with("</html>");
        assert!(is_whole, "{what} is whole");
    }
}

#[tokio::test]
async fn refusals_without_end_are_logged_in_sum() {
    let (log, _guard) = Log::begin("warn");
    let app = TestApp::with(|settings| settings.response_memory_mb = Some(1)).await;
    let (story, _) = thread(&mut app.member("alice").await, 20, 700).await;
    let _all = app.app.admission.memory.reserve(1024 * 1024, None).expect("room");
    let mut visitor = app.visitor();
    for _ in 0..50 {
        let page = visitor.get(&format!("/item/{story}")).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    let lines =
        || log.text().lines().filter(|line| line.contains("refused")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines().len(), 1, "{}", log.text());
    app.app.admission.refusals.log();
    app.app.admission.refusals.log();
    let lines = lines();
    assert!(lines.len() == 2 && lines[1].contains("requests=49"), "{lines:?}");
}

/// A forum under https that keeps little, so that a page is soon too large for that.
async fn forum() -> TestApp {
    TestApp::with(|settings| {
        settings.base_url = Some("https://forum.example".to_owned());
        settings.cache_mb = Some(1);
    })
    .await
}

/// A thread of so many comments, each so many words long; the story and the last comment.
async fn thread(author: &mut Browser, comments: usize, words: usize) -> (i64, i64) {
    let story = author.text_story(&format!("A story of {comments}"), "Words.").await;
    let mut last = 0;
    for n in 0..comments {
        last = author.reply(story, &format!("Comment {n}. {}", "some words ".repeat(words))).await;
    }
    (story, last)
}

/// Visitor, member, moderator, admin.
async fn everybody(app: &TestApp) -> Vec<(&'static str, Browser)> {
    let mut everybody = vec![("visitor", app.visitor())];
    for (name, role) in [("bob", Role::Member), ("mia", Role::Moderator), ("ada", Role::Admin)] {
        app.account(name, role).await;
        everybody.push((name, app.session(name).await));
    }
    everybody
}

async fn send(browser: &mut Browser, method: &Method, path: &str, encoding: &str) -> Page {
    browser.send(method.clone(), path, &[("accept-encoding", encoding)], None).await
}

/// Every kind of page, in every size.
async fn pages(app: &TestApp, log: &Log, everybody: &mut [(&'static str, Browser)]) {
    app.account("alice", Role::Member).await;
    let mut alice = app.session("alice").await;
    let (small, comment) = thread(&mut alice, 2, 10).await;
    let (long, _) = thread(&mut alice, 60, 100).await;
    let (large, _) = thread(&mut alice, 24, 700).await;
    let items = [small, comment, long, large].map(|id| format!("/item/{id}"));
    let others = [
        "/",
        "/new",
        "/comments",
        "/best?over=all",
        "/user/alice",
        "/search?q=story",
        "/log",
        "/login",
        "/settings",
        "/guidelines",
        "/feed/top.atom",
        "/feed/log.atom",
        "/robots.txt",
        "/healthz",
        "/favicon.ico",
        "/news?p=2",
        "/item/01",
        "/mod",
        &app.app.assets.style,
    ];
    for path in others.into_iter().chain(items.iter().map(String::as_str)) {
        for (who, browser) in everybody.iter_mut() {
            let plain = send(browser, &Method::GET, path, "identity").await;
            assert!(path != items[3] || plain.body.len() > LARGEST, "{path} is large: {}", plain.body.len());
            for encoding in ENCODINGS {
                let what = format!("{path} as {who} in {encoding}");
                let page = send(browser, &Method::GET, path, encoding).await;
                check(&page, log, &what);
                assert_eq!((page.status, page.unpacked()), (plain.status, plain.text()), "{what}");
                let head = send(browser, &Method::HEAD, path, encoding).await;
                check(&head, log, &format!("HEAD {what}"));
                assert_eq!((head.status, head.body.len()), (page.status, 0), "HEAD {what}");
                let etag = page.header("etag");
                if !etag.is_empty() {
                    let headers = [("if-none-match", etag), ("accept-encoding", encoding)];
                    let same = browser.send(Method::GET, path, &headers, None).await;
                    check(&same, log, &format!("{what}, which is known"));
                    assert_eq!(
                        (same.status, same.header("etag")),
                        (StatusCode::NOT_MODIFIED, etag),
                        "{what}"
                    );
                }
                let kind = page.header("content-type");
                let is_kept = *who == "visitor"
                    && (kind.starts_with("text/html") || kind.starts_with("application/atom"));
                assert_eq!(
                    is_kept && page.status == StatusCode::OK && plain.body.len() <= LARGEST,
                    !etag.is_empty(),
                    "{what}"
                );
            }
        }
    }
    let kept = app.app.pages.bytes().await;
    assert!(kept < 1024 * 1024 / 16 * 5, "what is too large is not kept: {kept}");
}

/// Every kind of refusal and failure.
async fn errors(app: &TestApp, log: &Log, everybody: &[(&'static str, Browser)]) {
    app.account("alan", Role::Member).await;
    let mut alan = app.session("alan").await;
    let (long, gone) = thread(&mut alan, 60, 200).await;
    alan.post(&format!("/item/{gone}/delete"), &[]).await;
    let (long, gone, endless) =
        (format!("/item/{long}"), format!("/item/{gone}"), format!("/{}", "a".repeat(2_100)));
    let limited = app.with_other_settings(|config| {
        config.server.limits = true;
        config.site.requests_per_minute_per_ip = 1;
    });
    limited.visitor().get("/nothing-here").await;
    let impatient = app.with_timeouts(Timeouts { answer: Duration::from_millis(1), ..Timeouts::default() });
    let get = Method::GET;
    for (who, browser) in everybody {
        for encoding in ENCODINGS {
            let plain = [("accept-encoding", encoding)];
            let what = |error: &str| format!("{error} for {who} in {encoding}");
            let mut browser = browser.clone();
            for (path, status) in [
                ("/nothing-here", StatusCode::NOT_FOUND),
                ("/item/999999", StatusCode::NOT_FOUND),
                (&gone, StatusCode::GONE),
                (&endless, StatusCode::URI_TOO_LONG),
                ("/past?day=soon", StatusCode::BAD_REQUEST),
            ] {
                let page = browser.send(get.clone(), path, &plain, None).await;
                check(&page, log, &what(path));
                assert_eq!(page.status, status, "{}", what(path));
            }
            let twice = [("accept-encoding", encoding), ("host", "a.example"), ("host", "a.example")];
            let foreign = [("accept-encoding", encoding), ("sec-fetch-site", "cross-site")];
            let (own, huge) =
                ([("accept-encoding", encoding), ("sec-fetch-site", "same-origin")], "a".repeat(1_000_000));
            let form = [("theme", "dark"), ("goto", huge.as_str())];
            for (method, headers, form, status) in [
                (Method::GET, &twice[..], None, StatusCode::BAD_REQUEST),
                (Method::POST, &foreign, Some(&form[..1]), StatusCode::FORBIDDEN),
                (Method::POST, &own, Some(&form[..]), StatusCode::PAYLOAD_TOO_LARGE),
                (Method::DELETE, &own, None, StatusCode::METHOD_NOT_ALLOWED),
            ] {
                let page = browser.send(method, "/theme", headers, form).await;
                check(&page, log, &what(status.as_str()));
                assert_eq!(page.status, status, "{}", what("/theme"));
            }
            let page = limited.browser_of(&browser).send(get.clone(), "/nothing-here", &plain, None).await;
            check(&page, log, &what("too many"));
            assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
            for _ in 0..2 {
                let room = app.app.admission.memory.reserve(64 * 1024 * 1024, None).expect("room");
                // Each is the first of a minute, which is logged by itself.
                app.app.admission.refusals.log();
                let page = browser.send(get.clone(), &long, &plain, None).await;
                check(&page, log, &what("no room"));
                drop(room);
                let whole = browser.send(get.clone(), &long, &plain, None).await;
                assert_eq!(whole.status, StatusCode::OK);
                // What is kept compressed and short takes none.
                let is_long = whole.body.len() >= 64 * 1024;
                assert!(is_long || encoding != "identity" && *who != "visitor", "{}", what("a long page"));
                assert!(page.status == StatusCode::SERVICE_UNAVAILABLE || !is_long, "{}", what("no room"));
            }
            if !browser.cookies.is_empty() {
                let held = hold_writes(app).await;
                let form = [("about", ""), ("theme", "dark"), ("order", "best")];
                impatient.app.admission.refusals.log();
                let page =
                    impatient.browser_of(&browser).send(Method::POST, "/settings", &own, Some(&form)).await;
                check(&page, log, &what("too slow"));
                assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", what("too slow"));
                drop(held);
            }
        }
    }
    app.sql(BREAK).await;
    for (who, browser) in everybody {
        for encoding in ENCODINGS {
            let page = send(&mut browser.clone(), &get, "/user/nobody-yet", encoding).await;
            check(&page, log, &format!("a broken database for {who} in {encoding}"));
            assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
        }
    }
}

#[tokio::test]
async fn whatever_is_answered_has_what_every_answer_has() {
    let app = forum().await;
    let (log, _guard) = Log::begin("info");
    let mut everybody = everybody(&app).await;
    pages(&app, &log, &mut everybody).await;
    errors(&app, &log, &everybody).await;
}
