//! Everything that a member has, as an archive to take along.

use std::io::{Cursor, Read};

use axum::http::StatusCode;
use stoa::clock::DAY;

use crate::support::app::{Browser, TestApp};

const EXPORT: &str = "/settings/export";
const FILE: &str = "/settings/export/file";

/// Asks for an archive, and lets the job make it.
async fn archive(app: &TestApp, member: &mut Browser) -> Vec<u8> {
    assert_eq!(member.post(EXPORT, &[]).await.status, StatusCode::SEE_OTHER);
    stoa::jobs::make_exports(&app.app).await.expect("made");
    let page = member.get(FILE).await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "application/zip"));
    page.body
}

fn file(archive: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut text = String::new();
    archive.by_name(name).expect("a file").read_to_string(&mut text).expect("UTF-8");
    text
}

#[tokio::test]
async fn a_member_downloads_all_that_is_theirs_and_nothing_of_others() {
    let app = TestApp::new().await;
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    let story = bob.text_story("A <b>bold</b> title", "Words with *emphasis* & <script>.").await;
    let comment = carl.reply(story, "A secret of carl for @bob.").await;
    let answer = bob.reply(comment, "An answer by bob.").await;
    bob.post(&format!("/item/{answer}/edit"), &[("text", "Another answer."), ("version", "0")]).await;
    bob.vote(comment, "up").await;
    bob.post(&format!("/item/{comment}/save"), &[("on", "true")]).await;
    bob.post("/settings/muted", &[("kind", "word"), ("value", "weather"), ("on", "true")]).await;
    bob.post("/user/carl/follow", &[("on", "true")]).await;
    let warned = stoa::store::ActionContext { actor: None, reason: "Be kinder", at: app.now() };
    app.store.warn(app.id_of("bob").await, warned).await.expect("warned");
    bob.get(EXPORT).await.finds(1, &format!("form[action='{EXPORT}']"));

    let archive = archive(&app, &mut bob).await;
    let data: serde_json::Value = serde_json::from_str(&file(&archive, "data.json")).expect("JSON");
    assert_eq!(data["profile"]["name"], "bob");
    assert_eq!(data["posts"].as_array().map(Vec::len), Some(2), "{data}");
    assert_eq!(data["posts"][0]["time"], "2026-11-23T12:00:00Z");
    assert_eq!(data["posts"][1]["story"], "A <b>bold</b> title");
    assert_eq!(data["revisions"][0]["text"], "An answer by bob.");
    assert_eq!(
        (data["votes"][0]["item_id"].as_i64(), data["votes"][0]["dir"].as_i64()),
        (Some(comment), Some(1))
    );
    assert_eq!(data["saved"][0]["item_id"].as_i64(), Some(comment));
    assert_eq!(data["mutes"][0]["value"], "weather");
    assert_eq!(data["follows"][0]["kind"], "person");
    assert!(
        data["notices"].to_string().contains("Be kinder") && data["sessions"][0]["created_at"].is_string()
    );
    let page = file(&archive, "index.html");
    for part in [
        "A &#60;b&#62;bold&#60;/b&#62; title",
        "Words with <em>emphasis</em> &amp; &lt;script&gt;.",
        &format!("href=\"http://127.0.0.1:8000/item/{story}\""),
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    for text in [page, data.to_string()] {
        assert!(!text.contains("A secret of carl") && !text.contains("$argon2id"), "{text}");
    }
}

#[tokio::test]
async fn an_archive_is_made_once_a_day_and_kept_for_a_week() {
    let app = TestApp::new().await;
    let mut bob = app.member("bob").await;
    assert_eq!(bob.get(FILE).await.status, StatusCode::NOT_FOUND);
    bob.post(EXPORT, &[]).await;
    let page = bob.get(EXPORT).await;
    page.finds(1, &format!("main [role=status] a[href='{EXPORT}']"));
    let form = format!("main form[action='{EXPORT}']");
    page.finds(0, &form);
    assert_eq!(bob.get(FILE).await.status, StatusCode::NOT_FOUND, "it is not made yet");
    stoa::jobs::make_exports(&app.app).await.expect("made");
    bob.get(EXPORT).await.finds(1, &format!("main a[href='{FILE}']"));
    // Another one has to wait, and the first stays.
    bob.post(EXPORT, &[]).await;
    assert_eq!(bob.get(FILE).await.status, StatusCode::OK);
    assert_eq!(app.member("carl").await.get(FILE).await.status, StatusCode::NOT_FOUND);
    app.pass(DAY);
    bob.get(EXPORT).await.finds(1, &form);
    app.pass(6 * DAY);
    assert_eq!(bob.get(FILE).await.status, StatusCode::NOT_FOUND);
    stoa::jobs::purge_if_due(&app.app).await.expect("purged");
    assert_eq!(app.number("select count(*) from exports").await, 0);
}

#[tokio::test]
async fn two_processes_make_an_archive_once_and_a_lost_one_is_made_again() {
    let app = TestApp::new().await;
    let mut bob = app.member("bob").await;
    let id = app.id_of("bob").await;
    bob.post(EXPORT, &[]).await;
    let (one, two) = tokio::join!(app.store.claim_export(app.now()), app.store.claim_export(app.now()));
    let claims = [one.expect("an answer"), two.expect("an answer")];
    assert_eq!(claims.iter().filter(|claim| **claim == Some(id)).count(), 1, "{claims:?}");
    for _ in 0..2 {
        app.pass(600);
        assert_eq!(app.store.claim_export(app.now()).await.expect("an answer"), Some(id));
    }
    // Three processes died over it.
    app.pass(600);
    assert_eq!(app.store.claim_export(app.now()).await.expect("an answer"), None);
    bob.get(EXPORT).await.finds(1, "main [role=alert]");
    archive(&app, &mut bob).await;
}
