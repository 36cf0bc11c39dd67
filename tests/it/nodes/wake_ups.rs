//! How a node learns of what another wrote.

use std::time::Duration;

use stoa::jobs;
use tokio::time::Instant;

use crate::nodes::two_nodes;
use crate::support::app::TestApp;
use crate::support::metrics::Metrics;

async fn wait_until_seen(node: &TestApp, path: &str, comment: i64) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        if !node.visitor().get(path).await.all(&format!("#c{comment}")).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("comment {comment} is not seen on the other node");
}

#[tokio::test]
async fn a_node_that_is_woken_reads_what_another_wrote() {
    let Some((one, other)) = two_nodes().await else { return };
    // Neither looks by itself.
    for node in [&one, &other] {
        let store = node.store.clone();
        tokio::spawn(async move { store.exchange_wake_ups().await.expect("no end") });
    }
    let mut alice = one.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let path = format!("/item/{story}");
    for round in 0..10 {
        let comment = alice.reply(story, &format!("Comment {round}.")).await;
        wait_until_seen(&other, &path, comment).await;
    }
}

#[tokio::test]
async fn the_metrics_say_how_many_nodes_there_are() {
    let Some((one, other)) = two_nodes().await else { return };
    for node in [&one, &other] {
        let store = node.store.clone();
        tokio::spawn(async move { store.exchange_wake_ups().await.expect("no end") });
    }
    let began = Instant::now();
    while Metrics::of(&one).await.value("stoa_nodes") < 2.0 {
        assert!(began.elapsed() < Duration::from_secs(20), "both are seen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(Metrics::of(&other).await.value("stoa_nodes"), 2.0);
}

#[tokio::test]
async fn a_node_whose_listener_is_lost_goes_on_reading() {
    let Some((one, other)) = two_nodes().await else { return };
    for node in [&one, &other] {
        jobs::start(&node.app);
    }
    let mut alice = one.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let path = format!("/item/{story}");
    for round in 0..4 {
        let lose = "select cast(count(pg_terminate_backend(pid)) as bigint) from pg_stat_activity \
                    where datname = current_database() and query ilike 'listen%'";
        one.number(lose).await;
        let comment = alice.reply(story, &format!("Comment {round}.")).await;
        wait_until_seen(&other, &path, comment).await;
    }
}
