//! The best of the week, for those who stay away.

use axum::http::StatusCode;
use stoa::clock::DAY;

use crate::support::app::Browser;
use crate::support::smtp::{MailingApp, choose};

async fn subscribe(browser: &mut Browser) {
    let form = [("inbox", "never"), ("best_of", "true")];
    let page = browser.post("/settings/email/choices", &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    browser.get("/settings/email").await.finds(1, "#best_of[checked]");
}

#[tokio::test]
async fn the_best_of_the_week_is_what_this_reader_has_not_seen_and_ends_after_four_weeks() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    subscribe(&mut bob).await;
    forum.pass(5 * DAY);
    let mut bob = forum.session("bob").await;
    let mut mia = forum.member("mia").await;
    let mut eve = forum.member("eve").await;
    let mut stories = Vec::new();
    for title in ["Opened", "Hidden", "Muted silk", "Upvoted"] {
        stories.push(mia.text_story(title, "A text.").await);
    }
    stories.push(eve.text_story("By eve", "A text.").await);
    stories.push(bob.text_story("By bob", "A text.").await);
    bob.get(&format!("/item/{}", stories[0])).await;
    bob.post(&format!("/item/{}/hide", stories[1]), &[("on", "true")]).await;
    bob.post("/settings/muted", &[("kind", "word"), ("value", "silk"), ("on", "true")]).await;
    bob.vote(stories[3], "up").await;
    bob.post("/settings/muted", &[("kind", "person"), ("value", "eve"), ("on", "true")]).await;
    forum.store.flush_activity().await.expect("written");
    forum.pass(3 * 3_600);
    mia.text_story("Fine", "A text.").await;
    let mut sent = Vec::new();
    for week in 1..8 {
        forum.pass(7 * DAY - if week == 1 { 5 } else { 2 } * 3_600);
        for title in ["Later", "Even later"] {
            forum.session("mia").await.text_story(&format!("{title} {week}"), "A text.").await;
        }
        forum.pass(2 * 3_600);
        let mails = forum.deliver().await;
        sent.extend(mails.into_iter().map(|mail| (week, mail)));
    }
    let weeks: Vec<i32> = sent.iter().map(|(week, _)| *week).collect();
    assert_eq!(weeks, [1, 2, 3, 4]);
    let (_, first) = &sent[0];
    assert_eq!(first.subject(), "The best of the week on Looms");
    let heads: Vec<&str> = first.text.lines().filter(|line| line.starts_with("* ")).collect();
    assert_eq!(heads.len(), 3, "{heads:?}");
    assert!(heads.iter().any(|head| head.contains("Fine (1 point, 0 comments)")), "{heads:?}");
    assert!(heads.iter().filter(|head| head.contains("ater 1")).count() == 2, "{heads:?}");
    forum.session("bob").await;
    forum.pass(8 * DAY);
    forum.session("mia").await.text_story("After the return", "A text.").await;
    forum.pass(7 * DAY - 3_600);
    forum.session("mia").await.text_story("Still new", "A text.").await;
    assert_eq!(forum.deliver().await.len(), 1, "it begins again after a visit");
    let (_, last) = &sent[3];
    forum.visitor().post(&last.link("/unsubscribe/"), &[]).await;
    forum.pass(7 * DAY);
    assert!(forum.deliver().await.is_empty());
}

#[tokio::test]
async fn who_visits_gets_no_best_of_the_week_and_who_did_not_ask_neither() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    subscribe(&mut bob).await;
    let mut dan = forum.member_at("dan", "dan@example.org").await;
    choose(&mut dan, "never").await;
    for _ in 0..20 {
        forum.pass(DAY);
        forum.session("bob").await;
        forum.session("dan").await.text_story("A story", "A text.").await;
        assert!(forum.deliver().await.is_empty());
    }
}
