//! Submitting: what a story needs, the same address twice, edits and deletions, titles taken from pages.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use stoa::clock::{DAY, HOUR, MINUTE};
use stoa::domain::accounts::user::Role;
use stoa::fetch::{FetchPolicy, Fetcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::app::{Page, TestApp};
use crate::support::fixtures::{kill, score, submit};
use crate::support::page_parts::EARLIER;

/// How a text stands in a form, which is kept when it comes back.
const TEXT: &str = "main form textarea[name=text]";

/// The title and the address that the form to submit a story holds.
fn typed(page: &Page) -> (String, String) {
    (page.value("#title"), page.value("#url"))
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
        assert_eq!(story.one("main h1").text, title);
        let id = page.item();
        assert_eq!(story.points(id), Some(1), "{title}");
        story.finds(1, &format!("#i{id} a[href='/user/alice']"));
        let (link, site) = ("h1 a[rel='nofollow ugc']", "a[href='/from/example.com']");
        for selector in [link, site] {
            story.finds(usize::from(!url.is_empty()), &format!("#i{id} {selector}"));
        }
        assert!(story.all(link).iter().all(|link| link.attr("href") == url), "{title}");
        assert!(story.texts(site).iter().all(|site| site == "more from this site"), "{title}");
        let shown = story.texts(&format!("#i{id} > div > p"));
        assert_eq!(shown, if text.is_empty() { vec![] } else { vec!["Some text."] }, "{title}");
        story.finds(usize::from(!text.is_empty()), &format!("#i{id} > div > p > em"));
    }
    let page = submit(&mut alice, "Nothing at all", "", " \n ").await;
    assert_eq!((page.status, page.errors().len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert_eq!(page.errors()[0].1, "Enter an address, a text, or both.");
    assert_eq!(typed(&page).0, "Nothing at all");
    let page = submit(&mut app.visitor(), "By nobody", "https://example.com/c", "").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    page.finds(1, "form[action='/login']");
}

#[tokio::test]
async fn what_is_wrong_with_a_story_is_said_and_what_was_typed_kept() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let long = "x".repeat(81);
    for (title, url, field, words) in [
        ("", "https://example.com", "title", "A story needs a title."),
        ("No", "https://example.com", "title", "at least 3 characters"),
        (&long, "https://example.com", "title", "the limit is 80 characters"),
        ("A \u{202e}turned title", "https://example.com", "title", "invisible characters"),
        ("A title", "javascript:alert(1)", "url", "it should begin with http:// or https://"),
        ("A title", "example.com/a", "url", "Did you mean https://example.com/a?"),
        ("A title", "https://me:secret@example.com/", "url", "contains a user name or password"),
    ] {
        let page = submit(&mut alice, title, url, "My text.").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{title} {url}");
        assert_eq!(page.wrong(), [field], "{title} {url}");
        assert!(page.errors()[0].1.contains(words), "{words}: {:?}", page.errors());
        assert_eq!((typed(&page).1.as_str(), page.value(TEXT).as_str()), (url, "My text."), "{title}");
        assert!(page.one("[role=alert]").text.contains(words), "it is said once: {words}");
    }
    assert_eq!(app.number("select count(*) from items").await, 0);
    let family = "👩‍👩‍👧‍👦".repeat(80);
    assert_eq!(
        submit(&mut alice, &family, "", "Eighty seen characters.").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_title_gets_the_mark_of_what_the_address_leads_to() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.story("A paper", "https://example.com/paper.PDF").await;
    alice.story("Another [pdf]", "https://example.com/other.pdf").await;
    let page = app.visitor().get("/new").await;
    assert_eq!(page.titles(), ["Another [pdf]", "A paper [pdf]"]);
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
    assert_eq!((score(&app, first).await, app.karma("alice").await), (2, 2), "one vote, however often");
    assert_eq!(alice.story("Mine again", "https://example.com/a?b=1").await, first);
    assert_eq!(score(&app, first).await, 2, "nobody votes twice for their own");
    assert_eq!(bob.get(&format!("/item/{first}")).await.vote_on(first).as_deref(), Some("up"));
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
    assert!(page.one("main [role=status]").text.contains("counted as a vote"), "{}", page.text());
    assert_eq!(
        page.errors(),
        [(
            String::new(),
            "This address is under discussion already. Your text could be a comment there.".to_owned()
        )]
    );
    assert_eq!(
        page.fields(&format!("/item/{story}/reply")),
        [("text".to_owned(), "My thoughts on it.".to_owned())]
    );
    assert_eq!(score(&app, story).await, 2);
}

#[tokio::test]
async fn nobody_votes_for_their_own_story_by_submitting_it_again() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    // As of an imported story whose name was handed over: there is no own vote.
    app.sql("delete from votes").await;
    assert_eq!(submit(&mut alice, "Again", "https://example.com/a", "").await.item(), story);
    assert_eq!(score(&app, story).await, 1);
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
    let earlier = page.one(EARLIER);
    assert_eq!(earlier.attr("href"), format!("/item/{popular}"));
    assert_eq!(earlier.text, "1 year ago (0 comments)");
    // What came later is not earlier.
    bob.get(&format!("/item/{popular}")).await.finds(0, EARLIER);
}

#[tokio::test]
async fn a_dead_or_deleted_story_does_not_hold_its_address() {
    let app = TestApp::new().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let url = "https://example.com/a";
    let killed = alice.story("A story", url).await;
    kill(&mut mia, killed, true).await;
    let deleted = alice.story("A story", url).await;
    assert_ne!(deleted, killed);
    alice.post(&format!("/item/{deleted}/delete"), &[]).await;
    let third = bob.story("A story", url).await;
    assert!(third != deleted && third != killed);
    bob.get(&format!("/item/{third}")).await.finds(0, EARLIER);
}

#[tokio::test]
async fn a_job_takes_no_votes_so_its_address_is_free() {
    let app = TestApp::new().await;
    app.import(include_str!("../../fixtures/import/poll.jsonl")).await;
    app.sql(&format!("update items set time = {} where id = 2010", app.now().0)).await;
    let story = app.member("alice").await.story("About that mill", "https://example.com/jobs").await;
    assert_ne!(story, 2010);
    assert_eq!(app.number("select count(*) from votes where item_id = 2010").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn submitting_twice_at_once_makes_one_story() {
    let app = TestApp::new().await;
    let people = [
        app.member("alice").await,
        app.member("bob").await,
        app.member("carl").await,
        app.member("dora").await,
    ];
    let submissions: Vec<_> = people
        .into_iter()
        .map(|mut person| tokio::spawn(async move { person.story("A story", "https://example.com/a").await }))
        .collect();
    let mut ids = Vec::new();
    for submission in submissions {
        ids.push(submission.await.expect("submitted"));
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((app.number("select count(*) from items").await, score(&app, ids[0]).await), (1, 4));
}

#[tokio::test]
async fn a_title_says_which_section_a_story_belongs_to() {
    let app = TestApp::with(|settings| settings.short_name = Some("XY".to_owned())).await;
    let mut alice = app.member("alice").await;
    for title in [
        "Ask XY: one?",
        "ask: two?",
        "Ask HN: three?",
        "Ask ZZ: four?",
        "Asking: five?",
        "Show XY: six",
        "Six shows",
    ] {
        alice.text_story(title, "Text.").await;
    }
    for (path, expected) in [("/ask", vec!["one?", "three?", "two?"]), ("/show", vec!["six"])] {
        let titles = app.visitor().get(path).await.titles();
        let mut found: Vec<&str> = titles.iter().filter_map(|title| title.split(' ').next_back()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{path}");
    }
    let asked = alice.text_story("Ask: to be renamed?", "Text.").await;
    assert!(app.visitor().get("/ask").await.stories().contains(&asked));
    alice.post(&format!("/item/{asked}/edit"), &[("title", "Show: renamed"), ("text", "Text.")]).await;
    assert!(!app.visitor().get("/ask").await.stories().contains(&asked));
    let shown = app.visitor().get("/show").await;
    assert!(shown.stories().contains(&asked) && shown.titles().contains(&"Show: renamed".to_owned()));
}

#[tokio::test]
async fn a_story_can_be_edited_for_two_hours_and_what_it_was_is_kept() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let id = alice.text_story("A storry", "Some texxt.").await;
    let edit = format!("/item/{id}/edit");
    app.pass(2 * HOUR - 5 * MINUTE);
    let page = alice.get(&edit).await;
    assert_eq!((page.value("#title").as_str(), page.value(TEXT).as_str()), ("A storry", "Some texxt."));
    assert!(page.says("another 5 minutes"), "{}", page.text());
    let page = alice.post(&edit, &[("title", "No"), ("text", "Some text.")]).await;
    assert_eq!((page.status, page.value(TEXT).as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "Some text."));
    let page = alice.post(&edit, &[("title", "A preview"), ("text", "*seen*"), ("preview", "true")]).await;
    assert_eq!(page.one("main section em").text, "seen");
    assert_eq!(app.visitor().get("/new").await.titles(), ["A storry"], "a preview changes nothing");
    let page = alice.submit(&edit, &[("title", "A story"), ("text", "Some text.")]).await;
    assert_eq!(
        (page.one("main h1").text, page.one(&format!("#i{id} p")).text),
        ("A story".into(), "Some text.".into())
    );
    assert!(page.one(&format!("#i{id}")).text.contains("edited"), "{}", page.text());
    let way = format!("#i{id} a[href='{edit}']");
    page.finds(1, &way);
    let kept = format!(
        "select count(*) from revisions where item_id = {id} and title = 'A storry' and text = 'Some texxt.'"
    );
    assert_eq!((app.number(&kept).await, app.number("select count(*) from revisions").await), (1, 1));

    app.pass(5 * MINUTE + 1);
    let page = alice.post(&edit, &[("title", "Too late"), ("text", "Some text.")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    alice.get(&format!("/item/{id}")).await.finds(0, &way);
    let mut mia = app.person("mia", Role::Moderator).await;
    let page = mia.submit(&edit, &[("title", "A moderated story"), ("text", "Some text.")]).await;
    assert_eq!(page.one("main h1").text, "A moderated story", "moderators edit at any time");
    let log = app.store.log(stoa::store::LogFilter::default(), 10).await.expect("the log");
    let acts: Vec<_> = log.iter().map(|act| (act.actor.as_deref(), act.action.as_str())).collect();
    assert_eq!(acts, [(Some("mia"), "edit")], "and what they do is recorded");
    let was = app.store.revisions(stoa::domain::items::item::ItemId(id)).await.expect("revisions");
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
        assert!(asked.says("This cannot be undone.") && asked.one("main strong").text.ends_with(" answered"));
        assert_eq!(alice.post(&format!("/item/{id}/delete"), &[]).await.location().as_deref(), Some("/"));
        assert_eq!(alice.post(&format!("/item/{id}/delete"), &[]).await.status, StatusCode::GONE);
    }
    let mut visitor = app.visitor();
    assert_eq!(visitor.get(&format!("/item/{quiet}")).await.status, StatusCode::GONE);
    let page = visitor.get(&format!("/item/{loud}")).await;
    assert_eq!((page.status, page.comment(comment).as_str()), (StatusCode::OK, "Bob's answer."));
    assert_eq!(page.one(&format!("#i{loud} h1")).text, "Deleted story");
    for gone in ["Somebody answered", "My secret.", "alice"] {
        assert!(!page.mentions(gone), "{gone}: {}", page.text());
    }
    for list in ["/", "/new", "/user/alice/submissions", "/from/example.com"] {
        let page = visitor.get(list).await;
        assert!(page.stories().is_empty() && !page.mentions("answered"), "{list}");
    }
    assert!(!visitor.get("/feed/top.atom").await.has("answered"));
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
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.texts("main section :is(blockquote, em)"), ["quoted", "said"]);
    assert_eq!((typed(&page).0.as_str(), page.value(TEXT).as_str()), ("A story", "> quoted\n\n*said*"));
    for query in [
        "u=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b&t=A+%22title%22",
        "url=https://example.com/?a=1%26b&title=A+%22title%22",
    ] {
        let page = alice.get(&format!("/submit?{query}")).await;
        assert_eq!(
            typed(&page),
            ("A \"title\"".to_owned(), "https://example.com/?a=1&b".to_owned()),
            "{query}"
        );
    }
    let bookmarklet =
        app.visitor().get("/bookmarklet").await.one("main a[href^='javascript:location.href=']");
    assert!(bookmarklet.attr("href").contains("/submit?u="), "{bookmarklet:?}");
    assert_eq!(app.number("select count(*) from items").await, 0);
}

#[tokio::test]
async fn too_many_stories_have_to_wait_and_keep_their_text() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        settings.stories_per_hour = Some(2);
    })
    .await;
    let mut alice = app.member("alice").await;
    for number in 1..=2 {
        alice.text_story(&format!("Story {number}"), "Text.").await;
    }
    let page = submit(&mut alice, "Story 3", "", "What I typed.").await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1801"));
    assert!(page.errors()[0].1.contains("31 minutes"), "{:?}", page.errors());
    assert_eq!((typed(&page).0.as_str(), page.value(TEXT).as_str()), ("Story 3", "What I typed."));
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
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: \
                 close\r\n\r\n<title>{title}</title>"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

#[tokio::test]
async fn the_title_of_a_page_is_suggested_without_a_script_and_with_one() {
    let rules = FetchPolicy {
        address: |ip| ip == IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: |_| true,
        names: Arc::new(Here),
        deadline: Duration::from_secs(3),
        bytes: 64 * 1024,
    };
    let app = TestApp::with_fetcher(|_| {}, Fetcher::within(rules, "Stoa/test").expect("a client")).await;
    let mut alice = app.member("alice").await;
    alice.get("/submit").await.finds(1, "form[action='/submit'] button[name=suggest]");
    let url = format!("http://page.test:{}/", page_with("Fish &amp; chips").await);
    let form = [("title", ""), ("url", url.as_str()), ("text", "My text."), ("suggest", "true")];
    let page = alice.post("/submit", &form).await;
    assert_eq!((page.status, typed(&page)), (StatusCode::OK, ("Fish & chips".to_owned(), url.clone())));
    assert_eq!(page.value(TEXT), "My text.");
    let json = alice.get(&format!("/submit/title?url={url}")).await;
    assert_eq!(json.text(), "{\"title\":\"Fish & chips\"}");
    for refused in ["http://10.0.0.1/", "ftp://page.test/", "", "http://127.0.0.2:1/"] {
        let form = [("title", "My title"), ("url", refused), ("text", "My text."), ("suggest", "true")];
        let page = alice.post("/submit", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
        assert_eq!(typed(&page), ("My title".to_owned(), refused.to_owned()));
        assert_eq!(
            (page.wrong(), page.value(TEXT).as_str()),
            (vec!["url".to_owned()], "My text."),
            "{refused}"
        );
        let json = alice.get(&format!("/submit/title?url={refused}")).await;
        assert!(json.text().starts_with("{\"error\":\""), "{refused}");
    }
    assert_eq!(app.number("select count(*) from items").await, 0);
}
