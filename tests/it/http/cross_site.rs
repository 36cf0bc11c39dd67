//! Requests that come from other sites change nothing, and neither does looking at a page.

use axum::http::{Method, StatusCode};
use stoa::config::Settings;

use crate::http::roles::{Who, case, forum, table};
use crate::support::app::TestApp;

type Headers = &'static [(&'static str, &'static str)];

/// What a browser sends when another site's page sends the form.
const FOREIGN: [Headers; 19] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "nonsense")],
    &[("sec-fetch-site", "cross-site"), ("origin", "http://forum.test"), ("host", "forum.test")],
    &[("origin", "https://evil.example"), ("host", "forum.test")],
    &[("origin", "http://forum.test.evil.example"), ("host", "forum.test")],
    &[("origin", "http://forum.test:81"), ("host", "forum.test")],
    &[("origin", "null"), ("host", "forum.test")],
    &[("sec-fetch-site", ""), ("origin", "https://evil.example")],
    // Where the Referer is all there is.
    &[("referer", "https://evil.example/page"), ("host", "forum.test")],
    &[("referer", "http://forum.test.evil.example/"), ("host", "forum.test")],
    &[("referer", "http://forum.test:81/"), ("host", "forum.test")],
    &[("referer", "http://forum.test/"), ("host", "forum.test:81")],
    &[("referer", "https://forum.test/"), ("host", "forum.test")],
    &[("referer", "http://forum.test@evil.example/"), ("host", "forum.test")],
    &[("referer", "null"), ("host", "forum.test")],
    &[("referer", "forum.test"), ("host", "forum.test")],
    &[("referer", "http://"), ("host", "forum.test")],
    &[("referer", "http://forum.test/"), ("referer", "https://evil.example/"), ("host", "forum.test")],
];

/// What browsers, old and new, and text browsers send from the site's own pages.
const OWN: [Headers; 8] = [
    &[],
    &[("sec-fetch-site", "none")],
    &[("sec-fetch-site", "same-origin"), ("origin", "http://forum.test"), ("host", "forum.test")],
    &[("origin", "http://forum.test"), ("host", "forum.test")],
    &[("origin", "http://forum.test:8000"), ("host", "forum.test:8000")],
    &[("referer", "http://forum.test/item/1?order=newest"), ("host", "forum.test")],
    &[("referer", "http://localhost:8000/"), ("host", "forum.test")],
    &[("referer", "https://evil.example/"), ("origin", "http://forum.test"), ("host", "forum.test")],
];

/// What mail programs send from anywhere: all that it does is to end mail, for who has its token.
const ONE_CLICK: &str = "/unsubscribe/{token}";

#[tokio::test]
async fn no_other_site_can_make_a_browser_act_here() {
    let app = forum().await;
    let mut watch = app.watch().await;
    for row in table().into_iter().filter(|row| row.method == Method::POST) {
        let mut case = case(&app, &row, row.doer().unwrap_or(Who::Visitor)).await;
        watch.changed().await;
        for headers in FOREIGN {
            let page = case.send(Method::POST, headers).await;
            if row.path == ONE_CLICK {
                assert_ne!(page.status, StatusCode::FORBIDDEN, "{headers:?}");
                assert!(page.headers.get("set-cookie").is_none(), "{headers:?}");
                continue;
            }
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{} {headers:?}", row.path);
            assert!(page.says("This request came from another site"), "{}", page.text());
            assert!(page.headers.get("set-cookie").is_none(), "{} {headers:?}", row.path);
            assert!(!watch.changed().await, "{} {headers:?} wrote something", row.path);
        }
    }
}

#[tokio::test]
async fn the_sites_own_pages_and_text_browsers_can_act() {
    let app = forum().await;
    for row in table().into_iter().filter(|row| row.method == Method::POST) {
        let Some(who) = row.doer() else { continue };
        for headers in OWN {
            let mut case = case(&app, &row, who).await;
            let page = case.send(Method::POST, headers).await;
            assert_eq!(page.status, StatusCode::SEE_OTHER, "{} {headers:?}: {}", row.path, page.text());
        }
    }
}

#[tokio::test]
async fn a_proxy_may_rewrite_host_where_the_base_address_is_set() {
    let settings = |settings: &mut Settings| settings.base_url = Some("https://forum.example".to_owned());
    let app = TestApp::with(settings).await;
    app.account("alice", stoa::domain::accounts::user::Role::Member).await;
    let mut alice = app.session("alice").await;
    let form: &[(&str, &str)] = &[("theme", "dark"), ("order", "best"), ("about", "")];
    for (origin, expected) in [
        ("https://forum.example", StatusCode::SEE_OTHER),
        ("http://forum.example", StatusCode::FORBIDDEN),
        ("https://www.forum.example", StatusCode::FORBIDDEN),
        ("https://forum.example.evil.example", StatusCode::FORBIDDEN),
    ] {
        let headers = [("origin", origin), ("host", "backend:8000")];
        let page = alice.send(Method::POST, "/settings", &headers, Some(form)).await;
        assert_eq!(page.status, expected, "{origin}");
    }
}

#[tokio::test]
async fn looking_at_a_page_changes_nothing_but_ones_own_marks() {
    const OWN_MARKS: [&str; 3] = ["visits", "inbox.read_at", "sessions.last_used_at"];
    let app = forum().await;
    let mut looked = 0;
    for row in table().into_iter().filter(|row| row.method == Method::GET) {
        for who in [Who::Visitor, Who::Author, Who::Admin] {
            let mut case = case(&app, &row, who).await;
            // Long enough for a session to be noted as used, and for every edit window to have closed.
            app.pass(7_300);
            let before = app.dump(&OWN_MARKS).await;
            for headers in [&[("sec-fetch-site", "same-origin")], &[("sec-fetch-site", "cross-site")]] {
                let page = case.send(Method::GET, headers).await;
                assert!(!page.status.is_server_error(), "{}", row.path);
                assert!(page.headers.get("set-cookie").is_none(), "GET {} sets a cookie", row.path);
            }
            let after = app.dump(&OWN_MARKS).await;
            let changes: Vec<_> = before.symmetric_difference(&after).collect();
            assert!(changes.is_empty(), "GET {} as {who:?}: {changes:?}", row.path);
            looked += 1;
        }
    }
    assert!(looked > 100, "the table is walked");
}

#[tokio::test]
async fn a_members_own_marks_are_all_that_a_look_changes() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A story", "Words.").await;
    app.pass(60);
    bob.reply(story, "An answer.").await;
    app.pass(7_200);
    let before = app.dump(&[]).await;
    alice.get("/inbox").await;
    alice.get(&format!("/item/{story}")).await;
    app.store.flush_activity().await.expect("written");
    let after = app.dump(&[]).await;
    let tables: Vec<&str> = after.difference(&before).filter_map(|row| row.split(':').next()).collect();
    // Other nodes are told, as their pages show these marks too.
    let told: &[&str] = if app.store.has_nodes() { &["changes"] } else { &[] };
    assert_eq!(tables, [told, &["inbox", "sessions", "visits"]].concat(), "a dump shows what changes");
}
