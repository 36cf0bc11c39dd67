//! Following a search: its new results are told once, to those who may see them.

use axum::http::StatusCode;
use stoa::clock::{DAY, MINUTE};
use stoa::domain::accounts::user::Role;
use stoa::domain::inbox::{FollowError, MAX_SEARCH_CHARS, MAX_SEARCHES};
use stoa::jobs::{tell_of_results_if_due, update_search_index};

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{kill, shadow};
use crate::support::sentences::refused;

async fn follow(member: &mut Browser, typed: &str, on: &str) -> Page {
    member.post("/search", &[("q", typed), ("on", on), ("goto", "/following")]).await
}

/// What the job does within some minutes.
async fn told(app: &TestApp) {
    app.pass(3 * MINUTE);
    update_search_index(&app.store, &app.app.search_index).await.expect("indexed");
    tell_of_results_if_due(&app.app).await.expect("told");
}

async fn inbox(member: &mut Browser) -> Vec<i64> {
    member.get("/inbox").await.comments()
}

#[tokio::test]
async fn new_results_of_a_followed_search_are_told_once_in_the_inbox() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let before = bob.text_story("A loom of old", "Words.").await;
    app.pass(1);
    let page = alice.get("/search?q=loom").await;
    page.finds(1, "form[method=post][action='/search']");
    app.visitor().get("/search?q=loom").await.finds(0, "form[method=post][action='/search']");
    assert_eq!(follow(&mut alice, "  loom ", "true").await.location().as_deref(), Some("/following"));
    alice.get("/search?q=loom").await.finds(1, "form[method=post] button[name=on][value=false]");
    alice.get("/following").await.finds(1, "main a[href='/search?q=loom&sort=date']");
    let story = bob.text_story("A new loom", "Words.").await;
    let comment = bob.reply(before, "This loom is older.").await;
    bob.text_story("Nothing of the kind", "Words.").await;
    told(&app).await;
    let page = alice.get("/inbox").await;
    assert_eq!(page.comments(), [comment, story], "not what was there before");
    assert!(page.says("posted a result of a search you follow"), "{}", page.words());
    told(&app).await;
    assert_eq!(inbox(&mut alice).await.len(), 2, "nothing is told twice");
    alice.text_story("My own loom", "Words.").await;
    follow(&mut alice, "loom", "false").await;
    bob.text_story("Another loom", "Words.").await;
    told(&app).await;
    assert_eq!(inbox(&mut alice).await.len(), 2, "nothing is told of what is followed no longer");
}

#[tokio::test]
async fn nobody_is_told_of_results_that_they_may_not_see_or_have_muted() {
    let app = TestApp::new().await;
    let (mut alice, mut eve, mut carl) =
        (app.member("alice").await, app.member("eve").await, app.member("carl").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    follow(&mut alice, "lathe", "true").await;
    alice
        .post("/settings/muted", &[("kind", "person"), ("value", "carl"), ("on", "true"), ("goto", "/")])
        .await;
    let killed = eve.text_story("A lathe that is killed", "Words.").await;
    kill(&mut mia, killed, true).await;
    carl.text_story("A lathe of somebody muted", "Words.").await;
    let seen = mia.text_story("A lathe for all", "Words.").await;
    app.pass(1);
    shadow(&app, "eve").await;
    eve.text_story("A lathe that only eve sees", "Words.").await;
    told(&app).await;
    assert!(inbox(&mut alice).await.contains(&seen));
    assert!(!inbox(&mut alice).await.contains(&killed));
    let rows = "select count(*) from inbox n join items i on i.id = n.item_id where i.dead is not null";
    assert_eq!(app.number(rows).await, 0);
}

#[tokio::test]
async fn a_condition_on_points_is_met_later_and_told_then() {
    let app = TestApp::new().await;
    let (mut alice, mut bob, mut carl) =
        (app.member("alice").await, app.member("bob").await, app.member("carl").await);
    follow(&mut alice, "anvil points>1", "true").await;
    app.pass(1);
    let story = bob.text_story("An anvil", "Words.").await;
    told(&app).await;
    assert!(inbox(&mut alice).await.is_empty());
    app.pass(DAY);
    carl.vote(story, "up").await;
    told(&app).await;
    assert_eq!(inbox(&mut alice).await, [story]);
}

#[tokio::test]
async fn how_much_can_be_followed_is_bounded() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    for empty in ["", " ", "\"\""] {
        let page = follow(&mut alice, empty, "true").await;
        refused(&page, StatusCode::BAD_REQUEST, FollowError::EmptySearch);
    }
    let long = "x".repeat(MAX_SEARCH_CHARS + 1);
    refused(&follow(&mut alice, &long, "true").await, StatusCode::BAD_REQUEST, FollowError::LongSearch);
    for nth in 0..MAX_SEARCHES {
        let page = follow(&mut alice, &format!("word{nth}"), "true").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }
    assert_eq!(follow(&mut alice, "word0", "true").await.status, StatusCode::SEE_OTHER, "that is known");
    assert_eq!(follow(&mut alice, "\0word0\u{1}", "true").await.status, StatusCode::SEE_OTHER);
    let page = follow(&mut alice, "another", "true").await;
    assert!(!page.status.is_success() && page.says("Unfollow some of them"), "{}", page.text());
}
