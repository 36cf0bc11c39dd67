//! Discussing: replies, what is written in them, when they are refused, and how one hears of them.

use axum::http::StatusCode;
use stoa::clock::{DAY, HOUR, MINUTE};
use stoa::config::Switch;
use stoa::domain::user::Role;

use crate::app::{Browser, Page, TestApp};

/// A story by alice, and bob.
async fn forum() -> (TestApp, Browser, Browser, i64) {
    let app = TestApp::new().await;
    let (mut alice, bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.story("A story", "https://example.com/a").await;
    (app, alice, bob, story)
}

async fn answer(browser: &mut Browser, to: i64, text: &str) -> Page {
    browser.post(&format!("/item/{to}/reply"), &[("text", text)]).await
}

#[tokio::test]
async fn people_answer_each_other_at_any_depth() {
    let (app, mut alice, mut bob, story) = forum().await;
    assert!(alice.get(&format!("/item/{story}")).await.says("No comments yet"));
    let form = alice.get(&format!("/item/{story}/reply")).await;
    assert!(form.has("<h1>Add a comment</h1>") && form.has("A story"));
    let mut last = story;
    let mut ids = Vec::new();
    for depth in 1..=12 {
        let writer = if depth % 2 == 0 { &mut alice } else { &mut bob };
        last = writer.reply(last, &format!("Comment {depth}.")).await;
        ids.push(last);
    }
    let page = app.visitor().get(&format!("/item/{story}")).await;
    let places: Vec<usize> = ids.iter().map(|id| page.place_of(&format!("id=\"c{id}\""))).collect();
    assert!(places.is_sorted() && page.has("12 comments</h2>"));
    assert!(page.has("<b title=\"Author of the story\">OP</b>") && page.has("depth 12"));
    assert_eq!(page.count("<article class=\"c"), page.count("</article>") - 1, "every comment is closed");
    assert_eq!(page.count("<details open>"), 12);
    let form = alice.get(&format!("/item/{last}/reply")).await;
    assert!(form.has("<h1>Reply</h1>") && form.has("Comment 12."), "what is answered stands above");
    let page = answer(&mut app.visitor(), story, "By nobody.").await;
    assert!(page.status == StatusCode::UNAUTHORIZED && page.has("action=\"/login\""));
}

#[tokio::test]
async fn a_comment_is_written_in_markdown_and_seen_before_it_is_posted() {
    let (app, mut alice, _, story) = forum().await;
    let text = "> They said\n\n    let code = 1;\n\n* one\n* two\n\n<b>not bold</b> [x](javascript:alert(1))";
    let rendered = ["<blockquote>", "<li>one</li>", "<code>let code = 1;", "&lt;b&gt;not bold"];
    let preview = alice.post(&format!("/item/{story}/reply"), &[("text", text), ("preview", "true")]).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(preview.has("Preview") && preview.has("* two") && rendered.iter().all(|words| preview.has(words)));
    assert_eq!(app.number("select count(*) from items where kind = 'comment'").await, 0);
    alice.reply(story, text).await;
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert!(rendered.iter().all(|words| page.has(words)) && !page.has("javascript:alert"), "{}", page.text());
}

#[tokio::test]
async fn an_empty_or_endless_comment_is_refused_and_its_text_kept() {
    let (app, mut alice, _, story) = forum().await;
    let long = "x".repeat(20_001);
    for (text, words) in
        [("", "Write something first."), (" \n\t", "Write something first."), (&long, "20001 characters")]
    {
        let page = answer(&mut alice, story, text).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.has(words) && page.has(&format!(">{text}</textarea>")));
    }
    assert_eq!(app.number("select count(*) from items where kind = 'comment'").await, 0);
}

