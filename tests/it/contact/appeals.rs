//! What somebody who is banned can do: read why, appeal, take their data along and leave.

use axum::http::{Method, StatusCode};
use stoa::clock::DAY;
use stoa::domain::accounts::user::Role;

use crate::contact::{first_waiting, forum, messages};
use crate::support::app::{Browser, PASSWORD, TestApp};
use crate::support::fixtures::done;
use crate::support::sentences::BANNED_FOR_SPAM;
use crate::support::smtp::MailingApp;

async fn ban(moderator: &mut Browser, name: &str, days: &str) {
    let form = [("on", "true"), ("ban_days", days), ("ban_reason", "spam")];
    done(moderator, &format!("/user/{name}/ban"), &form).await;
}

/// Logs in somebody who is banned.
async fn log_in(app: &TestApp, name: &str) -> Browser {
    let mut browser = app.visitor();
    let page = browser.post("/login", &[("name", name), ("password", PASSWORD), ("goto", "/submit")]).await;
    assert_eq!(page.location().as_deref(), Some("/banned"), "{}", page.text());
    browser
}

#[tokio::test]
async fn a_banned_member_appeals_and_is_answered() {
    let (app, mut mia) = forum().await;
    let mut max = app.person("max", Role::Moderator).await;
    app.account("bob", Role::Member).await;
    ban(&mut mia, "bob", "3").await;
    let mut bob = log_in(&app, "bob").await;
    let page = bob.get("/banned").await;
    assert!(page.says("banned until 26 November 2026, 12:00 UTC"));
    assert_eq!(page.texts("nav[aria-label=You] > a"), ["search", "bob (banned)"]);
    done(&mut bob, "/banned", &[("text", "That was my cat.")]).await;
    done(&mut bob, "/banned", &[("text", "She is sorry.")]).await;
    assert_eq!(app.number("select count(*) from conversations").await, 1, "one appeal");
    let desk = first_waiting(&mut mia).await;
    assert!(mia.get(&desk).await.says("You set this ban."), "who banned is told that another should decide");
    assert!(!max.get(&desk).await.says("You set this ban."));
    done(&mut max, &format!("{desk}/answer"), &[("text", "Keep her away.")]).await;
    done(&mut max, &format!("{desk}/resolve"), &[("on", "true")]).await;
    let page = bob.get("/banned").await;
    let said = ["you: That was my cat.", "you: She is sorry.", "a moderator: Keep her away."];
    assert_eq!(messages(&page), said);
    assert!(page.says("You can appeal again in 14 days.") && page.all("main textarea").is_empty());
    let again = bob.post("/banned", &[("text", "Please.")]).await;
    assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.says("You can appeal again"));
    // When the ban is over, the same session is a member's again, and the appeal is theirs to read.
    app.pass(3 * DAY);
    assert_eq!(bob.get("/submit").await.status, StatusCode::OK);
    assert_eq!(bob.get("/banned").await.location().as_deref(), Some("/"));
    assert_eq!(messages(&bob.get(&desk.replace("/mod", "")).await), said);
}

#[tokio::test]
async fn a_ban_opens_its_own_pages_and_writes_nothing_else() {
    let (app, mut mia) = forum().await;
    let mut bob = app.member("bob").await;
    let story = bob.text_story("A story", "Words.").await;
    ban(&mut mia, "bob", "open").await;
    assert!(bob.get("/submit").await.location().expect("away").starts_with("/login"), "sessions have ended");
    let mut bob = log_in(&app, "bob").await;
    for path in ["/", "/new", "/settings/export", "/settings/delete", "/contact", "/privacy"] {
        assert_eq!(bob.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/submit", "/inbox", "/settings", "/settings/password", "/settings/account", "/mod"] {
        assert_eq!(bob.get(path).await.location().as_deref(), Some("/banned"), "{path}");
    }
    let page = bob.get(&format!("/item/{story}")).await;
    page.finds(0, "main textarea");
    let before = app.dump(&[]).await;
    let page = bob.post(&format!("/item/{story}/reply"), &[("text", "What I typed.")]).await;
    assert!(page.status == StatusCode::FORBIDDEN && page.says(BANNED_FOR_SPAM));
    assert_eq!(page.one("main textarea").text, "What I typed.");
    for (path, form) in [
        (format!("/item/{story}/vote"), ("dir", "up")),
        ("/settings/name".to_owned(), ("name", "rob")),
        (format!("/item/{story}/delete"), ("", "")),
    ] {
        let page = bob.post(&path, &[form]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(app.dump(&[]).await, before);
    done(&mut bob, "/settings/export", &[]).await;
    stoa::jobs::make_exports(&app.app).await.expect("made");
    assert_eq!(bob.get("/settings/export/file").await.status, StatusCode::OK);
    let form = [("name", "bob"), ("posts", "keep"), ("password", PASSWORD)];
    assert!(bob.post("/settings/delete", &form).await.says("deleted"));
    assert_eq!(app.number("select count(*) from users where deleted_at is not null").await, 1);
}

#[tokio::test]
async fn what_was_typed_before_a_ban_is_shown_after_the_log_in() {
    let (app, mut mia) = forum().await;
    app.account("bob", Role::Member).await;
    let story = mia.text_story("A story", "Words.").await;
    ban(&mut mia, "bob", "3").await;
    let form = [
        ("name", "bob"),
        ("password", PASSWORD),
        ("kept-action", &*format!("/item/{story}/reply")),
        ("kept.text", "Long thoughts about looms."),
    ];
    let headers = [("sec-fetch-site", "same-origin")];
    let page = app.visitor().send(Method::POST, "/login", &headers, Some(&form)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.says("This account is banned"), "{}", page.text());
    assert!(page.texts("main textarea").contains(&"Long thoughts about looms.".to_owned()));
}

#[tokio::test]
async fn a_banned_moderator_moderates_nothing() {
    let (app, mut mia) = forum().await;
    app.account("ada", Role::Admin).await;
    app.account("max", Role::Moderator).await;
    app.sql("update users set banned_at = 1 where name = 'max'").await;
    let mut max = log_in(&app, "max").await;
    for path in ["/mod", "/mod/messages", "/user/mia/moderate"] {
        assert_eq!(max.get(path).await.location().as_deref(), Some("/banned"), "{path}");
    }
    let story = mia.text_story("A story", "Words.").await;
    let page = max.post(&format!("/item/{story}/kill"), &[("on", "true"), ("reason", "spam")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_answer_to_an_appeal_is_mailed_as_the_inbox_is_closed() {
    let forum = MailingApp::new().await;
    let mut mia = forum.app.person("mia", Role::Moderator).await;
    forum.member_at("bob", "bob@example.org").await;
    ban(&mut mia, "bob", "open").await;
    forum.deliver().await;
    let mut bob = log_in(&forum.app, "bob").await;
    forum.deliver().await;
    done(&mut bob, "/banned", &[("text", "I am sorry.")]).await;
    let desk = first_waiting(&mut mia).await;
    done(&mut mia, &format!("{desk}/answer"), &[("text", "In a week.")]).await;
    let mail = forum.one_mail().await;
    assert_eq!(mail.to, ["bob@example.org"]);
    assert!(mail.text.contains("/banned") && !mail.text.contains("In a week."), "{}", mail.text);
    // A moderator who writes first does so in the same conversation.
    done(&mut mia, "/user/bob/message", &[("message", "Or sooner.")]).await;
    assert_eq!(messages(&bob.get("/banned").await).len(), 3);
}
