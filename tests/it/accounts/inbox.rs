//! The inbox: who is told of what, once, and how it is read.

use axum::http::StatusCode;
use stoa::clock::{HOUR, MINUTE};
use stoa::domain::accounts::user::Role;
use stoa::domain::inbox::{MAX_FOLLOWERS, MAX_FOLLOWS, MAX_MENTIONS};

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::read_all;

/// The way to the inbox, with how many are unread.
const INBOX: &str = "header a[href='/inbox']";
const IN_THREAD: &str = "commented in a thread you follow";
const UNREAD: &str = "article > header > b";

async fn forum() -> (TestApp, Browser, Browser, i64) {
    let app = TestApp::new().await;
    let (mut alice, bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A loom", "Words.").await;
    app.pass(HOUR);
    (app, alice, bob, story)
}

async fn unread(member: &mut Browser) -> i64 {
    member.get("/").await.number(INBOX)
}

/// Each entry: its post, and what its author did.
fn told(page: &Page) -> Vec<(i64, String)> {
    page.comments().into_iter().zip(page.texts("article[id^='c'] > header > span:first-of-type")).collect()
}

async fn inbox(member: &mut Browser) -> Vec<(i64, String)> {
    told(&member.get("/inbox").await)
}

async fn follow(member: &mut Browser, what: &str, on: &str) -> Page {
    member.post(&format!("{what}/follow"), &[("on", on), ("goto", what)]).await
}

#[tokio::test]
async fn a_mention_is_an_unread_count_on_the_next_page_and_in_its_title() {
    let (app, mut alice, mut bob, story) = forum().await;
    let mut carl = app.member("carl").await;
    assert_eq!(carl.get("/").await.one("title").text, "Top stories | Stoa");
    let comment = bob.reply(story, "As @Carl said, and `@alice` in code.").await;
    let page = carl.get("/").await;
    assert_eq!((page.number(INBOX), page.one("title").text.as_str()), (1, "(1) Top stories | Stoa"));
    let page = carl.get("/inbox").await;
    assert_eq!(told(&page), [(comment, "mentioned you".to_owned())]);
    assert_eq!(page.texts(UNREAD), ["unread"]);
    page.finds(1, &format!("article a[href='/item/{story}']"));
    page.finds(1, &format!("article a[href='/item/{comment}/reply']"));
    assert_eq!(inbox(&mut alice).await, [(comment, "replied to you".to_owned())], "one entry for one post");
    assert_eq!(unread(&mut bob).await, 0);
}

#[tokio::test]
async fn nobody_is_told_twice_of_one_post_and_of_several_reasons_the_nearest_counts() {
    let (app, mut alice, mut bob, story) = forum().await;
    let mut carl = app.member("carl").await;
    for member in [&mut alice, &mut carl] {
        follow(member, &format!("/item/{story}"), "true").await;
        follow(member, "/user/bob", "true").await;
    }
    let first = bob.reply(story, "Both @alice and @carl and @carl.").await;
    assert_eq!(inbox(&mut alice).await, [(first, "replied to you".to_owned())]);
    assert_eq!(inbox(&mut carl).await, [(first, "mentioned you".to_owned())]);
    app.pass(MINUTE);
    let second = bob.reply(first, "To myself.").await;
    assert_eq!(inbox(&mut carl).await[0], (second, IN_THREAD.to_owned()));
    app.pass(MINUTE);
    let news = bob.text_story("Another loom", "For @alice.").await;
    assert_eq!(inbox(&mut carl).await[0], (news, "submitted a story; you follow them".to_owned()));
    assert_eq!(inbox(&mut alice).await[0], (news, "mentioned you".to_owned()));
    assert_eq!(unread(&mut bob).await, 0, "nobody is told of their own posts");
}

#[tokio::test]
async fn an_edit_tells_those_whom_it_mentions_anew_and_only_once() {
    let (app, _, mut bob, story) = forum().await;
    let mut carl = app.member("carl").await;
    let comment = bob.reply(story, "Nobody.").await;
    assert_eq!(unread(&mut carl).await, 0);
    for text in ["Now @carl.", "Now @carl again.", "Nobody.", "And @carl."] {
        let page = bob.get(&format!("/item/{comment}/edit")).await;
        let version = page.one("input[name=version]").attr("value").to_owned();
        bob.post(&format!("/item/{comment}/edit"), &[("text", text), ("version", &version)]).await;
        assert_eq!(inbox(&mut carl).await.len(), 1, "{text}");
    }
    read_all(&mut carl).await;
    assert_eq!(unread(&mut carl).await, 0);
}

#[tokio::test]
async fn a_post_tells_no_more_than_a_few_by_name_and_nobody_who_cannot_log_in() {
    let (app, _, mut bob, story) = forum().await;
    let names: Vec<String> = (0..MAX_MENTIONS + 2).map(|n| format!("reader{n}")).collect();
    for name in &names {
        app.account(name, Role::Member).await;
    }
    app.sql("update users set source = 'hn', password = null where name = 'reader0'").await;
    let mentions: Vec<String> = names.iter().map(|name| format!("@{name}")).collect();
    bob.reply(story, &mentions.join(" ")).await;
    let told = app.number("select count(*) from inbox where kind = 'mention'").await;
    assert_eq!(usize::try_from(told), Ok(MAX_MENTIONS - 1));
}

#[tokio::test]
async fn what_a_reader_may_not_see_is_neither_counted_nor_shown_until_it_is_back() {
    let (app, mut alice, mut bob, story) = forum().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let comment = bob.reply(story, "An answer.").await;
    assert_eq!(unread(&mut alice).await, 1);
    for (on, expected) in [("true", 0), ("false", 1)] {
        mia.post(&format!("/item/{comment}/kill"), &[("on", on), ("reason", "spam")]).await;
        assert_eq!(unread(&mut alice).await, expected, "killed: {on}");
        assert_eq!(inbox(&mut alice).await.len(), usize::try_from(expected).expect("a number"));
    }
    bob.post(&format!("/item/{comment}/delete"), &[]).await;
    assert_eq!((unread(&mut alice).await, inbox(&mut alice).await.len()), (0, 0), "deleted");

    let mut eve = app.member("eve").await;
    app.sql("update users set shadow_banned_at = 1 where name = 'eve'").await;
    let unheard = eve.reply(story, "To @bob.").await;
    assert_eq!((unread(&mut alice).await, unread(&mut bob).await), (0, 2), "bob is told of both acts alone");
    app.sql("update users set shadow_banned_at = null where name = 'eve'").await;
    app.sql(&format!("update items set dead = null where id = {unheard}")).await;
    app.store.detect_external_writes().await.expect("noticed");
    assert_eq!(inbox(&mut alice).await, [(unheard, "replied to you".to_owned())], "it came back");
}

#[tokio::test]
async fn an_entry_is_read_when_its_post_is_seen_or_its_button_is_pressed() {
    let (app, mut alice, mut bob, story) = forum().await;
    let own = alice.text_story("Another", "Words.").await;
    let other = bob.reply(own, "Elsewhere.").await;
    let [first, second, third] =
        [bob.reply(story, "One.").await, bob.reply(story, "Two.").await, bob.reply(story, "Three.").await];
    assert_eq!(unread(&mut alice).await, 4);
    alice.get(&format!("/item/{first}")).await;
    assert_eq!(unread(&mut alice).await, 3, "the comment's own page shows it alone");
    let page = alice.get("/inbox?show=unread").await;
    assert_eq!(page.comments(), [third, second, other]);
    page.finds(4, "main form[action^='/inbox']");
    let button = page.one(&format!("#c{second} form[action^='/inbox/']"));
    alice.post(button.attr("action"), &[("goto", "/inbox?show=unread")]).await;
    assert_eq!(alice.get("/inbox?show=unread").await.comments(), [third, other]);
    alice.get(&format!("/item/{third}/reply")).await;
    assert_eq!(unread(&mut alice).await, 1, "who answers it has read it");
    alice.get(&format!("/item/{own}")).await;
    assert_eq!(unread(&mut alice).await, 0, "the thread shows all of it");
    app.store.flush_activity().await.expect("written");
    assert_eq!(app.number("select count(*) from inbox where read_at is null").await, 0);
    let page = alice.get("/inbox").await;
    assert_eq!(page.comments(), [third, second, first, other], "what was read stays");
    page.finds(0, "main form[action^='/inbox']");
    let empty = alice.get("/inbox?show=unread").await;
    assert!(empty.one(".empty").text.starts_with("You have read everything."), "{}", empty.text());
}

#[tokio::test]
async fn marking_all_as_read_leaves_what_came_later() {
    let (_app, mut alice, mut bob, story) = forum().await;
    bob.reply(story, "One.").await;
    let last = alice.get("/inbox").await.one("button[name=last]").attr("value").to_owned();
    bob.reply(story, "Two.").await;
    alice.post("/inbox/read", &[("last", &last)]).await;
    assert_eq!(unread(&mut alice).await, 1);
    bob.post("/inbox/read", &[("last", "9999")]).await;
    assert_eq!(unread(&mut alice).await, 1, "everybody marks their own");
}

#[tokio::test]
async fn an_inbox_of_thousands_is_counted_up_to_a_hundred_and_read_in_pages() {
    let (app, mut alice, mut bob, story) = forum().await;
    bob.reply(story, "The last.").await;
    let alice_id = app.id_of("alice").await.0;
    app.sql(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 10000) \
         insert into items (kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, text, \
         score) select 'comment', author_id, time - i, time - i, time - i, parent_id, root_id, depth, text, \
         score from items, n where kind = 'comment'",
    )
    .await;
    app.sql("delete from inbox").await;
    app.sql(&format!(
        "insert into inbox (user_id, kind, item_id, created_at) select {alice_id}, 'reply', id, time from \
         items where kind = 'comment' order by time"
    ))
    .await;
    app.store.detect_external_writes().await.expect("noticed");
    assert_eq!(unread(&mut alice).await, 100);
    let page = alice.get("/inbox").await;
    assert_eq!(page.comments().len(), 30);
    let next = alice.get(&page.more().expect("more")).await;
    assert_eq!(next.comments().len(), 30);
    assert!(next.comments().iter().all(|id| !page.comments().contains(id)));
    read_all(&mut alice).await;
    assert_eq!(unread(&mut alice).await, 0);
    assert_eq!(app.number("select count(*) from inbox where read_at is null").await, 0);
}

