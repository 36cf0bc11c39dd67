//! Duplicate submissions: the member is told what became of it, and their input is preserved.

use axum::http::StatusCode;

use crate::support::app::{Browser, Page, TestApp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const COUNTED: &str = "your submission counted as a vote for it";
const OWN: &str = "You submitted this address already";
const URL: &str = "https://example.com/paper?id=7&lang=en";

async fn submit(browser: &mut Browser, title: &str, url: &str, text: &str) -> Page {
    browser.submit("/submit", &[("title", title), ("url", url), ("text", text)]).await
}

/// Follows the way back to what was typed.
async fn back(browser: &mut Browser, page: &Page) -> Page {
    let href = page.all("main [role=status] a").pop().expect("a way back").attr("href").to_owned();
    assert!(href.starts_with("/submit?"), "{href}");
    browser.get(&href).await
}

#[tokio::test]
async fn another_members_address_counts_as_a_vote_and_says_so() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("The first title", URL).await;
    app.pass(3 * HOUR);
    let mut bob = app.member("bob").await;
    let page = submit(&mut bob, "A “better” title & more", URL, "").await;
    assert_eq!(page.status, StatusCode::OK);
    let said = page.one("main [role=status]").text;
    assert!(said.contains("This address was submitted 3 hours ago by alice"), "{said}");
    assert!(said.contains(COUNTED), "{said}");
    assert!(said.contains("A “better” title & more"), "{said}");
    assert_eq!(app.number(&format!("select score from items where id = {story}")).await, 2);
    let form = back(&mut bob, &page).await;
    assert_eq!(form.one("#title").attr("value"), "A “better” title & more");
    assert_eq!(form.one("#url").attr("value"), URL);
    let page = submit(&mut bob, "Again", URL, "").await;
    let said = page.one("main [role=status]").text;
    assert!(said.contains("you had voted for it before") && said.contains("“Again”"), "{said}");
    assert_eq!(app.number(&format!("select score from items where id = {story}")).await, 2);
}

#[tokio::test]
async fn ones_own_address_is_no_vote() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.story("The first title", URL).await;
    for minutes in [0, 5, 60] {
        app.pass(minutes * MINUTE);
        let page = submit(&mut alice, "The second title", URL, "").await;
        let said = page.one("main [role=status]").text;
        assert!(said.contains(OWN), "{said}");
        assert!(!said.contains("vote") && said.contains("“The second title”"), "{said}");
        assert_eq!(back(&mut alice, &page).await.one("#title").attr("value"), "The second title");
    }
    assert_eq!(app.number("select count(*) from items").await, 1);
    assert_eq!(app.number(&format!("select score from items where id = {story}")).await, 1);
}

#[tokio::test]
async fn a_text_that_came_along_is_offered_as_a_comment_and_the_title_is_kept_too() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.story("The first title", URL).await;
    app.pass(HOUR);
    let mut bob = app.member("bob").await;
    for (browser, expected) in [(&mut bob, COUNTED), (&mut alice, OWN)] {
        let page = submit(browser, "Another title", URL, "My thoughts.").await;
        assert!(page.says(expected) && page.says("“Another title”"), "{}", page.text());
        assert_eq!(page.one("textarea#text").text, "My thoughts.");
        let form = back(browser, &page).await;
        assert_eq!(form.one("#title").attr("value"), "Another title");
        assert_eq!(form.one("textarea#text").text, "My thoughts.");
    }
}

#[tokio::test]
async fn an_address_that_only_says_so_makes_nobody_believe_it() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("The first title", URL).await;
    let mut bob = app.member("bob").await;
    let path = format!("/item/{story}?again=%3Cb%3EBold%3C/b%3E");
    for path in [path.clone(), format!("{path}&voted=before")] {
        bob.get(&path).await.finds(0, "main [role=status]");
    }
    bob.vote(story, "up").await;
    let said = bob.get(&path).await.one("main [role=status]");
    assert!(said.text.contains("<b>Bold</b>"), "{}", said.html);
    app.visitor().get(&format!("/item/{story}?again=Title&vote=up")).await.finds(0, "main [role=status]");
}
