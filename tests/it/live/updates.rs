//! What an open page is told.

use stoa::domain::accounts::user::Role;

use crate::live::{Listener, forum};
use crate::support::app::TestApp;

#[tokio::test]
async fn an_open_thread_hears_of_each_new_comment_at_once() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let page = app.visitor().get(&format!("/item/{story}")).await;
    let address = page.one("main").attr("data-events").to_owned();
    let mut visitor = Listener::open(&mut app.visitor(), &address).await;
    for text in ["One.", "Two.", "Three."] {
        let comment = alice.reply(story, text).await;
        let told = visitor.hears("comments", &[comment]).await;
        assert_eq!(told.len(), 1, "it is told once: {told:?}");
    }
}

#[tokio::test]
async fn a_stream_that_was_cut_off_goes_on_without_loss() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let address = format!("/events?thread={story}");
    let mut first = Listener::open(&mut app.visitor(), &address).await;
    let known = alice.reply(story, "Heard.").await;
    let last = first.hears("comments", &[known]).await.remove(0).id.expect("an id");
    drop(first);
    app.pass(300);
    let missed = [alice.reply(story, "Missed.").await, alice.reply(known, "Missed, too.").await];
    // The server has started again meanwhile.
    let restarted = app.with_other_settings(|_| {});
    let mut again = Listener::resume(&mut restarted.visitor(), &address, Some(&last)).await;
    let told = again.hears("comments", &missed).await;
    assert_eq!(told.len(), 1, "all at once: {told:?}");
    // A page that was restored names what it has in its address.
    let named = format!("{address}&after={last}");
    Listener::open(&mut restarted.visitor(), &named).await.hears("comments", &missed).await;
}

#[tokio::test]
async fn an_open_list_hears_of_new_stories() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let old = alice.text_story("Ask: an old story?", "Words.").await;
    app.pass(300);
    for list in ["top", "new", "ask"] {
        let page = app.visitor().get(if list == "top" { "/" } else { list_path(list) }).await;
        assert_eq!(page.one("main").attr("data-events"), format!("/events?list={list}"));
        let address = format!("/events?list={list}&after={}", app.now().0);
        let mut visitor = Listener::open(&mut app.visitor(), &address).await;
        let new = alice.text_story(&format!("Ask: what is new in {list}?"), "Words.").await;
        let told = visitor.hears("stories", &[new]).await;
        assert!(told.iter().all(|told| !told.ids().contains(&old)), "the page has it: {told:?}");
        app.sql("update items set time = time - 1, rank_time = rank_time - 1").await;
    }
    let later = app.visitor().get("/new?before=1000").await;
    assert_eq!(later.one("main").attr("data-events"), "", "a later page is as it is");
}

fn list_path(list: &str) -> &'static str {
    if list == "new" { "/new" } else { "/ask" }
}

#[tokio::test]
async fn the_inbox_s_number_follows_on_every_page() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let mut bob = app.member("bob").await;
    let story = alice.text_story("A story", "Words.").await;
    let mut page = Listener::open(&mut alice, "/events").await;
    let told = page.next().await;
    assert_eq!((told.name.as_str(), told.data.as_str()), ("inbox", "0"), "as it is at first");
    bob.reply(story, "An answer.").await;
    assert_eq!(page.next().await.data, "1");
    bob.reply(story, "Another.").await;
    assert_eq!(page.next().await.data, "2");
    // She reads them in another tab.
    alice.get(&format!("/item/{story}")).await;
    assert_eq!(page.next().await.data, "0");
}

#[tokio::test]
async fn votes_are_not_told_and_one_s_own_comments_are_no_news() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let mut bob = app.member("bob").await;
    let story = alice.text_story("A story", "Words.").await;
    let mut page = Listener::open(&mut bob, &format!("/events?thread={story}")).await;
    bob.vote(story, "up").await;
    let own = bob.reply(story, "My own.").await;
    assert!(page.is_quiet().await);
    let other = alice.reply(own, "An answer.").await;
    page.hears("comments", &[other]).await;
}

#[tokio::test]
async fn an_approved_post_is_told_when_it_is_approved() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let mut moderator = app.person("mod", Role::Moderator).await;
    let rule =
        [("kind", "word"), ("pattern", "lottery"), ("effect", "hold"), ("reason", "spam"), ("add", "true")];
    moderator.post("/mod/rules", &rule).await;
    let mut bob = app.member("bob").await;
    let held_comment = bob.reply(story, "A lottery.").await;
    let held_story = bob.text_story("A lottery", "Win.").await;
    app.pass(3_600);
    let seen = alice.reply(story, "Seen at once.").await;
    let newer = alice.text_story("A newer story", "Words.").await;
    let mut thread = Listener::open(&mut app.visitor(), &format!("/events?thread={story}")).await;
    thread.hears("comments", &[seen]).await;
    let mut list = Listener::open(&mut app.visitor(), "/events?list=new").await;
    list.hears("stories", &[newer]).await;
    assert!(thread.is_quiet().await && list.is_quiet().await);
    for _ in 0..2 {
        let queue = moderator.get("/mod").await;
        let mark = queue.all("article.waiting [name=item]")[0].attr("value").to_owned();
        moderator.post("/mod", &[("decision", "approve"), ("item", &mark)]).await;
    }
    let held = app.number("select count(*) from items where dead is not null").await;
    assert_eq!(held, 0, "both were approved");
    thread.hears("comments", &[held_comment]).await;
    list.hears("stories", &[held_story]).await;
}

#[tokio::test]
async fn who_has_nothing_to_hear_is_told_so() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    assert_eq!(visitor.get("/events").await.status, 204);
    assert_eq!(visitor.get("/events?list=none").await.status, 404);
    assert_eq!(visitor.get("/events?thread=99").await.status, 404);
    let page = visitor.get("/guidelines").await;
    assert_eq!(page.one("main").attr("data-events"), "");
}
