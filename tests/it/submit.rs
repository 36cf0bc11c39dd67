//! Submitting: what a story needs, the same address twice, edits and deletions, titles taken from pages.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use stoa::clock::{DAY, HOUR, MINUTE};
use stoa::config::Switch;
use stoa::domain::user::Role;
use stoa::fetch::{Fetcher, Rules};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{Browser, Page, TestApp};

async fn submit(browser: &mut Browser, title: &str, url: &str, text: &str) -> Page {
    browser.post("/submit", &[("title", title), ("url", url), ("text", text)]).await
}

async fn points(app: &TestApp, id: i64) -> i64 {
    app.number(&format!("select score from items where id = {id}")).await
}

#[tokio::test]
async fn a_story_has_an_address_a_text_or_both() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    for (title, url, text) in [
        ("Only a link", "https://www.example.com/a", ""),
        ("Only a text", "", "Some *text*."),
        ("Link and text", "https://example.com/b", "Some *text*."),
    ] {
        let page = submit(&mut alice, title, url, text).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let story = alice.visit(&page.location().expect("the new story")).await;
        assert!(story.has(title) && story.has(">1 point<") && story.has(">alice<"), "{title}");
        assert_eq!(story.has(&format!("href=\"{url}\" rel=\"nofollow ugc\"")), !url.is_empty(), "{title}");
        assert_eq!(story.has("(example.com)"), !url.is_empty(), "{title}");
        assert_eq!(story.has("<p>Some <em>text</em>.</p>"), !text.is_empty(), "{title}");
    }
    let page = submit(&mut alice, "Nothing at all", "", " \n ").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("Give an address, a text, or both.") && page.has("value=\"Nothing at all\""));
    let page = submit(&mut app.visitor(), "By nobody", "https://example.com/c", "").await;
    assert!(page.status == StatusCode::UNAUTHORIZED && page.has("action=\"/login\""));
}

#[tokio::test]
async fn what_is_wrong_with_a_story_is_said_and_what_was_typed_kept() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let long = "x".repeat(81);
    for (title, url, words) in [
        ("", "https://example.com", "A story needs a title."),
        ("No", "https://example.com", "at least 3 characters"),
        (&long, "https://example.com", "at most 80 characters fit"),
        ("A \u{202e}turned title", "https://example.com", "control characters"),
        ("A title", "javascript:alert(1)", "it should begin with http:// or https://"),
        ("A title", "example.com/a", "did you mean https://example.com/a?"),
        ("A title", "https://me:secret@example.com/", "name or password before the @"),
    ] {
        let page = submit(&mut alice, title, url, "My text.").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{title} {url}");
        assert!(page.has(words), "{words}: {}", page.text());
        assert!(page.has(&format!("value=\"{url}\"")) && page.has(">My text.</textarea>"), "{title} {url}");
        assert!(page.has("One thing to mend") && page.has("aria-invalid"), "{title} {url}");
    }
    assert_eq!(app.number("select count(*) from items").await, 0);
    let family = "👩‍👩‍👧‍👦".repeat(80);
    assert_eq!(submit(&mut alice, &family, "", "Eighty seen characters.").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_title_gets_the_mark_of_what_the_address_leads_to() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.story("A paper", "https://example.com/paper.PDF").await;
    alice.story("Another [pdf]", "https://example.com/other.pdf").await;
    let page = app.visitor().get("/new").await;
    assert!(page.has(">A paper [pdf]<") && page.has(">Another [pdf]<"));
}

#[tokio::test]
async fn the_same_address_again_is_a_vote_for_the_story_that_is_there() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let first = alice.story("A story", "https://www.example.com/a/?utm_source=x&b=1#top").await;
    app.pass(8 * HOUR);
    for url in ["http://example.com/a?b=1", "https://EXAMPLE.com:443/a/?b=1&utm_medium=y"] {
        let page = submit(&mut bob, "Another title", url, "").await;
        assert_eq!(page.item(), first, "{url}");
    }
    assert_eq!((points(&app, first).await, app.karma("alice").await), (2, 2), "one vote, however often");
    assert_eq!(alice.story("Mine again", "https://example.com/a?b=1").await, first);
    assert_eq!(points(&app, first).await, 2, "nobody votes twice for their own");
    assert!(bob.get(&format!("/item/{first}")).await.has("you upvoted"));
    assert_ne!(bob.story("Another page", "https://example.com/a?b=2").await, first);

    app.pass(1);
    let second = bob.story("A second story", "https://example.com/a?b=1").await;
    assert_ne!(second, first, "after eight hours it is a story of its own");
}

