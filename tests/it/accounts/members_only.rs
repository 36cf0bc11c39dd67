//! A forum that only members can read.

use axum::http::{Method, StatusCode};
use stoa::config::Readers;
use stoa::domain::accounts::user::Role;

use crate::http::roles::{Who, case, table};
use crate::support::app::{Page, TestApp};
use crate::support::authenticator::with_passkeys;

async fn closed() -> TestApp {
    let app = TestApp::with(|settings| {
        with_passkeys(settings);
        settings.reading = Some(Readers::Members);
    })
    .await;
    app.account("chief", Role::Admin).await;
    app
}

const OPEN: [&str; 18] = [
    "/login",
    "/signup",
    "/invitation/",
    "/setup/",
    "/reset",
    "/email/",
    "/unsubscribe/",
    "/guidelines",
    "/privacy",
    "/contact",
    "/feed/inbox/",
    "/robots.txt",
    "/.well-known/",
    "/healthz",
    "/readyz",
    "/favicon.ico",
    "/icons/",
    "/site.webmanifest",
];

/// What somebody who is banned finds of their own.
const OPEN_TO_BANNED: [&str; 5] =
    ["/banned", "/messages/", "/settings/export", "/settings/delete", "/settings/passkeys/challenge"];

fn is_open(path: &str) -> bool {
    path.starts_with("/static/") || OPEN.iter().any(|open| path.starts_with(open))
}

#[tokio::test]
async fn a_visitor_gets_nothing_of_it_from_any_route() {
    let app = closed().await;
    for row in table() {
        for who in [Who::Visitor, Who::Banned] {
            let mut case = case(&app, &row, who).await;
            let page = case.send(row.method.clone(), &[("sec-fetch-site", "same-origin")]).await;
            let told = format!("{} {} on {}, {who:?}: {}", row.method, case.path, row.on, page.status);
            let secrets = if ["asset", "picture"].contains(&row.on) {
                &[][..]
            } else {
                &["A story", "Some words", "Words."]
            };
            for secret in secrets {
                assert!(!page.unpacked().contains(*secret), "{told}: {secret}");
            }
            let is_read = row.method == Method::GET && !is_open(&case.path);
            let away = if who == Who::Banned { "/banned" } else { "/login?goto=" };
            let leads_to_log_in = page.location().is_some_and(|to| to.starts_with(away));
            let is_own = who == Who::Banned && OPEN_TO_BANNED.iter().any(|own| case.path.starts_with(own));
            let is_refused = if case.path.starts_with("/feed/") {
                page.status == StatusCode::FORBIDDEN
            } else {
                page.status == StatusCode::SEE_OTHER && leads_to_log_in
            };
            assert!(!is_read || is_own || is_refused, "{told}");
        }
    }
}

/// The same addresses, for members as on any forum.
#[tokio::test]
async fn a_member_reads_as_anywhere() {
    let app = closed().await;
    for row in table().iter().filter(|row| row.method == Method::GET) {
        let mut open = case(&app, row, Who::Other).await;
        let page = open.send(Method::GET, &[]).await;
        let expected = row.answer(Who::Other);
        assert_eq!(page.status == StatusCode::OK, expected == "page", "{}: {}", open.path, page.status);
        assert!(
            page.status != StatusCode::OK
                || !page.header("content-type").starts_with("text/html")
                || is_noindex(&page)
        );
    }
}

fn is_noindex(page: &Page) -> bool {
    page.all("meta[name=robots][content=noindex]").len() == 1 && page.all("meta[name=description]").is_empty()
}

#[tokio::test]
async fn the_way_in_says_why_and_leads_back() {
    let app = closed().await;
    let (mut alice, mut visitor) = (app.member("alice").await, app.visitor());
    assert_eq!(alice.text_story("A walk among friends", "Come along.").await, 1);
    let page = visitor.get("/item/1?order=newest").await;
    assert_eq!(page.location().as_deref(), Some("/login?goto=%2Fitem%2F1%3Forder%3Dnewest"));
    let page = visitor.get("/login?goto=%2Fitem%2F1").await;
    assert_eq!(page.message(), "Log in to read; on this site only members can.");
    assert!(is_noindex(&page));
    page.finds(0, "nav[aria-label=Sections]");
    page.finds(0, "link[type='application/atom+xml']");
    let front = alice.get("/").await;
    front.finds(1, "nav[aria-label=Sections]");
    front.finds(1, "link[type='application/atom+xml']");
    assert_eq!(page.texts("nav[aria-label=You] > a"), ["log in", "sign up"]);
    assert_eq!(page.texts("footer nav a"), ["guidelines", "privacy", "contact"]);
    let page = visitor.get("/login?vote=1&dir=up").await;
    assert_eq!(page.message(), "Log in to vote.", "the title of a story is nobody else's");
    assert_eq!(visitor.get("/robots.txt").await.unpacked(), "User-agent: *\nDisallow: /\n");
}

/// What visitors were shown before is kept in a cache, from which nobody is answered any more.
#[tokio::test]
async fn a_forum_is_closed_at_once_by_its_settings() {
    let app = TestApp::new().await;
    let (mut alice, mut visitor) = (app.member("alice").await, app.visitor());
    let story = alice.text_story("A talk among friends", "Come in.").await;
    let address = format!("/item/{story}");
    assert_eq!(visitor.get(&address).await.status, StatusCode::OK);
    let mut config = app.config.clone();
    config.site.reading = Readers::Members;
    app.app.replace_settings(config);
    assert_eq!(app.visitor().get(&address).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.visitor().send(Method::HEAD, &address, &[], None).await.status, StatusCode::SEE_OTHER);
}
