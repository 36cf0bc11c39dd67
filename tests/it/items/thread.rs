//! A story's page and its thread as somebody sees it; what machines read; what is not there.

use atom_syndication::Feed;
use axum::http::{Method, StatusCode};
use stoa::clock::{DAY, HOUR, MINUTE};
use stoa::domain::accounts::user::Role;

use crate::support::app::{Page, TestApp};
use crate::support::fixtures::{kill, shadow, show_dead};
use crate::support::page_parts::EARLIER;

/// The comment count at the head of a story's page, as a visitor reads it.
async fn comments_of(app: &TestApp, story: i64) -> String {
    let page = app.visitor().get(&format!("/item/{story}")).await;
    page.one(&format!("#i{story} a[href='#comments']")).text
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
        let mut shown = page.comments();
        shown.retain(|id| expected.contains(id));
        assert_eq!(shown, expected, "{order}");
        assert_eq!(page.value("#comments select"), order);
    }
    let mut bob = app.log_in("bob").await;
    let page = bob.submit(&format!("/item/{story}/order"), &[("order", "newest")]).await;
    assert_eq!(page.comments()[0], third);
    let again = app.log_in("bob").await.get(&format!("/item/{story}")).await;
    assert_eq!((again.comments(), again.comments()[0]), (page.comments(), third), "in another browser too");
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
    let aunt = alice.reply(top, "An aunt.").await;
    let page = app.visitor().get(&format!("/item/{parent}")).await;
    page.in_order("article", &["Grandparent.", "Parent.", "Child."]);
    assert_eq!(page.comments(), [parent, child], "what stands beside it is not shown");
    assert!(!page.mentions("An aunt."), "{}", page.text());
    let whole = app.visitor().get(&format!("/item/{story}")).await;
    assert!(whole.comments().contains(&aunt) && whole.mentions("An aunt."));
    assert_eq!(
        (page.one("title").text, page.one("h2").text),
        ("Comment by alice on A story | Stoa".into(), "1 reply".into())
    );
    for (way, words) in
        [(format!("/item/{top}"), "parent"), (format!("/item/{story}#c{parent}"), "in the whole thread")]
    {
        assert_eq!(page.one(&format!("main > p a[href='{way}']")).text, words);
    }
}

#[tokio::test]
async fn what_is_new_since_the_last_visit_is_marked() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.story("A story", "https://example.com/a").await;
    let thread = format!("/item/{story}");
    let old = alice.reply(story, "Old.").await;
    let marked = |page: &Page| {
        let marked = page.comments().into_iter().filter(|id| page.marks(*id).contains(&"new".to_owned()));
        marked.collect::<Vec<_>>()
    };
    // How many are new, in a list, and the way to the first of them in the thread.
    let (count, jump) =
        (format!("#i{story} a[href='/item/{story}'] b"), "#comments a[href^='#c']:not(article a)");
    let first = bob.get(&thread).await;
    assert!(first.comments() == [old] && marked(&first).is_empty(), "on a first visit nothing is old");
    app.pass(HOUR);
    let new = [alice.reply(old, "New.").await, alice.reply(story, "Newer.").await];
    let own = bob.reply(story, "Bob's own.").await;
    app.pass(MINUTE);
    assert_eq!(bob.get("/new").await.one(&count).text, "2 new");
    app.visitor().get("/new").await.finds(0, &count);
    assert!(!alice.get("/new").await.texts(&count).contains(&"2 new".to_owned()), "they are her own");
    let page = bob.get(&thread).await;
    assert!(page.comments().contains(&old) && page.comments().contains(&own));
    let mut shown = marked(&page);
    assert_eq!(
        (page.one(jump).text.as_str(), page.one(jump).attr("href")),
        ("2 new ↓", format!("#c{}", shown[0]).as_str())
    );
    shown.sort_unstable();
    assert_eq!(shown, new);
    // They look new as well.
    let look = |id: i64| page.one(&format!("#c{id}")).attr("class").to_owned();
    assert_eq!((look(new[0]), look(old)), (look(new[1]), look(own)));
    assert_ne!(look(new[0]), look(old));
    // They have been seen.
    bob.get("/new").await.finds(0, &count);
    app.pass(29 * MINUTE);
    assert_eq!(marked(&bob.get(&thread).await).len(), 2, "a reload keeps the marks");
    app.pass(31 * MINUTE);
    assert!(marked(&bob.get(&thread).await).is_empty(), "half an hour later is another visit");
}

