//! Discussing: replies, what is written in them, when they are refused, and how one hears of them.

use axum::http::StatusCode;
use stoa::clock::{DAY, HOUR, MINUTE};
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemError;
use stoa::domain::limits::policy::Period;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{read_all, with_a_story};
use crate::support::page::Element;
use crate::support::sentences::refused;

async fn answer(browser: &mut Browser, to: i64, text: &str) -> Page {
    browser.post(&format!("/item/{to}/reply"), &[("text", text)]).await
}

#[tokio::test]
async fn people_answer_each_other_at_any_depth() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    assert!(alice.get(&format!("/item/{story}")).await.says("No comments yet"));
    let form = alice.get(&format!("/item/{story}/reply")).await;
    assert_eq!(form.one("h1").text, "Add a comment");
    assert_eq!(form.one(&format!("main nav a[href='/item/{story}']")).text, "A story");
    let mut last = story;
    let mut ids = Vec::new();
    for depth in 1..=12 {
        let writer = if depth % 2 == 0 { &mut alice } else { &mut bob };
        last = writer.reply(last, &format!("Comment {depth}.")).await;
        ids.push(last);
    }
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!((page.comments(), page.one("h2").text.as_str()), (ids.clone(), "12 comments"));
    for pair in ids.windows(2) {
        page.finds(1, &format!("#c{} > details > #c{}", pair[0], pair[1]));
    }
    // The author of the story wrote every second one.
    page.finds(6, "article b[title='Author of the story']");
    // A screen reader is told how deep a comment is, and a phone whom a deep one answers.
    let label = |id: i64| page.one(&format!("#c{id} > details > summary")).attr("aria-label").to_owned();
    assert_eq!(label(last), "Fold 1 comment, depth 12");
    assert!(!label(ids[0]).contains("depth"));
    let level = |id: &i64| {
        let heading = page.one(&format!("#c{id} > header > :is(h3, h4, h5, h6)"));
        let level = heading.attr("aria-level").to_owned();
        if level.is_empty() { heading.html[2..3].to_owned() } else { level }
    };
    let levels: Vec<String> = ids.iter().map(level).collect();
    assert_eq!(levels, ["3", "4", "5", "6", "7", "8", "9", "9", "9", "9", "9", "9"]);
    page.finds(6, "header > a.to");
    let deep = page.one(&format!("#c{last} > header > a.to"));
    assert_eq!(
        (deep.text.as_str(), deep.attr("href")),
        ("in reply to bob", format!("#c{}", ids[10]).as_str())
    );
    // Every comment is closed, and lies open.
    page.finds(1, "body > footer");
    page.finds(12, "article > details[open]");
    let form = alice.get(&format!("/item/{last}/reply")).await;
    assert_eq!(form.one("h1").text, "Reply");
    assert_eq!(form.one("article > div").text, "Comment 12.", "what is answered stands above");
    let page = answer(&mut app.visitor(), story, "By nobody.").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    page.finds(1, "form[action='/login']");
}

