//! Many who ask for the same at the same moment: what is the same for all of them is worked out once.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};

/// A forum with some stories, and members who look at it.
async fn forum(members: usize) -> (TestApp, Browser, Vec<Browser>) {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    for nth in 0..5 {
        alice.story(&format!("Story {nth}"), &format!("https://example.com/{nth}")).await;
    }
    let mut people = Vec::new();
    for nth in 0..members {
        let name = format!("reader{nth}");
        app.account(&name, Role::Member).await;
        people.push(app.session(&name).await);
    }
    (app, alice, people)
}

/// Everybody asks for a page at once, and each sees what they should.
async fn wave(people: &[Browser], path: &'static str, sees: impl Fn(&Page) -> bool) {
    let visits = people.iter().cloned().map(|mut person| tokio::spawn(async move { person.get(path).await }));
    for visit in visits.collect::<Vec<_>>() {
        let page = visit.await.expect("an answer");
        assert!(page.status == StatusCode::OK && sees(&page), "{path}: {}", page.text());
    }
}

#[tokio::test]
async fn a_wave_of_members_has_a_list_ordered_and_its_rows_read_once() {
    let (app, mut alice, people) = forum(60).await;
    for path in ["/", "/best", "/active", "/past?day=2026-11-23"] {
        let story = alice.story("One more", &format!("https://example.org{path}")).await;
        alice.reply(story, "A comment.").await;
        let before = (app.app.lists.ordered(), app.app.rows.reads());
        wave(&people, path, |page| page.stories().contains(&story)).await;
        wave(&people, path, |page| page.stories().contains(&story)).await;
        let after = (app.app.lists.ordered(), app.app.rows.reads());
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1), "{path}");
    }
    // Votes leave the order as it is for up to a minute, and show in the rows at once.
    let story = alice.story("The last one", "https://example.net/").await;
    wave(&people, "/", |page| page.points(story) == Some(1)).await;
    let before = (app.app.lists.ordered(), app.app.rows.reads());
    people[0].clone().vote(story, "up").await;
    wave(&people, "/", |page| page.points(story) == Some(2)).await;
    let after = (app.app.lists.ordered(), app.app.rows.reads());
    assert_eq!((after.0 - before.0, after.1 - before.1), (0, 1));
}

#[tokio::test]
async fn where_nothing_may_be_kept_no_list_is() {
    let (app, _, people) = forum(1).await;
    let forgetful = app.without_memory();
    let mut reader = forgetful.browser_of(&people[0]);
    for times in 1..4 {
        assert_eq!(reader.get("/").await.status, StatusCode::OK);
        assert_eq!(forgetful.app.lists.ordered(), times);
    }
}