#[tokio::test]
async fn ages_follow_the_clock_and_name_the_exact_time() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("A story", "https://example.com/a").await;
    for (pass, words) in
        [(0, "just now"), (60, "1 minute ago"), (3 * HOUR, "3 hours ago"), (2 * DAY, "2 days ago")]
    {
        app.pass(pass);
        for path in ["/new".to_owned(), format!("/item/{story}")] {
            let time = app.visitor().get(&path).await.one(&format!("#i{story} time"));
            assert_eq!(
                (time.text.as_str(), time.attr("datetime")),
                (words, "2026-11-23T12:00:00Z"),
                "{path}"
            );
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
    let dead = "[dead]".to_owned();
    for browser in [&mut alice, &mut mia] {
        let page = browser.get(&thread).await;
        assert_eq!(page.comment(comment), "Buy my loom.");
        assert!(page.marks(comment).contains(&dead), "{}", page.text());
    }
    for browser in [&mut bob, &mut app.visitor()] {
        let own = format!("/item/{comment}");
        for path in [&thread, &own, "/comments", "/comments/best", "/user/alice/comments"] {
            let page = browser.get(path).await;
            assert_eq!(
                page.status,
                if *path == own { StatusCode::FORBIDDEN } else { StatusCode::OK },
                "{path}"
            );
            assert!(page.comments().is_empty() && !page.mentions("Buy my loom."), "{path}: {}", page.text());
        }
    }
    show_dead(&mut bob).await;
    for path in [thread.as_str(), "/comments", "/user/alice/comments"] {
        let page = bob.get(path).await;
        assert_eq!(page.comment(comment), "Buy my loom.", "{path}");
        assert!(
            page.marks(comment).contains(&dead) && page.mentions("Buy my loom."),
            "{path}: {}",
            page.text()
        );
    }
    assert!(app.visitor().get("/new").await.stories().contains(&story));
    kill(&mut mia, story, true).await;
    for list in ["/", "/new", "/best", "/from/example.com", "/search?q=story"] {
        let page = app.visitor().get(list).await;
        assert!(page.stories().is_empty() && !page.mentions("A story"), "{list}: {}", page.text());
    }
    assert!(!app.visitor().get("/feed/top.atom").await.has("A story"));
    for browser in [&mut mia, &mut bob] {
        let page = browser.get("/new").await;
        assert!(page.stories().contains(&story) && page.marks(story).contains(&dead), "{}", page.text());
    }
}

#[tokio::test]
async fn a_deleted_comment_goes_and_with_a_reply_its_place_stays() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.story("A story", "https://example.com/a").await;
    let leaf = alice.reply(story, "A leaf.").await;
    let branch = alice.reply(story, "A branch.").await;
    let twig = bob.reply(branch, "A twig.").await;
    assert_eq!(app.visitor().get(&format!("/item/{story}")).await.comments().len(), 3);
    for id in [leaf, branch] {
        alice.post(&format!("/item/{id}/delete"), &[]).await;
    }
    let mut visitor = app.visitor();
    let page = visitor.get(&format!("/item/{story}")).await;
    assert_eq!((page.comments(), page.comment(twig).as_str()), (vec![branch, twig], "A twig."));
    assert!(!page.mentions("A leaf.") && !page.mentions("A branch."), "{}", page.text());
    let gone: Vec<_> =
        page.texts("article > header").into_iter().filter(|head| head.contains("[deleted]")).collect();
    assert_eq!((gone.len(), &gone[0]), (1, &page.one(&format!("#c{branch} > header")).text));
    let gone = visitor.get(&format!("/item/{leaf}")).await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(gone.says("The author deleted this"), "{}", gone.text());
    gone.finds(1, "main a[href='/']");
    let kept = visitor.get(&format!("/item/{branch}")).await;
    assert_eq!((kept.status, kept.comment(twig).as_str()), (StatusCode::OK, "A twig."));
    assert!(kept.one(&format!("#c{branch} > header")).text.contains("[deleted]"), "{}", kept.text());
    assert!(!kept.mentions("A branch."), "{}", kept.text());
    assert_eq!(kept.one("meta[name=robots]").attr("content"), "noindex");
}