#[tokio::test]
async fn a_comment_can_be_edited_for_two_hours() {
    let (app, mut alice, mut bob, story) = forum().await;
    let comment = bob.reply(story, "A commment.").await;
    let edit = format!("/item/{comment}/edit");
    assert_eq!(alice.get(&edit).await.status, StatusCode::FORBIDDEN);
    app.pass(HOUR);
    let empty = bob.post(&edit, &[("text", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = bob.post(&edit, &[("text", "A *comment*.")]).await;
    assert_eq!(page.location(), Some(format!("/item/{story}#c{comment}")));
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert!(page.has("A <em>comment</em>.") && page.has("edited just now") && page.has("1 hour ago"));
    assert_eq!(app.number("select count(*) from revisions where text = 'A commment.'").await, 1);
    app.pass(HOUR + 1);
    let late = bob.post(&edit, &[("text", "Too late.")]).await;
    assert!(late.status == StatusCode::FORBIDDEN && late.has("it was open for 2 hours after posting"));
}

#[tokio::test]
async fn only_its_author_deletes_a_comment_and_only_once() {
    let (app, mut alice, mut bob, story) = forum().await;
    let comment = bob.reply(story, "A comment.").await;
    let delete = format!("/item/{comment}/delete");
    assert_eq!(alice.post(&delete, &[]).await.status, StatusCode::FORBIDDEN);
    assert!(
        bob.get(&delete).await.has("A comment.") && app.visitor().get(&delete).await.status == StatusCode::SEE_OTHER
    );
    assert!(app.visitor().get(&format!("/item/{story}")).await.has("A comment."), "asking deletes nothing");
    assert_eq!(bob.post(&delete, &[]).await.location(), Some(format!("/item/{story}")));
    assert_eq!(bob.post(&delete, &[]).await.status, StatusCode::GONE);
    assert_eq!(answer(&mut alice, comment, "To whom?").await.status, StatusCode::GONE);
    assert_eq!(bob.get(&format!("/item/{comment}/edit")).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_reply_deep_in_a_thread_waits_unless_it_comes_from_the_comment_s_own_page() {
    let (app, mut alice, mut bob, story) = forum().await;
    let first = bob.reply(story, "One.").await;
    let second = bob.reply(first, "Two.").await;
    let third = bob.reply(second, "Three.").await;
    let fourth = bob.reply(third, "Four.").await;
    let thread = format!("/item/{story}");
    let offered =
        |page: &Page| [first, second, third, fourth].map(|id| page.has(&format!("href=\"/item/{id}/reply\"")));
    assert_eq!(offered(&alice.get(&thread).await), [true, true, false, false]);
    assert_eq!(offered(&bob.get(&thread).await), [true; 4], "nobody waits to add to their own");
    assert!(alice.get(&format!("/item/{fourth}")).await.has(&format!("href=\"/item/{fourth}/reply\"")));
    assert_eq!(answer(&mut alice, fourth, "At once, from its own page.").await.status, StatusCode::SEE_OTHER);
    app.pass(MINUTE);
    assert_eq!(offered(&alice.get(&thread).await), [true, true, true, false]);
    app.pass(3 * MINUTE);
    assert_eq!(offered(&alice.get(&thread).await), [true; 4]);
}

#[tokio::test]
async fn a_thread_closes_at_the_age_that_the_operator_chose() {
    let app = TestApp::with(|settings| settings.thread_closes_after_days = Some(14)).await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    app.pass(14 * DAY);
    let comment = alice.reply(story, "Just in time.").await;
    app.pass(1);
    for id in [story, comment] {
        let page = answer(&mut alice, id, "Too late.").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.has("closed to new comments: it is older than 14 days"));
    }
    let page = alice.get(&format!("/item/{story}")).await;
    assert!(page.has("closed to new comments") && !page.has("add a comment"));
}

#[tokio::test]
async fn locked_or_dead_places_take_no_comments() {
    let (app, mut alice, mut bob, story) = forum().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let comment = bob.reply(story, "A comment.").await;
    let below = alice.reply(comment, "Below it.").await;
    mia.post(&format!("/item/{comment}/kill"), &[("on", "true")]).await;
    assert_eq!(answer(&mut alice, comment, "To the dead.").await.status, StatusCode::NOT_FOUND);
    for who in [&mut bob, &mut mia] {
        let page = answer(who, comment, "To the dead.").await;
        assert!(page.status == StatusCode::FORBIDDEN && page.has("This is dead"), "its author and moderators see why");
    }
    assert_eq!(answer(&mut bob, below, "Below the dead.").await.status, StatusCode::SEE_OTHER);
    app.sql(&format!("update items set locked = true where id = {story}")).await;
    for id in [story, below] {
        let page = answer(&mut alice, id, "Too late.").await;
        assert!(page.status == StatusCode::FORBIDDEN && page.has("This thread is locked"), "{}", page.text());
    }
    let page = alice.get(&format!("/item/{story}")).await;
    assert!(page.has(">locked<") && page.has("takes no more comments") && !page.has(&format!("/item/{below}/reply")));
    assert!(mia.get(&format!("/item/{story}")).await.has("takes no new comments"), "who did not write it");
    app.sql(&format!("update items set locked = false, dead = 'killed' where id = {story}")).await;
    assert_eq!(answer(&mut bob, below, "Under a dead story.").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_thread_that_closes_while_somebody_writes_leaves_them_their_text() {
    let (app, mut alice, mut bob, story) = forum().await;
    let comment = alice.reply(story, "Answer me.").await;
    for (statement, status, why) in [
        ("update items set locked = true where kind = 'story'", StatusCode::FORBIDDEN, "This thread is locked"),
        (
            "update items set dead = 'killed' where kind = 'comment'",
            StatusCode::NOT_FOUND,
            "What you are answering is gone",
        ),
    ] {
        app.sql(statement).await;
        app.store.notice_others().await.expect("noticed");
        let page = answer(&mut bob, comment, "Words that took an hour.").await;
        assert_eq!(page.status, status);
        assert!(page.has(why) && page.has("Words that took an hour."), "{}", page.text());
    }
    assert!(
        !bob.get(&format!("/item/{comment}/reply")).await.has("Answer me."),
        "nobody reads what is dead by answering it"
    );
}

#[tokio::test]
async fn a_mention_links_to_its_person() {
    let (app, mut alice, _, story) = forum().await;
    alice.reply(story, "Thank you @bob, and `@carl`; write to me@example.com.").await;
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert!(page.has("<a href=\"/user/bob\"") && page.has("@bob</a>"), "{}", page.text());
    assert!(!page.has("/user/carl") && !page.has("/user/example"));
}

#[tokio::test]
async fn replies_are_counted_until_they_are_read() {
    let (app, mut alice, mut bob, story) = forum().await;
    let mut eve = app.member("eve").await;
    app.sql("update users set shadowed_at = 1 where name = 'eve'").await;
    app.pass(HOUR);
    let comment = bob.reply(story, "A first answer.").await;
    bob.reply(story, "A second answer.").await;
    alice.reply(story, "Alice's own.").await;
    eve.reply(story, "Unheard.").await;
    bob.reply(comment, "Bob to himself.").await;
    let unread = |count: usize| format!("<b class=\"count\">{count}<span class=\"said\"> unread</span></b>");
    assert!(alice.get("/").await.has(&unread(2)));
    assert!(!bob.get("/").await.has("unread"), "nobody is told of their own");
    app.pass(MINUTE);
    let page = alice.get("/replies").await;
    assert!(page.place_of("A second answer.") < page.place_of("A first answer."));
    assert_eq!(page.count("<b>new</b>"), 2);
    assert!(!page.has("Unheard.") && !page.has("Alice's own.") && !page.has("Bob to himself."));
    assert!(!alice.get("/").await.has("unread"), "the page was read");
    assert_eq!(alice.get("/replies").await.count("<b>new</b>"), 0);

    app.pass(MINUTE);
    let third = bob.reply(story, "A third answer.").await;
    assert!(alice.get("/").await.has(&unread(1)));
    bob.post(&format!("/item/{third}/delete"), &[]).await;
    assert!(!alice.get("/").await.has("unread") && !alice.get("/replies").await.has("A third answer."));
    assert!(app.visitor().get("/replies").await.location().is_some_and(|to| to == "/login?goto=%2Freplies"));
}

#[tokio::test]
async fn what_a_shadow_banned_member_writes_is_seen_by_them_as_live_and_by_nobody_else() {
    let (app, mut alice, mut bob, story) = forum().await;
    app.sql("update users set shadowed_at = 1 where name = 'bob'").await;
    bob.reply(story, "Unheard.").await;
    bob.story("Unseen", "https://example.com/b").await;
    let page = bob.get(&format!("/item/{story}")).await;
    assert!(page.has("Unheard.") && !page.has("[dead]") && bob.get("/new").await.has("Unseen"));
    for path in [format!("/item/{story}"), "/comments".to_owned(), "/new".to_owned(), "/user/bob/comments".to_owned()] {
        let page = alice.get(&path).await;
        assert!(!page.has("Unheard.") && !page.has("Unseen"), "{path}");
    }
    let page = app.person("mia", Role::Moderator).await.get(&format!("/item/{story}")).await;
    assert!(page.has("Unheard.") && page.has("[dead]"));
}

#[tokio::test]
async fn too_many_comments_have_to_wait_and_keep_their_text() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(Switch::On);
        settings.comments_per_hour = Some(1);
    })
    .await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    alice.reply(story, "One.").await;
    let page = answer(&mut alice, story, "What I typed.").await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "3601"));
    assert!(page.has("Please wait 1 hour") && page.has(">What I typed.</textarea>"));
}