#[tokio::test]
async fn what_one_follows_is_listed_and_can_be_unfollowed_there() {
    let (app, mut alice, mut bob, story) = forum().await;
    let thread = format!("/item/{story}");
    assert!(bob.get("/following").await.one(".empty").text.contains("You do not follow anything yet"));
    for what in [thread.as_str(), "/user/alice"] {
        bob.get(what).await.finds(1, &format!("form[action='{what}/follow'] button[value=true]"));
        assert_eq!(follow(&mut bob, what, "true").await.location().as_deref(), Some(what));
        bob.get(what).await.finds(1, &format!("form[action='{what}/follow'] button[value=false]"));
    }
    assert_eq!(bob.get("/following").await.texts("main li a"), ["A loom", "alice"]);
    bob.get("/inbox").await.finds(1, "main a[href='/following']");
    alice.get("/following").await.finds(0, "main li");
    for what in [thread.as_str(), "/user/alice"] {
        bob.get("/following").await.finds(1, &format!("form[action='{what}/follow'] button[value=false]"));
        follow(&mut bob, what, "false").await;
    }
    bob.get("/following").await.finds(0, "main li");
    alice.reply(story, "Of my own.").await;
    alice.text_story("More", "Words.").await;
    assert_eq!(unread(&mut bob).await, 0);
    bob.get("/user/alice").await.finds(1, "form[action$='/follow']");
    alice.get("/user/alice").await.finds(0, "form[action$='/follow']");
    app.visitor().get("/user/alice").await.finds(0, "form[action$='/follow']");
}