#[tokio::test]
async fn the_comment_count_is_what_a_visitor_may_see() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let mut eve = app.member("eve").await;
    shadow(&app, "eve").await;
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
    let refused =
        alice.send(Method::GET, "/mod", &from("http://forum.example/item/3?order=newest"), None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let ways =
        |page: &Page| page.all("main a").iter().map(|way| way.attr("href").to_owned()).collect::<Vec<_>>();
    let log_in = "header a[href^='/login']";
    assert_eq!(ways(&refused), ["/item/3?order=newest", "/"], "back, and to the front page");
    // The header knows of a session.
    refused.finds(0, log_in);
    refused.finds(1, "header a[href='/inbox']");
    for page in ["https://elsewhere.example/item/3", "http://forum.example/mod", "not an address"] {
        let refused =
            alice.send(Method::GET, "/mod", &[("host", "forum.example"), ("referer", page)], None).await;
        assert_eq!(ways(&refused), ["/"], "{page}");
    }
    let missed = app.visitor().send(Method::GET, "/nothing", &from("http://forum.example/new"), None).await;
    assert_eq!(ways(&missed), ["/new", "/"]);
    missed.finds(1, log_in);
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_has_a_page_that_helps() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = app.member("bob").await.story("A story", "https://example.com/a").await;
    for (path, status, words) in [
        ("/nothing", StatusCode::NOT_FOUND, "There is nothing at this address"),
        ("/item/999", StatusCode::NOT_FOUND, "no item 999"),
        ("/item/abc", StatusCode::NOT_FOUND, "nothing at this address"),
        ("/logout", StatusCode::METHOD_NOT_ALLOWED, "does not accept that kind of request"),
        (&format!("/item/{story}/edit"), StatusCode::FORBIDDEN, "You can edit only what you wrote yourself."),
        (&format!("/item/{story}/delete"), StatusCode::FORBIDDEN, "only what you wrote yourself"),
    ] {
        let page = alice.get(path).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.says(words), "{path}: {}", page.text());
        page.finds(1, "main a[href='/']");
        assert_eq!(page.one("meta[name=robots]").attr("content"), "noindex", "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
    assert_eq!(alice.get("/logout").await.header("allow"), "POST");
    app.sql("alter table items rename to elsewhere").await;
    let page = app.visitor().get("/new").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.says("That is our fault, not yours") && !page.mentions("no such table"), "{}", page.text());
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
    assert_eq!(
        page.header("cache-control"),
        "public, no-cache",
        "whoever keeps it asks whether it is still so"
    );
    let etag = [("if-none-match", page.header("etag"))];
    let again = app.visitor().send(Method::GET, "/feed/top.atom", &etag, None).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert!(page.header("content-type").starts_with("application/atom+xml"));
    let feed = Feed::read_from(page.body.as_slice()).expect("well-formed Atom");
    let front = app.visitor().get("/").await;
    let ids = feed.entries.iter().map(|entry| entry.id.rsplit('/').next().unwrap_or_default().to_owned());
    let shown: Vec<String> = front.stories().iter().map(ToString::to_string).collect();
    assert_eq!((ids.collect::<Vec<_>>(), shown.len()), (shown, 2), "in the order of the front page");
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
    let address = format!("https://forum.example/item/{story}");
    assert_eq!(page.one("title").text, "Fish & \"chips\" | Stoa");
    assert_eq!(page.one("head link[rel=canonical]").attr("href"), address);
    for (property, content) in [
        ("og:title", "Fish & \"chips\""),
        ("og:type", "article"),
        ("og:description", "A long story."),
        ("og:url", address.as_str()),
    ] {
        assert_eq!(
            page.one(&format!("head meta[property='{property}']")).attr("content"),
            content,
            "{property}"
        );
    }
    for (path, title) in
        [("/", "Top stories"), ("/new", "New stories"), ("/login", "Log in"), ("/user/alice", "alice")]
    {
        assert_eq!(visitor.get(path).await.one("title").text, format!("{title} | Stoa"), "{path}");
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
    app.visitor().get(&path).await.finds(1, EARLIER);
    kill(&mut mia, story, true).await;
    let page = app.visitor().get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    page.finds(0, EARLIER);
    mia.get(&path).await.finds(1, EARLIER);
    alice.get(&path).await.finds(1, EARLIER);
}
