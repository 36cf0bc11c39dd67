//! The clock is set while the forum runs, as a machine's clock is that had started wrong.

use axum::http::{Method, StatusCode};
use stoa::domain::accounts::user::Role;

use crate::support::app::{PASSWORD, TestApp};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 3_600;

#[tokio::test]
async fn a_clock_set_a_day_ahead_and_back_holds_nobody_up() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        settings.requests_per_minute_per_ip = Some(20);
        settings.new_account_comments_per_hour = Some(30);
    })
    .await;
    let story = app.person("mia", Role::Moderator).await.text_story("A story", "Text.").await;
    app.account("alice", Role::Member).await;
    app.pass(MINUTE);
    app.set_clock(DAY);
    let mut alice = app.log_in("alice").await;
    alice.reply(story, "While the clock is wrong.").await;
    app.set_clock(-DAY);
    app.pass(MINUTE);
    for number in 1..=5 {
        alice.reply(story, &format!("Once it is right again {number}.")).await;
    }
    app.set_clock(-DAY);
    app.pass(MINUTE);
    let mut other = app.visitor();
    assert_eq!(other.get("/new?before=1").await.status, StatusCode::OK);
    let page = other.post("/login", &[("name", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "set back further still: {}", page.text());
}

#[tokio::test]
async fn a_clock_set_ahead_refills_no_bucket() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        settings.login_attempts_per_hour = Some(3);
    })
    .await;
    app.account("alice", Role::Member).await;
    let mut thief = app.visitor();
    for _ in 0..3 {
        let page = thief.post("/login", &[("name", "alice"), ("password", "a guess")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    app.set_clock(DAY);
    let page = thief.post("/login", &[("name", "alice"), ("password", "a guess")]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn the_link_to_the_first_admin_is_good_for_a_day_whatever_the_clock_is_set_to() {
    let app = TestApp::new().await;
    let link = app.app.setup.path();
    let open = async || app.visitor().send(Method::GET, &link, &[], None).await.status;
    app.set_clock(20_000 * DAY);
    assert_eq!(open().await, StatusCode::OK, "the clock was wrong at the start");
    app.pass(DAY);
    app.set_clock(-30_000 * DAY);
    assert_eq!(open().await, StatusCode::NOT_FOUND, "a day is over");
}

#[tokio::test]
async fn what_is_said_after_the_clock_was_set_back_is_new_to_whoever_looked_before() {
    let app = TestApp::new().await;
    let story = app.member("bob").await.text_story("A story", "Text.").await;
    let mut alice = app.member("alice").await;
    app.set_clock(DAY);
    alice.get(&format!("/item/{story}")).await;
    app.set_clock(-DAY);
    app.pass(MINUTE);
    alice.get(&format!("/item/{story}")).await;
    app.pass(MINUTE);
    app.session("bob").await.reply(story, "Said afterwards.").await;
    alice.get(&format!("/item/{story}")).await.finds(1, "article.c.new");
}
