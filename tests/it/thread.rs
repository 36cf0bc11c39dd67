//! A story's page and its thread as somebody sees it; what machines read; what is not there.

use atom_syndication::Feed;
use axum::http::{Method, StatusCode};
use stoa::clock::{DAY, HOUR, MINUTE};
use stoa::domain::user::Role;

use crate::app::{Browser, TestApp};

/// The comment count at the head of a story's page, as a visitor reads it.
async fn comments_of(app: &TestApp, story: i64) -> String {
    let page = app.visitor().get(&format!("/item/{story}")).await.text();
    let talk = page.split("<a class=\"talk\" href=\"#comments\">").nth(1).expect("a count");
    talk.split('<').next().unwrap_or_default().to_owned()
}

async fn kill(moderator: &mut Browser, id: i64, on: bool) {
    let form = [("on", if on { "true" } else { "false" }), ("reason", "spam")];
    let page = moderator.post(&format!("/item/{id}/kill"), &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn comments_stand_in_the_order_asked_for_and_a_member_s_choice_is_kept() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.story("A story", "https://example.com/a").await;
    let first = alice.reply(story, "The first.").await;
    app.pass(HOUR);
    let second = alice.reply(story, "The second.").await;
    app.pass(HOUR);
    let third = alice.reply(story, "The third.").await;
    alice.reply(second, "A reply.").await;
    bob.vote(first, "up").await;
    app.pass(2 * DAY);
    let mut visitor = app.visitor();
    for (order, expected) in [
        ("best", [first, second, third]),
        ("newest", [third, second, first]),
        ("oldest", [first, second, third]),
        ("replies", [second, first, third]),
    ] {
        let page = visitor.get(&format!("/item/{story}?order={order}")).await;
        let places = expected.map(|id| page.place_of(&format!("id=\"c{id}\"")));
        assert!(places.is_sorted(), "{order}: {places:?}");
        assert!(page.has(&format!("<option value=\"{order}\" selected>")), "{order}");
    }
    let mut bob = app.log_in("bob").await;
    let page = bob.submit(&format!("/item/{story}/order"), &[("order", "newest")]).await;
    assert!(page.place_of("The third.") < page.place_of("The first."));
    let again = app.log_in("bob").await.get(&format!("/item/{story}")).await;
    assert!(again.place_of("The third.") < again.place_of("The first."), "in another browser too");
    let refused = bob.post(&format!("/item/{story}/order"), &[("order", "loudest")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_comment_s_page_shows_what_it_answers_and_what_answers_it() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    let top = alice.reply(story, "Grandparent.").await;
    let parent = alice.reply(top, "Parent.").await;
    let child = alice.reply(parent, "Child.").await;
    alice.reply(top, "An aunt.").await;
    let page = app.visitor().get(&format!("/item/{parent}")).await;
    assert!(page.place_of("Grandparent.") < page.place_of("<p>Parent.</p>"));
    assert!(page.place_of("<p>Parent.</p>") < page.place_of("Child."));
    assert!(!page.has("An aunt."), "what stands beside it is not shown");
    assert!(page.has("<title>alice on A story | Stoa</title>") && page.has("1 reply</h2>"));
    assert!(page.has(&format!("href=\"/item/{top}\">parent<")) && page.has(&format!("/item/{story}#c{parent}")));
    assert!(page.has(&format!("id=\"c{child}\"")));
}

#[tokio::test]
async fn what_is_new_since_the_last_visit_is_marked() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.story("A story", "https://example.com/a").await;
    let thread = format!("/item/{story}");
    let old = alice.reply(story, "Old.").await;
    let first = bob.get(&thread).await;
    assert!(!first.has("<b>new</b>"), "on a first visit nothing is old");
    app.pass(HOUR);
    let new = [alice.reply(old, "New.").await, alice.reply(story, "Newer.").await];
    let own = bob.reply(story, "Bob's own.").await;
    app.pass(MINUTE);
    assert!(bob.get("/new").await.has("(2 new)"));
    assert!(!app.visitor().get("/new").await.has("new)") && !alice.get("/new").await.has("(2 new)"));
    let page = bob.get(&thread).await;
    for id in new {
        assert!(page.has(&format!("<article class=\"c new\" id=\"c{id}\">")), "{id}");
    }
    for id in [old, own] {
        assert!(page.has(&format!("<article class=\"c\" id=\"c{id}\">")), "{id}");
    }
    assert!(page.has(">2 new ↓<") && page.count("<b>new</b>") == 2);
    assert!(!bob.get("/new").await.has("new)"), "they have been seen");
    app.pass(29 * MINUTE);
    assert_eq!(bob.get(&thread).await.count("<b>new</b>"), 2, "a reload keeps the marks");
    app.pass(31 * MINUTE);
    assert_eq!(bob.get(&thread).await.count("<b>new</b>"), 0, "half an hour later is another visit");
}

#[tokio::test]
async fn ages_follow_the_clock_and_name_the_exact_time() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("A story", "https://example.com/a").await;
    for (pass, words) in [(0, "just now"), (60, "1 minute ago"), (3 * HOUR, "3 hours ago"), (2 * DAY, "2 days ago")] {
        app.pass(pass);
        for path in ["/new".to_owned(), format!("/item/{story}")] {
            let time = format!("<time datetime=\"2026-11-23T12:00:00Z\">{words}</time>");
            assert!(app.visitor().get(&path).await.has(&time), "{path} {words}");
        }
    }
}

#[tokio::test]
async fn a_dead_comment_shows_to_its_author_to_moderators_and_to_those_who_ask_for_it() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.story("A story", "https://example.com/a").await;
    let comment = alice.reply(story, "Buy my loom.").await;
    kill(&mut mia, comment, true).await;
    let thread = format!("/item/{story}");
    for browser in [&mut alice, &mut mia] {
        let page = browser.get(&thread).await;
        assert!(page.has("Buy my loom.") && page.has("<em>[dead]</em>"));
    }
    for browser in [&mut bob, &mut app.visitor()] {
        assert!(!browser.get(&thread).await.has("Buy my loom."));
        let own_page = browser.get(&format!("/item/{comment}")).await;
        assert_eq!(own_page.status, StatusCode::FORBIDDEN);
        assert!(!own_page.has("Buy my loom.") && own_page.has("Out of sight"));
        for list in ["/comments", "/comments/best", "/user/alice/comments"] {
            assert!(!browser.get(list).await.has("Buy my loom."), "{list}");
        }
    }
    bob.post("/settings", &[("about", ""), ("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
    for path in [thread.as_str(), "/comments", "/user/alice/comments"] {
        let page = bob.get(path).await;
        assert!(page.has("Buy my loom.") && page.has("[dead]"), "{path}");
    }
    kill(&mut mia, story, true).await;
    for list in ["/", "/new", "/best", "/from/example.com", "/feed/top.atom", "/search?q=story"] {
        assert!(!app.visitor().get(list).await.has("A story"), "{list}");
    }
    assert!(mia.get("/new").await.has("A story") && bob.get("/new").await.has("[dead]"));
}

#[tokio::test]
async fn a_deleted_comment_goes_and_with_a_reply_its_place_stays() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.story("A story", "https://example.com/a").await;
    let leaf = alice.reply(story, "A leaf.").await;
    let branch = alice.reply(story, "A branch.").await;
    bob.reply(branch, "A twig.").await;
    for id in [leaf, branch] {
        alice.post(&format!("/item/{id}/delete"), &[]).await;
    }
    let mut visitor = app.visitor();
    let page = visitor.get(&format!("/item/{story}")).await;
    assert!(!page.has("A leaf.") && !page.has("A branch.") && page.has("A twig."));
    assert!(!page.has(&format!("id=\"c{leaf}\"")) && page.has(&format!("id=\"c{branch}\"")));
    assert_eq!(page.count("[deleted]"), 1);
    let gone = visitor.get(&format!("/item/{leaf}")).await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(gone.has("Its author has deleted this") && gone.has("href=\"/\">Go to the front page"));
    let kept = visitor.get(&format!("/item/{branch}")).await;
    assert_eq!(kept.status, StatusCode::OK);
    assert!(kept.has("A twig.") && kept.has("[deleted]") && !kept.has("A branch.") && kept.has("noindex"));
}

#[tokio::test]
async fn the_comment_count_is_what_a_visitor_may_see() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let mut eve = app.member("eve").await;
    app.sql("update users set shadowed_at = 1 where name = 'eve'").await;
    let story = alice.story("A story", "https://example.com/a").await;
    assert_eq!(comments_of(&app, story).await, "0 comments");
    let first = alice.reply(story, "One.").await;
    let second = alice.reply(first, "Two.").await;
    assert_eq!(comments_of(&app, story).await, "2 comments");
    eve.reply(story, "Unheard.").await;
    assert_eq!(comments_of(&app, story).await, "2 comments", "a shadow-banned comment does not count");
    kill(&mut mia, first, true).await;
    assert_eq!(comments_of(&app, story).await, "1 comment");
    kill(&mut mia, first, false).await;
    assert_eq!(comments_of(&app, story).await, "2 comments");
    alice.post(&format!("/item/{second}/delete"), &[]).await;
    assert_eq!(comments_of(&app, story).await, "1 comment");
    kill(&mut mia, first, true).await;
    alice.post(&format!("/item/{first}/delete"), &[]).await;
    assert_eq!(comments_of(&app, story).await, "0 comments", "what was dead is not taken off twice");
}

#[tokio::test]
async fn a_refusal_leads_back_and_does_not_look_like_a_log_out() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let from = |page: &'static str| [("host", "forum.example"), ("referer", page)];
    let refused = alice.send(Method::GET, "/mod", &from("http://forum.example/item/3?order=newest"), None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.has("href=\"/item/3?order=newest\">Go back to where you were"), "{}", refused.text());
    assert!(!refused.has(">log in<") && refused.has("href=\"/replies\""), "the header knows of a session");
    for page in ["https://elsewhere.example/item/3", "http://forum.example/mod", "not an address"] {
        let refused = alice.send(Method::GET, "/mod", &[("host", "forum.example"), ("referer", page)], None).await;
        assert!(!refused.has("Go back") && refused.has("Go to the front page"), "{page}: {}", refused.text());
    }
    let missed = app.visitor().send(Method::GET, "/nothing", &from("http://forum.example/new"), None).await;
    assert!(missed.has(">log in<") && missed.has("href=\"/new\">Go back"), "{}", missed.text());
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_has_a_page_that_helps() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = app.member("bob").await.story("A story", "https://example.com/a").await;
    for (path, status, words) in [
        ("/nothing", StatusCode::NOT_FOUND, "There is nothing at this address"),
        ("/item/999", StatusCode::NOT_FOUND, "There is nothing at this address"),
        ("/item/abc", StatusCode::NOT_FOUND, "nothing at this address"),
        ("/logout", StatusCode::METHOD_NOT_ALLOWED, "does not take that kind of request"),
        (&format!("/item/{story}/edit"), StatusCode::FORBIDDEN, "You can edit only what you wrote yourself."),
        (&format!("/item/{story}/delete"), StatusCode::FORBIDDEN, "only what you wrote yourself"),
    ] {
        let page = alice.get(path).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.has(words) && page.has("Go to the front page"), "{path}: {}", page.text());
        assert!(page.has("noindex") && page.header("content-type").starts_with("text/html"), "{path}");
    }
    assert_eq!(alice.get("/logout").await.header("allow"), "POST");
    app.sql("alter table items rename to elsewhere").await;
    let page = app.visitor().get("/new").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.has("That is the site&#39;s fault, not yours") && !page.has("no such table"), "{}", page.text());
    let headers = [("accept", "application/json")];
    let json = app.visitor().send(Method::GET, "/new", &headers, None).await;
    assert!(json.text().starts_with("{\"error\":"), "the script gets a sentence, not a page");
}