#[tokio::test]
async fn a_text_sent_with_an_address_that_is_there_already_is_not_lost() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("A story", "https://example.com/a").await;
    let mut bob = app.member("bob").await;
    let page = submit(&mut bob, "The same", "https://example.com/a", "My thoughts on it.").await;
    assert!(page.has("counted as a vote") && page.has("My thoughts on it."), "{}", page.text());
    assert!(page.has(&format!("action=\"/item/{story}/reply\"")));
    assert_eq!(points(&app, story).await, 2);
}

#[tokio::test]
async fn nobody_votes_for_their_own_story_by_submitting_it_again() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    // As of an imported story whose name was handed over: there is no own vote.
    app.sql("delete from votes").await;
    assert_eq!(submit(&mut alice, "Again", "https://example.com/a", "").await.item(), story);
    assert_eq!(points(&app, story).await, 1);
}

#[tokio::test]
async fn a_popular_story_takes_the_votes_of_its_address_for_a_year() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let url = "https://example.com/a";
    let popular = alice.story("A story", url).await;
    app.sql(&format!("update items set base_points = 9, score = 10 where id = {popular}")).await;
    app.member("bob").await;
    app.pass(365 * DAY);
    let mut bob = app.log_in("bob").await;
    assert_eq!(bob.story("Again", url).await, popular);
    app.pass(1);
    let later = bob.story("A year later", url).await;
    assert_ne!(later, popular);

    let page = bob.get(&format!("/item/{later}")).await;
    assert!(page.has(&format!("Earlier: <a href=\"/item/{popular}\">1 year ago (0 comments)</a>")), "{}", page.text());
    assert!(!bob.get(&format!("/item/{popular}")).await.has("Earlier:"), "what came later is not earlier");
}

#[tokio::test]
async fn a_dead_or_deleted_story_does_not_hold_its_address() {
    let app = TestApp::new().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let url = "https://example.com/a";
    let killed = alice.story("A story", url).await;
    mia.post(&format!("/item/{killed}/kill"), &[("on", "true")]).await;
    let deleted = alice.story("A story", url).await;
    assert_ne!(deleted, killed);
    alice.post(&format!("/item/{deleted}/delete"), &[]).await;
    let third = bob.story("A story", url).await;
    assert!(third != deleted && third != killed);
    assert!(!bob.get(&format!("/item/{third}")).await.has("Earlier:"));
}

