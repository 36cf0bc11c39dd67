//! Feeds of lists, people, threads, sites and searches, in three formats, read by the parsers of others.

use atom_syndication::Feed;
use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::support::app::{Page, TestApp};

const LIKED: &str = "A liked one about rust";
const BASE: &str = "https://forum.example";

async fn forum() -> TestApp {
    TestApp::with(|settings| settings.base_url = Some(BASE.to_owned())).await
}

async fn read(app: &TestApp, path: &str) -> Page {
    let page = app.visitor().get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text());
    page
}

async fn atom(app: &TestApp, path: &str) -> Feed {
    Feed::read_from(read(app, path).await.body.as_slice()).expect("well-formed Atom")
}

async fn titles(app: &TestApp, path: &str) -> Vec<String> {
    atom(app, path).await.entries.into_iter().map(|entry| entry.title.value).collect()
}

#[tokio::test]
async fn a_feed_says_the_same_in_each_format() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let story = alice.story("Fish & <chips>", "https://example.com/a?b=1&c=2").await;
    let ours = format!("{BASE}/item/{story}");
    let feed = atom(&app, "/feed/new.atom").await;
    assert_eq!(feed.links[1].href, format!("{BASE}/feed/new.atom"));
    assert_eq!(feed.entries[0].links[0].href, "https://example.com/a?b=1&c=2");
    assert_eq!(feed.entries[0].links[1].href, ours);

    let page = read(&app, "/feed/new.rss").await;
    assert_eq!(page.header("content-type"), "application/rss+xml; charset=utf-8");
    let channel = rss::Channel::read_from(page.body.as_slice()).expect("well-formed RSS");
    let item = &channel.items()[0];
    assert_eq!(channel.atom_ext().expect("its own address").links()[0].href, format!("{BASE}/feed/new.rss"));
    assert_eq!(item.title(), Some("Fish & <chips>"));
    assert_eq!((item.link(), item.comments()), (Some("https://example.com/a?b=1&c=2"), Some(ours.as_str())));
    assert_eq!(
        item.guid().map(|guid| (guid.value(), guid.is_permalink())),
        Some((&*feed.entries[0].id, false))
    );
    assert_eq!(item.dublin_core_ext().expect("an author").creators(), ["alice"]);
    assert!(item.pub_date().expect("a date").ends_with(" GMT"));

    let page = read(&app, "/feed/new.json").await;
    assert_eq!(page.header("content-type"), "application/feed+json; charset=utf-8");
    let json: Value = serde_json::from_slice(&page.body).expect("JSON");
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(json["feed_url"], format!("{BASE}/feed/new.json"));
    let item = &json["items"][0];
    assert_eq!(
        (item["id"].as_str(), item["url"].as_str()),
        (Some(&*feed.entries[0].id), Some(ours.as_str()))
    );
    assert_eq!(item["external_url"], "https://example.com/a?b=1&c=2");
    assert_eq!(item["authors"][0]["name"], "alice");
}

#[tokio::test]
async fn a_feed_has_the_whole_text_with_links_that_lead_to_the_site() {
    let app = forum().await;
    let (mut alice, _) = (app.member("alice").await, app.member("bob").await);
    let text = "Said \u{7}by @bob and *others*.\n\n`a < b`";
    let story = alice.text_story("Ask: why?", text).await;
    alice.reply(story, "A comment & more.").await;
    let feed = atom(&app, "/feed/new.atom").await;
    let content = feed.entries[0].content.clone().expect("a text");
    let html = content.value.expect("a text");
    assert_eq!(content.content_type.as_deref(), Some("html"));
    for part in
        ["<em>others</em>", "a &lt; b", &format!("href=\"{BASE}/user/bob\""), "1 point, ", "1 comment"]
    {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains('\u{7}'), "{html}");
    let comments = atom(&app, "/feed/comments.atom").await;
    assert_eq!(comments.entries[0].title.value, "alice on “Ask: why?”");
    let titles_alone = atom(&app, "/feed/new.atom?description=0").await;
    assert!(titles_alone.entries[0].content.is_none());
}