#[tokio::test]
async fn the_feed_is_atom_with_the_stories_of_the_front_page() {
    let app = TestApp::with(|settings| settings.base_url = Some("https://forum.example".to_owned())).await;
    let mut alice = app.member("alice").await;
    let link = alice.story("Fish & <chips>", "https://example.com/a?b=1&c=2").await;
    alice.text_story("Ask: why?", "Because \u{1}of & that.").await;
    let page = app.visitor().get("/feed/top.atom").await;
    assert_eq!(page.header("cache-control"), "public, no-cache", "whoever keeps it asks whether it is still so");
    let etag = [("if-none-match", page.header("etag"))];
    let again = app.visitor().send(Method::GET, "/feed/top.atom", &etag, None).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert!(page.header("content-type").starts_with("application/atom+xml"));
    let feed = Feed::read_from(page.body.as_slice()).expect("well-formed Atom");
    let front = app.visitor().get("/").await;
    let mut places = Vec::new();
    for entry in &feed.entries {
        let id = entry.id.trim_start_matches("https://forum.example/item/");
        places.push(front.place_of(&format!("id=\"i{id}\"")));
    }
    assert!(places.len() == 2 && places.is_sorted(), "{places:?}");
    let entry = feed.entries.iter().find(|entry| entry.id.ends_with(&format!("/{link}"))).expect("the link");
    assert_eq!(entry.title.value, "Fish & <chips>");
    assert_eq!(entry.links[0].href, "https://example.com/a?b=1&c=2");
    assert_eq!(entry.authors[0].name, "alice");
    assert_eq!(entry.published.expect("a time").timestamp(), app.now().0);
}