#[tokio::test]
async fn a_job_takes_no_votes_so_its_address_is_free() {
    let app = TestApp::new().await;
    app.import(include_str!("../fixtures/import/poll.jsonl")).await;
    app.sql(&format!("update items set time = {} where id = 2010", app.now().0)).await;
    let story = app.member("alice").await.story("About that mill", "https://example.com/jobs").await;
    assert_ne!(story, 2010);
    assert_eq!(app.number("select count(*) from votes where item_id = 2010").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn submitting_twice_at_once_makes_one_story() {
    let app = TestApp::new().await;
    let people =
        [app.member("alice").await, app.member("bob").await, app.member("carl").await, app.member("dora").await];
    let submissions: Vec<_> = people
        .into_iter()
        .map(|mut person| tokio::spawn(async move { person.story("A story", "https://example.com/a").await }))
        .collect();
    let mut ids = Vec::new();
    for submission in submissions {
        ids.push(submission.await.expect("submitted"));
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((app.number("select count(*) from items").await, points(&app, ids[0]).await), (1, 4));
}

#[tokio::test]
async fn a_title_says_which_section_a_story_belongs_to() {
    let app = TestApp::with(|settings| settings.short_name = Some("XY".to_owned())).await;
    let mut alice = app.member("alice").await;
    for title in
        ["Ask XY: one?", "ask: two?", "Ask HN: three?", "Ask ZZ: four?", "Asking: five?", "Show XY: six", "Six shows"]
    {
        alice.text_story(title, "Text.").await;
    }
    for (path, expected) in [("/ask", vec!["one?", "two?", "three?"]), ("/show", vec!["six"])] {
        let page = app.visitor().get(path).await;
        let all = ["one?", "two?", "three?", "four?", "five?", "six"];
        let found: Vec<&str> = all.into_iter().filter(|word| page.has(&format!("{word}</a>"))).collect();
        assert_eq!(found, expected, "{path}");
    }
    let asked = alice.text_story("Ask: to be renamed?", "Text.").await;
    alice.post(&format!("/item/{asked}/edit"), &[("title", "Show: renamed"), ("text", "Text.")]).await;
    assert!(!app.visitor().get("/ask").await.has("renamed") && app.visitor().get("/show").await.has("Show: renamed"));
}

#[tokio::test]
async fn a_story_can_be_edited_for_two_hours_and_what_it_was_is_kept() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let id = alice.text_story("A storry", "Some texxt.").await;
    let edit = format!("/item/{id}/edit");
    app.pass(2 * HOUR - 5 * MINUTE);
    let page = alice.get(&edit).await;
    assert!(page.has("value=\"A storry\"") && page.has(">Some texxt.</textarea>") && page.has("another 5 minutes"));
    let page = alice.post(&edit, &[("title", "No"), ("text", "Some text.")]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.has(">Some text.</textarea>"));
    let page = alice.post(&edit, &[("title", "A preview"), ("text", "*seen*"), ("preview", "true")]).await;
    assert!(page.has("<em>seen</em>") && app.visitor().get("/new").await.has("A storry"), "a preview changes nothing");
    let page = alice.submit(&edit, &[("title", "A story"), ("text", "Some text.")]).await;
    assert!(page.has("A story") && page.has("Some text.") && page.has("edited just now"));
    let kept =
        format!("select count(*) from revisions where item_id = {id} and title = 'A storry' and text = 'Some texxt.'");
    assert_eq!((app.number(&kept).await, app.number("select count(*) from revisions").await), (1, 1));

    app.pass(5 * MINUTE + 1);
    let page = alice.post(&edit, &[("title", "Too late"), ("text", "Some text.")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.has("it was open for 2 hours after posting"));
    assert!(!alice.get(&format!("/item/{id}")).await.has(">edit<"));
    let mut mia = app.person("mia", Role::Moderator).await;
    let page = mia.submit(&edit, &[("title", "A moderated story"), ("text", "Some text.")]).await;
    assert!(page.has("A moderated story"), "moderators edit at any time");
    let log = app.store.log(stoa::store::Acts::default(), 10).await.expect("the log");
    let acts: Vec<_> = log.iter().map(|act| (act.actor.as_deref(), act.act.as_str())).collect();
    assert_eq!(acts, [(Some("mia"), "edit")], "and what they do is recorded");
    let was = app.store.revisions(stoa::domain::item::ItemId(id)).await.expect("revisions");
    assert_eq!(was[0].title.as_deref(), Some("A story"));
}

#[tokio::test]
async fn a_deleted_story_goes_and_with_comments_its_place_stays() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let quiet = alice.story("Nobody answered", "https://example.com/a").await;
    let loud = alice.text_story("Somebody answered", "My secret.").await;
    let comment = bob.reply(loud, "Bob's answer.").await;
    for id in [quiet, loud] {
        assert_eq!(bob.post(&format!("/item/{id}/delete"), &[]).await.status, StatusCode::FORBIDDEN);
        let asked = alice.get(&format!("/item/{id}/delete")).await;
        assert!(asked.has("This cannot be undone.") && asked.has("answered"));
        assert_eq!(alice.post(&format!("/item/{id}/delete"), &[]).await.location().as_deref(), Some("/"));
        assert_eq!(alice.post(&format!("/item/{id}/delete"), &[]).await.status, StatusCode::GONE);
    }
    let mut visitor = app.visitor();
    assert_eq!(visitor.get(&format!("/item/{quiet}")).await.status, StatusCode::GONE);
    let page = visitor.get(&format!("/item/{loud}")).await;
    assert!(page.status == StatusCode::OK && page.has("Bob's answer.") && page.has("[deleted]"));
    assert!(!page.has("Somebody answered") && !page.has("My secret.") && !page.has(">alice<"));
    for list in ["/", "/new", "/user/alice/submissions", "/from/example.com", "/feed/top.atom"] {
        assert!(!visitor.get(list).await.has("answered"), "{list}");
    }
    assert_eq!(visitor.get(&format!("/item/{comment}")).await.status, StatusCode::OK);
    assert_eq!(
        app.number("select count(*) from revisions where text = 'My secret.'").await,
        1,
        "moderators can see it"
    );
}

#[tokio::test]
async fn a_preview_and_a_bookmarklet_submit_nothing() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let form = [("title", "A story"), ("url", ""), ("text", "> quoted\n\n*said*"), ("preview", "true")];
    let page = alice.post("/submit", &form).await;
    assert!(page.status == StatusCode::OK && page.has("<blockquote>") && page.has("<em>said</em>"));
    assert!(page.has("value=\"A story\"") && page.has("*said*</textarea>"));
    for query in [
        "u=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b&t=A+%22title%22",
        "url=https://example.com/?a=1%26b&title=A+%22title%22",
    ] {
        let page = alice.get(&format!("/submit?{query}")).await;
        assert!(
            page.has("value=\"https://example.com/?a=1&#38;b\"") && page.has("value=\"A &#34;title&#34;\""),
            "{query}"
        );
    }
    let bookmarklet = app.visitor().get("/bookmarklet").await;
    assert!(bookmarklet.has("javascript:location.href=") && bookmarklet.has("/submit?u="));
    assert_eq!(app.number("select count(*) from items").await, 0);
}

#[tokio::test]
async fn too_many_stories_have_to_wait_and_keep_their_text() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(Switch::On);
        settings.stories_per_hour = Some(2);
    })
    .await;
    let mut alice = app.member("alice").await;
    for number in 1..=2 {
        alice.text_story(&format!("Story {number}"), "Text.").await;
    }
    let page = submit(&mut alice, "Story 3", "", "What I typed.").await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1801"));
    assert!(
        page.has("Please wait 30 minutes") && page.has(">What I typed.</textarea>") && page.has("value=\"Story 3\"")
    );
    app.pass(1_801);
    assert_eq!(submit(&mut alice, "Story 3", "", "What I typed.").await.status, StatusCode::SEE_OTHER);
    let others = submit(&mut app.member("bob").await, "Story 4", "", "Text.").await;
    assert_eq!(others.status, StatusCode::SEE_OTHER, "each account has its own limit");
}

