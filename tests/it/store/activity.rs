//! What a look at a page leaves behind: its member sees it at once, and nobody waits for it to be written.

use std::time::Duration;

use axum::http::StatusCode;
use stoa::clock::{HOUR, MINUTE};
use tokio::time::timeout;

use crate::support::app::{Page, TestApp};

const VISITS: &str = "select count(*) from visits";
/// The way to the replies, with how many are unread.
const REPLIES: &str = "header a[href='/inbox']";

#[tokio::test]
async fn looks_of_many_members_are_written_together() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let stories = [alice.text_story("One", "Words.").await, alice.text_story("Other", "Words.").await];
    let mut people = Vec::new();
    for nth in 0..20 {
        let name = format!("reader{nth}");
        app.account(&name, stoa::domain::accounts::user::Role::Member).await;
        people.push(app.session(&name).await);
    }
    // Long enough for the use of a session to be noted.
    app.pass(2 * HOUR);
    let mut watch = app.watch().await;
    for person in &mut people {
        for story in stories.iter().chain(&stories) {
            assert_eq!(person.get(&format!("/item/{story}")).await.status, StatusCode::OK);
        }
    }
    assert!(!watch.changed().await, "nobody who reads writes");
    assert_eq!(app.number(VISITS).await, 0);
    app.store.flush_activity().await.expect("written");
    assert!(watch.changed().await);
    assert_eq!(app.number(VISITS).await, 40, "one each and thread");
    let now = app.now();
    assert_eq!(app.number(&format!("select count(*) from visits where last_seen_at = {}", now.0)).await, 40);
    assert_eq!(
        app.number(&format!("select count(*) from sessions where last_used_at = {}", now.0)).await,
        20
    );
    app.store.flush_activity().await.expect("nothing to write");
    assert!(!watch.changed().await, "what is written is not written again");
}

#[tokio::test]
async fn who_reads_does_not_wait_for_who_writes() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A story", "Words.").await;
    app.pass(MINUTE);
    bob.reply(story, "An answer.").await;
    app.pass(2 * HOUR);
    assert_eq!(alice.get("/").await.number(REPLIES), 1, "nothing has been read yet");
    let mut other = app.connection().await;
    other.hold_writes().await;
    let reading = async {
        for path in ["/inbox".to_owned(), format!("/item/{story}"), "/".to_owned(), format!("/item/{story}")]
        {
            assert_eq!(alice.get(&path).await.status, StatusCode::OK, "{path}");
        }
        assert_eq!(alice.get("/").await.number(REPLIES), 0, "they have been read");
    };
    timeout(Duration::from_secs(4), reading)
        .await
        .expect("a writer that is held for as long as it takes is not waited for");
    other.execute("rollback").await;
    app.store.flush_activity().await.expect("written");
    assert_eq!(app.number(VISITS).await, 1);
}

#[tokio::test]
async fn what_somebody_has_seen_is_seen_at_once_and_ever_after() {
    for writes in [false, true] {
        let app = TestApp::new().await;
        let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
        let write = async || {
            if writes {
                app.store.flush_activity().await.expect("written");
            }
        };
        let story = alice.story("A story", "https://example.com/a").await;
        let thread = format!("/item/{story}");
        bob.get(&thread).await;
        write().await;
        app.pass(HOUR);
        let comment = bob.reply(story, "Bob's.").await;
        alice.reply(comment, "New, and for Bob.").await;
        app.pass(MINUTE);
        // How many comments of the story are new, and how many replies are unread, as the list says.
        let unseen = format!("#i{story} a > b");
        let said = |page: &Page| (page.texts(&unseen), page.number(REPLIES));
        let one_of_each = (vec!["1 new".to_owned()], 1);
        for _ in 0..2 {
            assert_eq!(said(&bob.get("/new").await), one_of_each, "{writes}");
            write().await;
        }
        for _ in 0..2 {
            bob.get("/inbox").await.finds(1, "article.new");
            assert_eq!(said(&bob.get("/new").await), one_of_each, "{writes}: the inbox marks nothing");
            write().await;
        }
        for _ in 0..2 {
            bob.get(&thread).await.finds(1, "article.new");
            assert_eq!(said(&bob.get("/new").await), (vec![], 0), "{writes}: the thread has been seen");
            bob.get("/inbox").await.finds(0, "article.new");
            write().await;
        }
        app.pass(MINUTE);
        alice.reply(comment, "Another for Bob.").await;
        app.pass(MINUTE);
        assert_eq!(said(&bob.get("/new").await), one_of_each, "{writes}");
        app.pass(2 * HOUR);
        let page = bob.get("/settings/sessions").await;
        let seen = &page.all("main li:has(b) time")[0];
        assert_eq!(
            (seen.attr("datetime"), seen.text.as_str()),
            ("2026-11-23T15:03:00Z", "just now"),
            "{writes}"
        );
    }
}

#[tokio::test]
async fn a_forum_that_stops_keeps_what_was_seen_last() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    alice.get(&format!("/item/{story}")).await;
    assert_eq!(app.number(VISITS).await, 0);
    app.store.close().await;
    assert_eq!(app.number(VISITS).await, 1);
}
