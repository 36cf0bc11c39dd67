//! The queue: what the server refuses is kept, tried again and shown to admins.

use std::time::Duration;

use axum::http::StatusCode;
use stoa::clock::{DAY, HOUR, MINUTE};
use stoa::domain::accounts::user::Role;

use crate::support::metrics::Metrics;
use crate::support::smtp::{MailingApp, choose, enter};

const BOB: &str = "bob@example.org";
const LATER: &str = "451 4.3.0 Try again later";

#[tokio::test]
async fn a_mail_that_cannot_be_sent_now_is_tried_again_and_arrives_once() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    forum.smtp.answers("*", LATER);
    enter(&mut bob, BOB).await;
    let mut attempts = 0;
    for wait in [0, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, DAY] {
        forum.pass(wait);
        assert!(forum.deliver().await.is_empty());
        attempts += 1;
        assert_eq!(forum.smtp.attempts(BOB), attempts, "after {wait}");
    }
    let mut admin = forum.person("ada", Role::Admin).await;
    let page = admin.get("/mod/mail").await;
    page.finds(1, "main ul.rows");
    assert!(page.one("main ul.rows li").text.contains(LATER), "{}", page.text());
    page.one_role("button", &format!("Try again now: {BOB}"));
    forum.smtp.accepts_all();
    let id = page.one("main ul.rows form").attr("action").to_owned();
    assert_eq!(admin.post(&id, &[("retry", "true")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(forum.one_mail().await.to, [BOB]);
    forum.pass(DAY);
    assert!(forum.deliver().await.is_empty());
    admin.get("/mod/mail").await.finds(0, "main ul.rows");
}

#[tokio::test]
async fn a_mail_server_that_refuses_shows_in_the_metrics() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    forum.smtp.answers("*", LATER);
    enter(&mut bob, BOB).await;
    let waiting = "stoa_mail_queue_mails{state=\"waiting\"}";
    let metrics = forum.app.app.metrics_router(std::sync::Arc::new(|_| {}));
    assert_eq!(Metrics::read(&metrics).await.value(waiting), 1.0);
    forum.pass(2 * HOUR);
    assert!(forum.deliver().await.is_empty());
    let oldest = "stoa_mail_queue_oldest_seconds";
    assert!(Metrics::read(&metrics).await.value(oldest) >= 7_200.0);
    forum.smtp.accepts_all();
    forum.pass(HOUR);
    forum.one_mail().await;
    let kept = Metrics::read(&metrics).await;
    assert_eq!((kept.value(waiting), kept.value(oldest)), (0.0, 0.0));
    enter(&mut bob, "bob@example.com").await;
    assert_eq!(Metrics::read(&metrics).await.value(waiting), 0.0, "the database is asked rarely");
    forum.pass(5);
    assert_eq!(Metrics::read(&metrics).await.value(waiting), 1.0);
}

#[tokio::test]
async fn a_mail_fails_after_five_days_and_is_kept_for_thirty() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    forum.smtp.answers("*", "421 Too busy");
    enter(&mut bob, BOB).await;
    for _ in 0..20 {
        forum.deliver().await;
        forum.pass(DAY);
    }
    assert_eq!(forum.smtp.attempts(BOB), 10);
    let failed = "select count(*) from mails where failed_at is not null";
    assert_eq!(forum.number(failed).await, 1);
    stoa::jobs::purge_if_due(&forum.app.app).await.expect("purged");
    assert_eq!(forum.number(failed).await, 1);
    forum.pass(30 * DAY);
    stoa::jobs::purge_if_due(&forum.app.app).await.expect("purged");
    assert_eq!(forum.number("select count(*) from mails").await, 0);
}

