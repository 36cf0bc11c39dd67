//! Many wrong log-ins at once keep nobody else out.

use axum::http::{Method, StatusCode};
use stoa::config::Settings;
use stoa::domain::accounts::signup::SignUpMode;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::sentences::BUSY;

fn strict(settings: &mut Settings) {
    settings.limits = Some(true);
    settings.login_attempts_per_hour = Some(3);
    settings.trusted_proxies = Some("127.0.0.1".parse().expect("an address"));
}

async fn post_from(browser: &mut Browser, from: &str, path: &str, form: &[(&str, &str)]) -> Page {
    let headers = [("sec-fetch-site", "same-origin"), ("x-forwarded-for", from)];
    browser.send(Method::POST, path, &headers, Some(form)).await
}

async fn log_in(browser: &mut Browser, name: &str, password: &str, from: &str) -> Page {
    post_from(browser, from, "/login", &[("name", name), ("password", password)]).await
}

#[tokio::test]
async fn a_flood_from_one_network_is_bounded_and_its_victim_logs_in_elsewhere() {
    let app = TestApp::with(strict).await;
    app.account("alice", Role::Member).await;
    app.account("bob", Role::Member).await;
    let mut judged = 0;
    for nth in 0..90 {
        let name = if nth % 2 == 0 { "alice" } else { "bob" };
        let page = log_in(&mut app.visitor(), name, "wrong", &format!("2001:db8:7:{nth:x}::1")).await;
        judged += usize::from(page.status == StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            page.status == StatusCode::UNPROCESSABLE_ENTITY || page.status == StatusCode::TOO_MANY_REQUESTS
        );
    }
    assert!((1..=12).contains(&judged), "{judged} were judged");
    let page = log_in(&mut app.visitor(), "alice", PASSWORD, "192.0.2.1").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "the owner in a new browser: {}", page.text());
}

#[tokio::test]
async fn an_account_that_is_tried_from_everywhere_lets_its_owner_in_from_a_new_browser() {
    let app = TestApp::with(strict).await;
    app.account("alice", Role::Member).await;
    let mut judged = 0;
    for nth in 1..=40 {
        let page = log_in(&mut app.visitor(), "alice", "wrong", &format!("{nth}.0.113.1")).await;
        judged += usize::from(page.status == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(judged, 40, "each wider network has one try left");
    let page = log_in(&mut app.visitor(), "alice", "wrong", "40.0.114.1").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "and no more than that");
    let page = log_in(&mut app.visitor(), "alice", PASSWORD, "192.0.2.1").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

#[tokio::test]
async fn a_try_that_was_not_judged_costs_nothing() {
    let app = TestApp::with(|settings| {
        strict(settings);
        settings.signup_mode = Some(SignUpMode::Request);
        settings.signups_per_hour_per_ip = Some(1);
    })
    .await;
    app.account("alice", Role::Member).await;
    let places = app.app.admission.passwords.fill();
    for _ in 0..5 {
        let form = [
            ("name", "alice"),
            ("password", PASSWORD),
            ("kept-action", "/submit"),
            ("kept.text", "What I typed."),
        ];
        let page = post_from(&mut app.visitor(), "192.0.2.1", "/login", &form).await;
        assert_eq!((page.status, page.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
        assert!(page.says(BUSY), "{}", page.text());
        assert_eq!(page.one("#name").attr("value"), "alice");
        assert_eq!(page.one("textarea[name='kept.text']").text, "What I typed.");
        let form = [("name", "zoe"), ("password", PASSWORD), ("text", "I weave and dye.")];
        let page = post_from(&mut app.visitor(), "192.0.2.1", "/signup", &form).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(page.one("textarea#text").text, "I weave and dye.");
    }
    drop(places);
    for password in ["wrong", PASSWORD] {
        let page = log_in(&mut app.visitor(), "alice", password, "192.0.2.1").await;
        assert_ne!(page.status, StatusCode::TOO_MANY_REQUESTS, "{}", page.text());
    }
    let form = [("name", "zoe"), ("password", PASSWORD), ("text", "I weave and dye.")];
    let page = post_from(&mut app.visitor(), "192.0.2.1", "/signup", &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

#[tokio::test]
async fn what_an_address_may_not_try_uses_nothing_of_an_accounts_tries() {
    let app = TestApp::with(strict).await;
    app.account("alice", Role::Member).await;
    for nth in 0..6 {
        log_in(&mut app.visitor(), &format!("nobody{nth}"), "wrong", "198.51.100.1").await;
    }
    for _ in 0..6 {
        let page = log_in(&mut app.visitor(), "alice", "wrong", "198.51.100.1").await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    }
    let page = log_in(&mut app.visitor(), "alice", PASSWORD, "198.51.100.2").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "a neighbour's: {}", page.text());
}

#[tokio::test]
async fn strangers_who_fill_the_line_keep_no_known_browser_out() {
    let app = TestApp::with(|settings| {
        strict(settings);
        settings.login_attempts_per_hour = Some(30);
    })
    .await;
    app.account("alice", Role::Member).await;
    let mut known = app.visitor();
    assert_eq!(log_in(&mut known, "alice", PASSWORD, "192.0.2.1").await.status, StatusCode::SEE_OTHER);
    let mut session = known.clone();
    known.post("/logout", &[]).await;
    let places = app.app.admission.passwords.fill();
    let page = log_in(&mut app.visitor(), "alice", PASSWORD, "192.0.2.9").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "a new browser waits");
    let page = log_in(&mut known, "alice", PASSWORD, "2001:db8:7::1").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    session.cookies.clone_from(&known.cookies);
    let form = [("current", PASSWORD), ("password", "another four unrelated words")];
    let page = post_from(&mut session, "192.0.2.1", "/settings/password", &form).await;
    assert_eq!(page.location().as_deref(), Some("/settings/password?saved=yes"), "{}", page.text());
    let link = app.app.setup.path();
    let page =
        post_from(&mut app.visitor(), "192.0.2.1", &link, &[("name", "root"), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    drop(places);
}