#[tokio::test]
async fn people_threads_sites_and_searches_have_feeds() {
    let app = forum().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.story("Looms", "https://looms.example/x").await;
    app.pass(60);
    let comment = bob.reply(story, "The first comment.").await;
    app.pass(60);
    alice.reply(comment, "An answer to it.").await;
    app.pass(60);
    bob.text_story("Ask: another", "Words.").await;
    for (path, expected) in [
        ("/feed/user/alice.atom", &["alice on “Looms”", "Looms"][..]),
        ("/feed/user/alice/submissions.atom", &["Looms"]),
        ("/feed/user/bob/comments.atom", &["bob on “Looms”"]),
        ("/feed/user/bob/replies.atom", &["alice on “Looms”"]),
        ("/feed/user/alice/replies.atom", &["bob on “Looms”"]),
        (&format!("/feed/item/{story}.atom"), &["alice on “Looms”", "bob on “Looms”"]),
        (&format!("/feed/item/{comment}.atom"), &["alice on “Looms”"]),
        ("/feed/from/looms.example.atom", &["Looms"]),
        ("/feed/search.atom?q=LOOMS", &["Looms"]),
        ("/feed/search.atom?q=answer+author:alice", &["alice on “Looms”"]),
        ("/feed/search.atom", &[]),
        ("/feed/ask.atom", &["Ask: another"]),
        ("/feed/show.atom", &[]),
        ("/feed/active.atom", &["Looms"]),
        ("/feed/best.atom?count=1", &["Ask: another"]),
        ("/feed/best-comments.atom?q=first", &["bob on “Looms”"]),
    ] {
        let found = titles(&app, path).await;
        if path.starts_with("/feed/best.") {
            assert_eq!(found.len(), 1, "{path}");
        } else {
            assert_eq!(found, expected, "{path}");
        }
    }
    for wrong in [
        "/feed/other.atom",
        "/feed/top.xml",
        "/feed/top",
        "/feed/user/nobody.atom",
        "/feed/user/ALICE.atom",
        "/feed/user/alice/votes.atom",
        "/feed/item/x.atom",
        "/feed/from/.atom",
    ] {
        assert_eq!(app.visitor().get(wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn a_reader_narrows_a_feed_by_points_comments_and_words() {
    let app = forum().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let liked = alice.text_story(LIKED, "Words.").await;
    let talked = alice.text_story("One with talk", "Words.").await;
    alice.text_story("Neither", "Words.").await;
    bob.vote(liked, "up").await;
    bob.reply(talked, "A comment.").await;
    for (query, expected) in [
        ("points=2", &[LIKED][..]),
        ("comments=1", &["One with talk"]),
        ("q=RUST", &[LIKED]),
        ("q=rust+OR+talk", &["One with talk", LIKED]),
        ("q=nowhere", &[]),
        ("count=2", &["Neither", "One with talk"]),
        ("points=many", &["Neither", "One with talk", LIKED]),
    ] {
        assert_eq!(titles(&app, &format!("/feed/new.atom?{query}")).await, expected, "{query}");
    }
    let linked = alice.story("A link", "https://example.com/").await;
    let feed = atom(&app, "/feed/new.atom?count=1&link=comments").await;
    assert_eq!(feed.entries[0].links[0].href, format!("{BASE}/item/{linked}"));
    assert_eq!(feed.links[1].href, format!("{BASE}/feed/new.atom?count=1&link=comments"));
}

#[tokio::test]
async fn a_feed_that_has_not_changed_is_not_sent_again() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    alice.text_story("A story", "Words.").await;
    for path in ["/feed/new.atom", "/feed/new.rss", "/feed/new.json"] {
        let page = read(&app, path).await;
        for known in
            [("if-none-match", page.header("etag")), ("if-modified-since", page.header("last-modified"))]
        {
            let again = app.visitor().send(Method::GET, path, &[known], None).await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path} {known:?}");
        }
        let other = [("if-none-match", "W/\"other\""), ("if-modified-since", page.header("last-modified"))];
        let again = app.visitor().send(Method::GET, path, &other, None).await;
        assert_eq!(again.status, StatusCode::OK, "the tag counts: {path}");
    }
}

#[tokio::test]
async fn what_a_visitor_may_not_see_is_in_no_feed() {
    let app = forum().await;
    let (mut alice, mut sly) = (app.member("alice").await, app.member("sly").await);
    let story = alice.text_story("A story", "Words.").await;
    sly.reply(story, "A hidden comment.").await;
    sly.text_story("A hidden story", "Words.").await;
    app.sql("update items set dead = 'shadow' where author_id = (select id from users where name = 'sly')")
        .await;
    let app = app.without_memory();
    for path in [
        "/feed/top.json",
        "/feed/new.json",
        "/feed/comments.json",
        "/feed/best-comments.json",
        "/feed/active.json",
        "/feed/user/sly.json",
        "/feed/user/sly/comments.json",
        "/feed/user/alice/replies.json",
        "/feed/search.json?q=hidden",
        &format!("/feed/item/{story}.json"),
    ] {
        for mut reader in [app.visitor(), app.browser_of(&sly)] {
            let page = reader.get(path).await;
            let json: Value = serde_json::from_slice(&page.body).expect("JSON");
            let items = json["items"].as_array().expect("a list").clone();
            let told = items.iter().any(|item| item.to_string().contains("A hidden "));
            assert!(!told, "{path}: {json}");
        }
    }
}

#[tokio::test]
async fn the_points_of_comments_cannot_be_asked_of_a_feed() {
    let app = forum().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A story", "Words.").await;
    let comment = bob.reply(story, "A comment.").await;
    alice.vote(comment, "up").await;
    for points in [1, 2, 3, 100] {
        let found = titles(&app, &format!("/feed/comments.atom?points={points}")).await;
        assert_eq!(found, ["bob on “A story”"], "{points}");
    }
}