#[tokio::test]
async fn machines_are_told_what_a_page_is() {
    let app = TestApp::with(|settings| settings.base_url = Some("https://forum.example".to_owned())).await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("Fish & \"chips\"", "A *long* story.").await;
    let mut visitor = app.visitor();
    let page = visitor.get(&format!("/item/{story}?order=newest")).await;
    for line in [
        "<title>Fish &#38; &#34;chips&#34; | Stoa</title>".to_owned(),
        format!("<link rel=\"canonical\" href=\"https://forum.example/item/{story}\">"),
        "<meta property=\"og:title\" content=\"Fish &#38; &#34;chips&#34;\">".to_owned(),
        "<meta property=\"og:type\" content=\"article\">".to_owned(),
        "<meta property=\"og:description\" content=\"A long story.\">".to_owned(),
        format!("<meta property=\"og:url\" content=\"https://forum.example/item/{story}\">"),
    ] {
        assert!(page.has(&line), "{line}: {}", page.text());
    }
    for (path, title) in [("/", "Top stories"), ("/new", "New stories"), ("/login", "Log in"), ("/user/alice", "alice")]
    {
        assert!(visitor.get(path).await.has(&format!("<title>{title} | Stoa</title>")), "{path}");
    }
    let robots = visitor.get("/robots.txt").await;
    assert!(robots.header("content-type").starts_with("text/plain") && robots.has("Disallow: /submit\n"));
    let health = visitor.get("/healthz").await;
    assert_eq!((health.status, health.text().as_str()), (StatusCode::OK, "ok\n"));
}

#[tokio::test]
async fn a_dead_story_does_not_say_through_earlier_ones_where_it_led() {
    let app = TestApp::new().await;
    app.account("mia", Role::Moderator).await;
    app.member("alice").await.story("A page", "https://example.com/page").await;
    app.pass(3 * 365 * 86_400);
    let (mut alice, mut mia) = (app.session("alice").await, app.session("mia").await);
    let story = alice.story("The same page", "https://example.com/page").await;
    alice.reply(story, "Words.").await;
    let path = format!("/item/{story}");
    assert!(app.visitor().get(&path).await.has("Earlier:"));
    mia.post(&format!("{path}/kill"), &[("on", "true"), ("reason", "spam")]).await;
    let page = app.visitor().get(&path).await;
    assert!(page.status == StatusCode::OK && !page.has("Earlier:"), "{}", page.text());
    assert!(mia.get(&path).await.has("Earlier:") && alice.get(&path).await.has("Earlier:"));
}
