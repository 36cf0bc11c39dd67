//! The inbox under a secret address, for feed readers.

use atom_syndication::Feed;
use axum::http::{Method, StatusCode};
use stoa::config::Readers;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};

const REPLY: &str = "bob replied to you on “A <loom>”";

/// Makes an address; its path, as Atom.
async fn address(member: &mut Browser) -> String {
    let page = member.post("/inbox/feed", &[]).await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    let address = page.value("#address-atom");
    address[address.find("/feed/inbox/").expect("an address")..].to_owned()
}

async fn feed(app: &TestApp, path: &str) -> Feed {
    let page = app.visitor().get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    Feed::read_from(page.body.as_slice()).expect("well-formed Atom")
}

fn titles(feed: &Feed) -> Vec<&str> {
    feed.entries.iter().map(|entry| entry.title.value.as_str()).collect()
}

#[tokio::test]
async fn a_feed_reader_without_a_session_reads_what_the_inbox_tells() {
    let app = TestApp::new().await;
    let (mut alice, mut bob, mut mia) =
        (app.member("alice").await, app.member("bob").await, app.person("mia", Role::Moderator).await);
    let story = alice.text_story("A <loom>", "Words.").await;
    alice.get("/inbox").await.finds(1, "main a[href='/inbox/feed']");
    let path = address(&mut alice).await;
    assert!(feed(&app, &path).await.entries.is_empty());
    let comment = bob.reply(story, "What @alice *means*.").await;
    app.pass(1);
    mia.post("/user/alice/warn", &[("warning", "Please be kind.")]).await;
    let read = feed(&app, &path).await;
    assert_eq!(titles(&read), ["Inbox: from the moderators", REPLY]);
    let reply = &read.entries[1];
    assert!(reply.links[0].href.ends_with(&format!("/item/{comment}")));
    let html = reply.content.as_ref().and_then(|content| content.value.as_deref()).expect("a text");
    assert!(html.contains("<em>means</em>"), "{html}");
    let notice = read.entries[0].content.as_ref().and_then(|content| content.value.as_deref());
    assert!(notice.is_some_and(|text| text.contains("Please be kind.")), "{notice:?}");
    assert_eq!(alice.get("/").await.number("header a[href='/inbox']"), 2, "nothing is marked as read");
    // A killed comment is told of no longer.
    mia.post(&format!("/item/{comment}/kill"), &[("on", "true"), ("reason", "Rude.")]).await;
    assert!(!titles(&feed(&app, &path).await).contains(&REPLY));
}

#[tokio::test]
async fn a_feed_reader_asks_again_by_what_it_has_and_no_cache_keeps_it() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A story", "Words.").await;
    let path = address(&mut alice).await;
    let again = async |etag: &str| {
        app.visitor().send(Method::GET, &path, &[("if-none-match", etag)], None).await.status
    };
    let first: Page = app.visitor().get(&path).await;
    assert_eq!(first.header("cache-control"), "private, no-cache");
    assert_eq!(again(first.header("etag")).await, StatusCode::NOT_MODIFIED);
    bob.reply(story, "Something new.").await;
    assert_eq!(again(first.header("etag")).await, StatusCode::OK);
    for ending in ["rss", "json"] {
        let other = path.replace(".atom", &format!(".{ending}"));
        assert!(app.visitor().get(&other).await.mentions("bob replied to you"), "{ending}");
    }
}

#[tokio::test]
async fn another_address_ends_the_one_before_and_a_member_can_end_it() {
    let app = TestApp::with(|settings| settings.reading = Some(Readers::Members)).await;
    let mut alice = app.member("alice").await;
    let first = address(&mut alice).await;
    assert_eq!(app.visitor().get(&first).await.status, StatusCode::OK, "also where only members read");
    let second = address(&mut alice).await;
    assert_eq!(app.visitor().get(&first).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.visitor().get(&second).await.status, StatusCode::OK);
    alice.post("/inbox/feed/end", &[]).await;
    assert_eq!(app.visitor().get(&second).await.status, StatusCode::NOT_FOUND);
    alice.get("/inbox/feed").await.finds(0, "form[action='/inbox/feed/end']");
    address(&mut alice).await;
    alice.get("/inbox/feed").await.finds(1, "form[action='/inbox/feed/end']");
}
