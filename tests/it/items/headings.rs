//! What lists are called, where they are linked, and how their numbers are said.

use crate::support::app::TestApp;

#[tokio::test]
async fn the_best_stories_are_linked_where_the_other_lists_are() {
    let app = TestApp::new().await;
    let page = app.visitor().get("/").await;
    assert_eq!(page.one("nav.sections a[href='/best']").text, "best");
    let best = app.visitor().get("/best").await;
    assert_eq!(best.one("nav.sections a[aria-current=page]").text, "best");
}

#[tokio::test]
async fn a_list_of_one_persons_posts_has_a_heading_that_is_seen() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    for (list, heading) in [("submissions", "Submissions by alice"), ("comments", "Comments by alice")] {
        for _ in 0..2 {
            let page = app.visitor().get(&format!("/user/alice/{list}")).await;
            assert_eq!(page.one("main h1:not(.visually-hidden)").text, heading);
            alice.reply(story, "A comment.").await;
        }
    }
}

#[tokio::test]
async fn one_of_something_is_said_in_the_singular_and_nothing_is_said_twice() {
    let app = TestApp::with(|settings| settings.flags_to_kill = Some(1)).await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A story", "Words.").await;
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!(page.one("#count").text, "No comments yet");
    assert_eq!(page.words().matches("omments yet").count(), 1, "{}", page.words());
    assert!(app.visitor().get("/feed/top.atom").await.has("1 point, "));
    let comment = bob.reply(story, "A comment.").await;
    assert!(app.visitor().get("/feed/top.atom").await.has("1 comment&lt;/a&gt;"));
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!(page.one("#count").text, "1 comment");
    let page = app.visitor().get(&format!("/item/{comment}")).await;
    assert_eq!(page.one("#count").text, "No replies yet");
    assert!(!page.says("0 replies") && !page.says("comments yet"), "{}", page.words());
    let reply = alice.reply(comment, "A reply.").await;
    assert_eq!(app.visitor().get(&format!("/item/{comment}")).await.one("#count").text, "1 reply");
    app.set_karma("bob", 31).await;
    bob.post(&format!("/item/{reply}/flag"), &[("on", "true"), ("reason", "spam")]).await;
    let log = app.visitor().get("/log").await;
    assert!(log.says("1 flag") && !log.says("1 flags"), "{}", log.words());
}
