//! What the inbox tells, by mail: at once or once a day.

use stoa::clock::{DAY, HOUR};
use stoa::domain::accounts::user::Role;

use crate::support::fixtures::kill;
use crate::support::smtp::{MailingApp, choose};

/// From noon until the next digest, and a little.
const UNTIL_SIX: i64 = 18 * HOUR + 60;

#[tokio::test]
async fn a_mention_is_an_unread_count_and_one_mail_that_unsubscribes_with_one_click() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    choose(&mut bob, "at-once").await;
    let mut mia = forum.member("mia").await;
    let story = mia.text_story("Looms of <b>Lyon</b>", "A text.").await;
    let comment = mia.reply(story, "What does @bob say?").await;
    assert_eq!(bob.get("/").await.one("a[href='/inbox'] .count").text, "1 unread");
    assert!(forum.deliver().await.is_empty(), "an edit may follow");
    forum.pass(120);
    let mail = forum.one_mail().await;
    assert_eq!(mail.subject(), "mia mentioned you in “Looms of <b>Lyon</b>”");
    assert!(mail.text.contains("> What does @bob say?"), "{}", mail.text);
    assert_eq!(mail.link("/item/"), format!("/item/{comment}"));
    assert!(mail.html.contains("&#60;b&#62;Lyon") && !mail.html.contains("<b>"), "{}", mail.html);
    assert!(!mail.html.contains("<img") && !mail.html.contains("src="), "{}", mail.html);
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    assert!(forum.deliver().await.is_empty(), "never twice");

    let link = mail.link("/unsubscribe/");
    assert_eq!(mail.header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    assert_eq!(mail.header("list-unsubscribe"), format!("<http://127.0.0.1:8000{link}>"));
    forum
        .visitor()
        .post(&link, &[("List-Unsubscribe", "One-Click")])
        .await
        .one_role("heading", "You are unsubscribed");
    mia.reply(story, "And now, @bob?").await;
    forum.pass(DAY);
    assert!(forum.deliver().await.is_empty());
}

#[tokio::test]
async fn a_digest_comes_once_a_day_with_what_is_unread_by_then() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    let mut mia = forum.member("mia").await;
    let story = bob.text_story("Weaving", "A text.").await;
    let read = mia.reply(story, "This is read before.").await;
    for nth in 0..3 {
        mia.reply(story, &format!("Answer number {nth}.")).await;
    }
    let gone = mia.reply(story, "This is deleted.").await;
    bob.get(&format!("/item/{read}")).await;
    forum.store.flush_activity().await.expect("written");
    mia.post(&format!("/item/{gone}/delete"), &[]).await;
    forum.pass(HOUR);
    assert!(forum.deliver().await.is_empty());
    forum.pass(UNTIL_SIX);
    let mail = forum.one_mail().await;
    assert_eq!(mail.subject(), "3 messages in your inbox on Looms");
    for nth in 0..3 {
        assert!(mail.text.contains(&format!("> Answer number {nth}.")), "{}", mail.text);
    }
    assert!(!mail.text.contains("read before") && !mail.text.contains("deleted"), "{}", mail.text);
    forum.pass(DAY);
    assert!(forum.deliver().await.is_empty(), "nothing is told twice");
}

#[tokio::test]
async fn a_mute_holds_in_mail() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    choose(&mut bob, "at-once").await;
    let mut mia = forum.member("mia").await;
    let mut eve = forum.member("eve").await;
    let story = bob.text_story("Weaving", "A text.").await;
    eve.reply(story, "From eve.").await;
    mia.reply(story, "From mia about silk.").await;
    mia.reply(story, "From mia about wool.").await;
    for (kind, value) in [("person", "eve"), ("word", "silk")] {
        bob.post("/settings/muted", &[("kind", kind), ("value", value), ("on", "true")]).await;
    }
    forum.pass(120);
    let mail = forum.one_mail().await;
    assert!(mail.text.contains("about wool") && !mail.text.contains("eve"), "{}", mail.text);
    assert!(!mail.text.contains("silk"), "{}", mail.text);
}

