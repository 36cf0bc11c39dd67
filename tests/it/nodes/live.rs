//! Event streams of a forum on several nodes.

use std::time::Duration;

use stoa::domain::accounts::user::Role;
use stoa::jobs;
use tokio::time::Instant;

use crate::live::Listener;
use crate::nodes::two_nodes;

#[tokio::test]
async fn a_comment_on_one_node_is_told_on_the_other_within_a_second() {
    let Some((one, other)) = two_nodes().await else { return };
    for node in [&one, &other] {
        jobs::start(&node.app);
    }
    let mut alice = one.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let address = format!("/events?thread={story}");
    let mut bob = one.member("bob").await;
    let mut inbox = Listener::open(alice.at(&other), "/events").await;
    alice.at(&one);
    assert_eq!(inbox.next().await.data, "0");
    let mut there = Listener::open(&mut other.visitor(), &address).await;
    let (mut slowest, mut last) = (Duration::ZERO, String::new());
    for round in 1..=5 {
        let comment = bob.reply(story, &format!("Comment {round}.")).await;
        let began = Instant::now();
        last = there.hears("comments", &[comment]).await.pop().expect("one").id.expect("an id");
        slowest = slowest.max(began.elapsed());
        assert_eq!(inbox.next().await.data, round.to_string());
    }
    assert!(slowest < Duration::from_secs(1), "the slowest took {slowest:?}");

    // What came while nobody listened is told by whichever node is asked next.
    drop(there);
    one.pass(120);
    let missed = bob.reply(story, "Missed.").await;
    for node in [&one, &other] {
        let mut again = Listener::resume(&mut node.visitor(), &address, Some(&last)).await;
        again.hears("comments", &[missed]).await;
    }
}

#[tokio::test]
async fn a_ban_on_one_node_ends_the_streams_on_the_other() {
    let Some((one, other)) = two_nodes().await else { return };
    for node in [&one, &other] {
        jobs::start(&node.app);
    }
    let mut mallory = one.member("mallory").await;
    one.account("mod", Role::Moderator).await;
    let stream = Listener::open(mallory.at(&other), "/events").await;
    one.ban("mallory").await;
    stream.ends().await;
}