#[tokio::test]
async fn an_address_that_nobody_has_is_not_written_to_until_it_is_confirmed_again() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", BOB).await;
    choose(&mut bob, "at-once").await;
    let mut mia = forum.member("mia").await;
    let story = bob.text_story("Weaving", "A text.").await;
    forum.smtp.answers(BOB, "550 5.1.1 <bob@example.org>: No such user");
    mia.reply(story, "An answer.").await;
    forum.pass(120);
    forum.deliver().await;
    forum.smtp.accepts_all();
    mia.reply(story, "Another answer.").await;
    forum.pass(DAY);
    assert!(forum.deliver().await.is_empty());
    let mut bob = forum.session("bob").await;
    bob.get("/settings/email").await.finds(1, "main .notice");
    let mut admin = forum.person("ada", Role::Admin).await;
    let page = admin.get("/mod/mail").await;
    assert!(page.one("main ul.rows li").text.contains("failed"), "{}", page.text());
    let id = page.one("main ul.rows form").attr("action").to_owned();
    assert_eq!(admin.post(&id, &[("retry", "false")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.post(&id, &[("retry", "false")]).await.status, StatusCode::NOT_FOUND);

    forum.confirm(&mut bob, BOB).await;
    bob.get("/settings/email").await.finds(0, "main .notice");
    mia = forum.session("mia").await;
    mia.reply(story, "A third answer.").await;
    forum.pass(120);
    assert!(forum.one_mail().await.text.contains("A third answer."));
}

#[tokio::test]
async fn a_new_address_that_nobody_has_is_told_of_on_the_page() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    forum.smtp.answers("*", "550 No such user here");
    enter(&mut bob, "bbo@example.org").await;
    forum.deliver().await;
    let page = bob.get("/settings/email").await;
    assert!(page.one("main [role=status]").text.contains("Check its spelling"), "{}", page.text());
    assert_eq!(page.one("#email").attr("value"), "bbo@example.org");
}

#[tokio::test]
async fn a_dropped_connection_loses_nothing() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    forum.smtp.answers("*", "drop");
    enter(&mut bob, BOB).await;
    assert!(forum.deliver().await.is_empty());
    forum.smtp.accepts_all();
    forum.pass(MINUTE);
    assert_eq!(forum.one_mail().await.to, [BOB]);
}

#[tokio::test]
async fn a_server_that_does_not_answer_holds_up_only_its_own_mail() {
    let forum = MailingApp::new().await;
    let (mut bob, mut mia) = (forum.member("bob").await, forum.member("mia").await);
    forum.smtp.answers(BOB, "hang");
    enter(&mut bob, BOB).await;
    enter(&mut mia, "mia@example.org").await;
    let sending = tokio::time::timeout(Duration::from_secs(5), forum.deliver()).await;
    assert!(sending.is_err(), "it waits for the server");
    assert_eq!(forum.smtp.mails().len(), 1, "the other has arrived");
    forum.smtp.accepts_all();
    forum.pass(MINUTE);
    assert_eq!(forum.deliver().await.len(), 1);
    // As if the process had died: the lease ends.
    forum.pass(10 * MINUTE);
    assert_eq!(forum.one_mail().await.to, [BOB]);
}

#[tokio::test]
async fn what_somebody_waits_for_is_sent_before_digests() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", BOB).await;
    choose(&mut bob, "at-once").await;
    let mut mia = forum.member("mia").await;
    let story = bob.text_story("Weaving", "A text.").await;
    mia.reply(story, "An answer.").await;
    forum.pass(150);
    stoa::jobs::prepare_mail_if_due(&forum.app.app).await.expect("prepared");
    enter(&mut mia, "mia@example.org").await;
    let claimed = forum.store.claim_mails(1, forum.now()).await.expect("claimed");
    assert_eq!(claimed[0].recipient, "mia@example.org");
}

#[tokio::test]
async fn a_message_has_the_same_id_at_each_attempt_and_none_of_it_stays() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    enter(&mut bob, BOB).await;
    let first = forum.one_mail().await;
    // As if the process had died after the server accepted it and before that was noted.
    let content = "{\"confirm\":{\"token\":\"x\"}}";
    let again = "update mails set sent_at = null, next_attempt_at = created_at, content = ";
    assert_eq!(forum.rows::<(String,)>("select content from mails").await, [(String::new(),)]);
    forum.sql(&format!("{again}'{content}'")).await;
    let second = forum.one_mail().await;
    assert_eq!(first.header("message-id"), second.header("message-id"));
    assert!(first.header("message-id").ends_with("@localhost>"), "{}", first.header("message-id"));
}

#[tokio::test]
async fn only_admins_see_the_queue() {
    let forum = MailingApp::new().await;
    let mut mod_ = forum.person("mo", Role::Moderator).await;
    mod_.get("/mod").await.finds(0, "a[href='/mod/mail']");
    let mut admin = forum.person("ada", Role::Admin).await;
    admin.get("/mod").await.finds(1, "a[href='/mod/mail']");
    assert!(admin.get("/mod/mail").await.says("No mail is waiting."));
}