/// Every name is this machine.
struct Here;

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        let found = [SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)];
        Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
    }
}

/// A page of that title, answered once at a port of its own.
async fn page_with(title: &'static str) -> u16 {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0_u8; 2_048];
            let _ = stream.read(&mut head).await;
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<title>{title}</title>"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

#[tokio::test]
async fn the_title_of_a_page_is_suggested_without_a_script_and_with_one() {
    let rules = Rules {
        address: |ip| ip == IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: |_| true,
        names: Arc::new(Here),
        deadline: Duration::from_secs(3),
        bytes: 64 * 1024,
    };
    let app = TestApp::with_fetcher(|_| {}, Fetcher::within(rules, "Stoa/test").expect("a client")).await;
    let mut alice = app.member("alice").await;
    assert!(alice.get("/submit").await.has("name=\"suggest\""), "there is a button for it");
    let url = format!("http://page.test:{}/", page_with("Fish &amp; chips").await);
    let form = [("title", ""), ("url", url.as_str()), ("text", "My text."), ("suggest", "true")];
    let page = alice.post("/submit", &form).await;
    assert!(page.status == StatusCode::OK && page.has("value=\"Fish &#38; chips\""), "{}", page.text());
    assert!(page.has(&format!("value=\"{url}\"")) && page.has(">My text.</textarea>"));
    let json = alice.get(&format!("/submit/title?url={url}")).await;
    assert_eq!(json.text(), "{\"title\":\"Fish & chips\"}");
    for refused in ["http://10.0.0.1/", "ftp://page.test/", "", "http://127.0.0.2:1/"] {
        let form = [("title", "My title"), ("url", refused), ("text", "My text."), ("suggest", "true")];
        let page = alice.post("/submit", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
        assert!(page.has("value=\"My title\"") && page.has(&format!("value=\"{refused}\"")), "{refused}");
        assert!(page.has("id=\"url-error\"") && page.has(">My text.</textarea>"), "{refused}");
        let json = alice.get(&format!("/submit/title?url={refused}")).await;
        assert!(json.text().starts_with("{\"error\":\""), "{refused}");
    }
    assert_eq!(app.number("select count(*) from items").await, 0);
}
