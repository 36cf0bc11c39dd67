//! Limits that nodes share, so that several machines do not allow several times as much.

use axum::http::StatusCode;
use stoa::config::Settings;
use stoa::domain::accounts::user::Role;

use crate::nodes::two_nodes_with;

#[tokio::test]
async fn log_ins_are_counted_on_all_nodes_together() {
    let change = |settings: &mut Settings| {
        settings.limits = Some(true);
        settings.login_attempts_per_hour = Some(3);
    };
    let Some((one, other)) = two_nodes_with(change).await else { return };
    one.account("alice", Role::Member).await;
    let mut thief = one.visitor();
    let guess = [("name", "alice"), ("password", "a guess")];
    for node in [&one, &other, &one] {
        let page = thief.at(node).post("/login", &guess).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    for node in [&other, &one, &other] {
        let page = thief.at(node).post("/login", &guess).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        let wait: i64 = page.header("retry-after").parse().expect("seconds");
        assert!((1_000..=1_201).contains(&wait), "until one more is allowed: {wait}");
    }
    let rows = "select count(*) from rate_buckets";
    let before = one.number(rows).await;
    assert!(before > 0);
    one.pass(1_201);
    assert_eq!(thief.at(&other).post("/login", &guess).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(thief.at(&one).post("/login", &guess).await.status, StatusCode::TOO_MANY_REQUESTS);
    one.pass(4 * 3_600);
    one.store.purge_buckets(one.now()).await.expect("purged");
    assert_eq!(one.number(rows).await, 0, "full buckets are not kept");
}

#[tokio::test]
async fn posts_are_counted_on_all_nodes_together_and_refused_ones_nowhere() {
    let change = |settings: &mut Settings| {
        settings.limits = Some(true);
        settings.comments_per_hour = Some(2);
    };
    let Some((one, other)) = two_nodes_with(change).await else { return };
    let story = one.member("bob").await.text_story("A story", "Words.").await;
    one.account("alice", Role::Member).await;
    one.set_karma("alice", 100).await;
    let mut alice = one.session("alice").await;
    one.sql(&format!("update items set locked = true where id = {story}")).await;
    for node in [&one, &other, &one, &other] {
        let page = alice.at(node).post(&format!("/item/{story}/reply"), &[("text", "Refused.")]).await;
        assert!(page.status.is_client_error() && page.status != StatusCode::TOO_MANY_REQUESTS);
    }
    one.sql(&format!("update items set locked = false where id = {story}")).await;
    for node in [&one, &other] {
        node.store.expire_caches();
    }
    alice.at(&one).reply(story, "On one node.").await;
    alice.at(&other).reply(story, "On the other.").await;
    for node in [&one, &other] {
        let page = alice.at(node).post(&format!("/item/{story}/reply"), &[("text", "A third.")]).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(page.one("textarea[name=text]").text, "A third.", "nothing is lost");
    }
    assert_eq!(one.number("select count(*) from items where kind = 'comment'").await, 2);
}
