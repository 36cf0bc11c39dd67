//! One's own writes, on a node that did not make them.

use std::time::Duration;

use tokio::time::Instant;

use crate::nodes::two_nodes;

#[tokio::test]
async fn what_somebody_wrote_on_one_node_is_on_the_next_page_of_another() {
    let Some((one, other)) = two_nodes().await else { return };
    let mut bob = one.member("bob").await;
    let mut alice = one.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let path = format!("/item/{story}");
    for round in 0..10 {
        let (here, there) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        // Both nodes have the page in memory, as a member and as a visitor sees it.
        for node in [here, there] {
            alice.at(node).get(&path).await;
            node.visitor().get(&path).await;
        }
        let comment = alice.at(here).reply(story, &format!("Comment {round}.")).await;
        let article = format!("#c{comment}");
        there.visitor().get(&path).await.finds(0, &article);
        alice.at(there).get(&path).await.finds(1, &article);
        there.visitor().get(&path).await.finds(1, &article);

        bob.at(here).get(&path).await;
        bob.at(there).get(&path).await;
        let score = other.number(&format!("select score from items where id = {comment}")).await;
        bob.at(there).vote(comment, "up").await;
        assert_eq!(other.number(&format!("select score from items where id = {comment}")).await, score + 1);
        let page = bob.at(here).get(&path).await;
        page.finds(1, &format!("{article} form.v[data-dir=up]"));
    }
}

#[tokio::test]
async fn a_node_that_cannot_read_what_others_wrote_answers_from_the_database() {
    let Some((one, other)) = two_nodes().await else { return };
    let mut alice = one.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let path = format!("/item/{story}");
    alice.at(&other).get(&path).await;
    other.visitor().get(&path).await;
    let comment = alice.at(&one).reply(story, "A comment.").await;
    let article = format!("#c{comment}");
    let mut db = one.connection().await;
    db.execute("begin; lock table changes in access exclusive mode").await;
    let began = Instant::now();
    alice.at(&other).get(&path).await.finds(1, &article);
    assert!(began.elapsed() >= Duration::from_millis(300), "it tried for as long as it may");
    other.visitor().get(&path).await.finds(0, &article);
    db.execute("rollback").await;
    other.store.detect_external_writes().await.expect("read");
    other.visitor().get(&path).await.finds(1, &article);
}

#[tokio::test]
async fn a_forged_mark_changes_nothing() {
    let Some((one, _)) = two_nodes().await else { return };
    let mut eve = one.visitor();
    for mark in ["", "x", "0.9223372036854775807", "0.-1", "0.99999999999999999999", "é.1"] {
        eve.cookies.insert("written".to_owned(), mark.to_owned());
        assert!(eve.get("/").await.status.is_success(), "{mark}");
    }
}

#[tokio::test]
async fn what_somebody_has_read_on_one_node_is_read_on_the_others() {
    let Some((one, other)) = two_nodes().await else { return };
    let mut alice = one.member("alice").await;
    let story = one.member("bob").await.text_story("A story", "Words.").await;
    let path = format!("/item/{story}");
    for node in [&one, &other] {
        alice.at(node).get(&path).await;
        node.store.flush_activity().await.expect("saved");
    }
    one.pass(3_600);
    one.session("bob").await.reply(story, "A comment.").await;
    let look = async || {
        for node in [&one, &other] {
            node.store.flush_activity().await.expect("saved");
            node.store.detect_external_writes().await.expect("read");
        }
    };
    look().await;
    let unread = "b.count";
    for node in [&one, &other] {
        assert_eq!(alice.at(node).get("/").await.texts(unread), ["1 new"]);
    }
    alice.at(&one).get(&path).await;
    // Once it is an hour old, a visit is over.
    one.pass(3_600);
    alice.at(&one).get(&path).await;
    look().await;
    for node in [&one, &other] {
        alice.at(node).get("/").await.finds(0, unread);
    }
}