#[tokio::test]
async fn a_comment_is_written_in_markdown_and_seen_before_it_is_posted() {
    let (app, mut alice, _, story) = with_a_story().await;
    let text = "> They said\n\n    let code = 1;\n\n* one\n* two\n\n<b>not bold</b> [x](javascript:alert(1))";
    let is_rendered = |shown: &Element| {
        assert_eq!(shown.one("blockquote").text, "They said");
        assert_eq!(shown.all("li").iter().map(|item| item.text.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(shown.one("pre > code").text, "let code = 1;");
        shown.finds(0, "b, a");
        assert!(shown.text.contains("<b>not bold</b> x"), "{}", shown.text);
    };
    let preview = alice.post(&format!("/item/{story}/reply"), &[("text", text), ("preview", "true")]).await;
    assert_eq!(preview.status, StatusCode::OK);
    is_rendered(&preview.one_role("region", "Preview"));
    assert_eq!(preview.value("[name=text]"), text);
    assert_eq!(app.number("select count(*) from items where kind = 'comment'").await, 0);
    let comment = alice.reply(story, text).await;
    let page = app.visitor().get(&format!("/item/{story}")).await;
    is_rendered(&page.one(&format!("#c{comment} > details > div")));
    assert!(!page.mentions("javascript:alert"), "{}", page.text());
}

#[tokio::test]
async fn an_empty_or_endless_comment_is_refused_and_its_text_kept() {
    let (app, mut alice, _, story) = with_a_story().await;
    let long = "x".repeat(20_001);
    for (text, words) in
        [("", "Write something first."), (" \n\t", "Write something first."), (&long, "20,001 characters")]
    {
        let page = answer(&mut alice, story, text).await;
        assert_eq!((page.status, page.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["text".to_owned()]));
        assert!(page.says(words) && page.value("[name=text]") == text, "{}", page.text());
    }
    assert_eq!(app.number("select count(*) from items where kind = 'comment'").await, 0);
}

#[tokio::test]
async fn a_comment_can_be_edited_for_two_hours() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let comment = bob.reply(story, "A commment.").await;
    let edit = format!("/item/{comment}/edit");
    assert_eq!(alice.get(&edit).await.status, StatusCode::FORBIDDEN);
    app.pass(HOUR);
    let empty = bob.post(&edit, &[("text", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = bob.post(&edit, &[("text", "A *comment*.")]).await;
    assert_eq!(page.location(), Some(format!("/item/{story}#c{comment}")));
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!(page.comment(comment), "A comment.");
    let comment = page.one(&format!("#c{comment}"));
    assert_eq!(comment.one("em").text, "comment");
    let head = comment.one("header").text;
    assert!(head.contains("1 hour ago") && head.contains("edited just now"), "{head}");
    assert_eq!(app.number("select count(*) from revisions where text = 'A commment.'").await, 1);
    app.pass(HOUR + 1);
    let late = bob.post(&edit, &[("text", "Too late.")]).await;
    refused(&late, StatusCode::FORBIDDEN, ItemError::EditClosed("2 hours".to_owned()));
}

#[tokio::test]
async fn only_its_author_deletes_a_comment_and_only_once() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let comment = bob.reply(story, "A comment.").await;
    let delete = format!("/item/{comment}/delete");
    assert_eq!(alice.post(&delete, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(bob.get(&delete).await.one("main .t").text, "A comment.");
    assert_eq!(app.visitor().get(&delete).await.status, StatusCode::SEE_OTHER);
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!(page.comment(comment), "A comment.", "asking deletes nothing");
    assert_eq!(bob.post(&delete, &[]).await.location(), Some(format!("/item/{story}")));
    assert_eq!(bob.post(&delete, &[]).await.status, StatusCode::GONE);
    let late = answer(&mut alice, comment, "To whom?").await;
    refused(&late, StatusCode::GONE, "has been deleted");
    assert!(!late.says("The author deleted this."), "which might be meant of the reply");
    assert_eq!(late.one("main textarea[readonly]").text, "To whom?");
    assert_eq!(bob.get(&format!("/item/{comment}/edit")).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_reply_deep_in_a_thread_waits_unless_it_comes_from_the_comment_s_own_page() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let first = bob.reply(story, "One.").await;
    let second = bob.reply(first, "Two.").await;
    let third = bob.reply(second, "Three.").await;
    let fourth = bob.reply(third, "Four.").await;
    let thread = format!("/item/{story}");
    let offered = |page: &Page| {
        [first, second, third, fourth].map(|id| page.all(&format!("a[href='/item/{id}/reply']")).len() == 1)
    };
    assert_eq!(offered(&alice.get(&thread).await), [true, true, false, false]);
    assert_eq!(offered(&bob.get(&thread).await), [true; 4], "nobody waits to add to their own");
    alice
        .get(&format!("/item/{fourth}"))
        .await
        .finds(1, &format!("form[action='/item/{fourth}/reply'] textarea"));
    assert_eq!(answer(&mut alice, fourth, "At once, from its own page.").await.status, StatusCode::SEE_OTHER);
    app.pass(MINUTE);
    assert_eq!(offered(&alice.get(&thread).await), [true, true, true, false]);
    app.pass(3 * MINUTE);
    assert_eq!(offered(&alice.get(&thread).await), [true; 4]);
}

#[tokio::test]
async fn a_thread_closes_at_the_age_that_the_operator_chose() {
    let app = TestApp::with(|settings| settings.thread_closes_after_days = Some(Period(14))).await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    app.pass(14 * DAY);
    let way = format!("main a[href='/item/{story}/reply']");
    alice.get(&format!("/item/{story}")).await.finds(1, &way);
    let comment = alice.reply(story, "Just in time.").await;
    app.pass(1);
    for id in [story, comment] {
        let page = answer(&mut alice, id, "Too late.").await;
        refused(
            &page,
            StatusCode::FORBIDDEN,
            "This thread is closed to new comments: it is older than 14 days.",
        );
    }
    let page = alice.get(&format!("/item/{story}")).await;
    refused(&page, StatusCode::OK, ItemError::ThreadClosed("14 days".to_owned()));
    page.finds(0, &way);
}

#[tokio::test]
async fn locked_or_dead_places_take_no_comments() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let comment = bob.reply(story, "A comment.").await;
    let below = alice.reply(comment, "Below it.").await;
    mia.post(&format!("/item/{comment}/kill"), &[("on", "true")]).await;
    assert_eq!(answer(&mut alice, comment, "To the dead.").await.status, StatusCode::NOT_FOUND);
    for who in [&mut bob, &mut mia] {
        let page = answer(who, comment, "To the dead.").await;
        // Its author and moderators see why.
        refused(&page, StatusCode::FORBIDDEN, ItemError::Dead);
    }
    assert_eq!(answer(&mut bob, below, "Below the dead.").await.status, StatusCode::SEE_OTHER);
    let way = format!("a[href='/item/{below}/reply']");
    alice.get(&format!("/item/{story}")).await.finds(1, &way);
    app.sql(&format!("update items set locked = true where id = {story}")).await;
    app.store.detect_external_writes().await.expect("noticed");
    for id in [story, below] {
        let page = answer(&mut alice, id, "Too late.").await;
        refused(&page, StatusCode::FORBIDDEN, ItemError::ThreadLocked);
    }
    let page = alice.get(&format!("/item/{story}")).await;
    assert_eq!(page.marks(story), ["you", "locked"]);
    assert!(page.one("main aside").text.contains("is closed to new comments"), "her story: {}", page.text());
    page.finds(0, &way);
    // Who did not write it reads the same as whoever tries to answer.
    refused(&mia.get(&format!("/item/{story}")).await, StatusCode::OK, ItemError::ThreadLocked);
    app.sql(&format!("update items set locked = false, dead = 'killed' where id = {story}")).await;
    app.store.detect_external_writes().await.expect("noticed");
    assert_eq!(answer(&mut bob, below, "Under a dead story.").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_thread_that_closes_while_somebody_writes_leaves_them_their_text() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let comment = alice.reply(story, "Answer me.").await;
    let typed = "Words that took an hour.";
    for (statement, status, why) in [
        (
            "update items set locked = true where kind = 'story'",
            StatusCode::FORBIDDEN,
            ItemError::ThreadLocked.to_string(),
        ),
        (
            "update items set dead = 'killed' where kind = 'comment'",
            StatusCode::NOT_FOUND,
            "The post or page this was meant for does not exist, or has been deleted.".to_owned(),
        ),
    ] {
        app.sql(statement).await;
        app.store.detect_external_writes().await.expect("noticed");
        let page = answer(&mut bob, comment, typed).await;
        refused(&page, status, why);
        assert_eq!(page.one("main textarea[readonly]").text, typed);
    }
    let page = bob.get(&format!("/item/{comment}/reply")).await;
    assert!(!page.mentions("Answer me."), "nobody reads what is dead by answering it");
}

#[tokio::test]
async fn a_mention_links_to_its_person() {
    let (app, mut alice, _, story) = with_a_story().await;
    let comment = alice.reply(story, "Thank you @bob, and `@carl`; write to me@example.com.").await;
    let page = app.visitor().get(&format!("/item/{story}")).await;
    let links = page.all(&format!("#c{comment} > details a[href^='/user/']"));
    let links: Vec<_> = links.iter().map(|link| (link.attr("href"), link.text.as_str())).collect();
    assert_eq!(links, [("/user/bob", "@bob")]);
}

#[tokio::test]
async fn replies_are_counted_until_they_are_read() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let mut eve = app.member("eve").await;
    app.sql("update users set shadow_banned_at = 1 where name = 'eve'").await;
    app.pass(HOUR);
    let comment = bob.reply(story, "A first answer.").await;
    let second = bob.reply(story, "A second answer.").await;
    alice.reply(story, "Alice's own.").await;
    eve.reply(story, "Unheard.").await;
    bob.reply(comment, "Bob to himself.").await;
    let unread = "header a[href='/inbox']";
    assert_eq!(alice.get("/").await.number(unread), 2);
    assert_eq!(bob.get("/").await.number(unread), 0, "nobody is told of their own");
    app.pass(MINUTE);
    let page = alice.get("/inbox").await;
    assert_eq!(page.comments(), [second, comment], "and none of the others");
    let new = "article > header > b";
    page.finds(2, new);
    read_all(&mut alice).await;
    assert_eq!(alice.get("/").await.number(unread), 0, "they are marked as read");
    alice.get("/inbox").await.finds(0, new);

    app.pass(MINUTE);
    let third = bob.reply(story, "A third answer.").await;
    assert_eq!(alice.get("/").await.number(unread), 1);
    bob.post(&format!("/item/{third}/delete"), &[]).await;
    assert_eq!(alice.get("/").await.number(unread), 0);
    assert_eq!(alice.get("/inbox").await.comments(), [second, comment]);
    assert!(app.visitor().get("/inbox").await.location().is_some_and(|to| to == "/login?goto=%2Finbox"));
}

#[tokio::test]
async fn what_a_shadow_banned_member_writes_is_seen_by_them_as_live_and_by_nobody_else() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    app.sql("update users set shadow_banned_at = 1 where name = 'bob'").await;
    let comment = bob.reply(story, "Unheard.").await;
    let unseen = bob.story("Unseen", "https://example.com/b").await;
    let page = bob.get(&format!("/item/{story}")).await;
    assert_eq!((page.comment(comment).as_str(), page.marks(comment)), ("Unheard.", vec!["you".to_owned()]));
    assert!(bob.get("/new").await.stories().contains(&unseen));
    for path in
        [format!("/item/{story}"), "/comments".to_owned(), "/new".to_owned(), "/user/bob/comments".to_owned()]
    {
        let page = alice.get(&path).await;
        assert!(!page.mentions("Unheard.") && !page.mentions("Unseen"), "{path}");
    }
    let page = app.person("mia", Role::Moderator).await.get(&format!("/item/{story}")).await;
    assert_eq!(
        (page.comment(comment).as_str(), page.marks(comment)),
        ("Unheard.", vec!["[dead]".to_owned()])
    );
}

#[tokio::test]
async fn too_many_comments_have_to_wait_and_keep_their_text() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        settings.comments_per_hour = Some(1);
    })
    .await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    alice.reply(story, "One.").await;
    let page = answer(&mut alice, story, "What I typed.").await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "3601"));
    assert!(
        page.says("Please wait 1 hour") && page.value("[name=text]") == "What I typed.",
        "{}",
        page.text()
    );
}