#[tokio::test]
async fn follows_are_bounded_for_each_member_and_for_what_is_followed() {
    let (app, _, mut bob, story) = forum().await;
    let bob_id = app.id_of("bob").await.0;
    let many = |last: i64| {
        format!("with recursive n (i) as (select 1 union all select i + 1 from n where i < {last}) ")
    };
    let thread = format!("/item/{story}");
    app.sql(&format!(
        "{}insert into follows (user_id, kind, target, created_at) select {bob_id}, 'thread', 100000 + i, 1 \
         from n",
        many(MAX_FOLLOWS)
    ))
    .await;
    let page = follow(&mut bob, &thread, "true").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.says("You follow 200 threads and people, which is the limit."), "{}", page.text());
    app.sql("delete from follows").await;
    app.sql(&format!(
        "{}insert into users (name, karma, karma_base, created_at) select 'fan' || i, 1, 1, 1 from n",
        many(MAX_FOLLOWERS)
    ))
    .await;
    app.sql(&format!(
        "insert into follows (user_id, kind, target, created_at) select id, 'thread', {story}, 1 from users \
         where name like 'fan%'"
    ))
    .await;
    let page = follow(&mut bob, &thread, "true").await;
    assert!(page.says("1000 members follow this, which is the limit."), "{}", page.text());
}

#[tokio::test]
async fn who_follows_a_merged_thread_is_told_of_what_follows_in_the_other() {
    let (app, mut alice, mut bob, story) = forum().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let duplicate = mia.text_story("The same loom", "Words.").await;
    follow(&mut bob, &format!("/item/{duplicate}"), "true").await;
    let into = story.to_string();
    let form = [("into", into.as_str()), ("reason", "the same"), ("on", "true")];
    mia.post(&format!("/item/{duplicate}/merge"), &form).await;
    let comment = alice.reply(story, "Here.").await;
    assert_eq!(inbox(&mut bob).await, [(comment, IN_THREAD.to_owned())]);
}

#[tokio::test]
async fn the_replies_are_where_the_inbox_is() {
    let (app, mut alice, ..) = forum().await;
    for browser in [&mut alice, &mut app.visitor()] {
        let page = browser.get("/replies").await;
        assert_eq!(
            (page.status, page.location().as_deref()),
            (StatusCode::PERMANENT_REDIRECT, Some("/inbox"))
        );
    }
}