#[tokio::test]
async fn what_a_reader_may_not_see_is_not_mailed() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    choose(&mut bob, "at-once").await;
    let mut mia = forum.member("mia").await;
    let mut mod_ = forum.person("mo", Role::Moderator).await;
    forum.member("shady").await;
    forum.sql("update users set shadow_banned_at = 1 where name = 'shady'").await;
    let mut shady = forum.session("shady").await;
    let story = bob.text_story("Weaving", "A text.").await;
    let killed = mia.reply(story, "This is killed.").await;
    kill(&mut mod_, killed, true).await;
    shady.reply(story, "From the shadow.").await;
    forum.pass(120);
    assert!(forum.deliver().await.is_empty());
    let hidden = mia.text_story("A secret title", "A text.").await;
    mia.reply(hidden, "Hello @bob.").await;
    kill(&mut mod_, hidden, true).await;
    forum.pass(120);
    let mail = forum.one_mail().await;
    assert!(mail.text.contains("> Hello @bob.") && !mail.raw.contains("secret"), "{}", mail.text);
}

#[tokio::test]
async fn a_moderators_decision_is_mailed_like_a_reply() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    choose(&mut bob, "at-once").await;
    let story = bob.text_story("Weaving", "A text.").await;
    let mut mod_ = forum.person("mo", Role::Moderator).await;
    kill(&mut mod_, story, true).await;
    forum.pass(120);
    let mail = forum.one_mail().await;
    assert!(mail.text.contains("killed your story"), "{}", mail.text);
    assert_eq!(mail.link("/item/"), format!("/item/{story}"));
}

#[tokio::test]
async fn mail_at_once_becomes_a_digest_after_twenty_in_a_day() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    choose(&mut bob, "at-once").await;
    let mut mia = forum.member("mia").await;
    let story = bob.text_story("Weaving", "A text.").await;
    for nth in 0..22 {
        mia.reply(story, &format!("Answer number {nth}.")).await;
        forum.pass(120);
        assert_eq!(forum.deliver().await.len(), usize::from(nth < 20), "{nth}");
    }
    forum.pass(DAY);
    assert_eq!(forum.one_mail().await.subject(), "2 messages in your inbox on Looms");
}

#[tokio::test]
async fn a_banned_member_gets_no_digest() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    let mut mia = forum.member("mia").await;
    let story = bob.text_story("Weaving", "A text.").await;
    mia.reply(story, "An answer.").await;
    forum.ban("bob").await;
    forum.pass(DAY);
    assert!(forum.deliver().await.is_empty());
    assert_eq!(forum.number("select count(*) from inbox where mail_at is not null").await, 0);
}

#[tokio::test]
async fn of_two_nodes_one_prepares_and_sends_each_mail() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    choose(&mut bob, "at-once").await;
    let mut mia = forum.member("mia").await;
    let story = bob.text_story("Weaving", "A text.").await;
    mia.reply(story, "An answer.").await;
    let other = forum.another_node().await;
    forum.pass(121);
    for _ in 0..3 {
        forum.pass(30);
        let (one, two) = tokio::join!(
            stoa::jobs::prepare_mail_if_due(&forum.app.app),
            stoa::jobs::prepare_mail_if_due(&other.app)
        );
        one.and(two).expect("prepared");
        let (one, two) =
            tokio::join!(stoa::jobs::send_mail(&forum.app.app), stoa::jobs::send_mail(&other.app));
        one.and(two).expect("sent");
    }
    assert_eq!(forum.deliver().await.len(), 1);
}

#[tokio::test]
async fn what_is_muted_leaves_room_for_what_is_not() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    let (mut mia, mut troll) = (forum.member("mia").await, forum.member("troll").await);
    let story = bob.text_story("Dyeing", "A text.").await;
    mia.reply(story, "An early answer.").await;
    for nth in 0..25 {
        troll.reply(story, &format!("Noise number {nth}.")).await;
    }
    bob.post("/settings/muted", &[("kind", "person"), ("value", "troll"), ("on", "true")]).await;
    forum.pass(UNTIL_SIX);
    let mail = forum.one_mail().await;
    assert!(mail.text.contains("> An early answer.") && !mail.text.contains("Noise"), "{}", mail.text);
}
