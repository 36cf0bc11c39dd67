//! A lost password: an admin makes a link, which sets a new one once.

use axum::http::StatusCode;
use stoa::clock::HOUR;
use stoa::domain::accounts::password::PasswordError;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, TestApp};
use crate::support::fixtures::is_in;
use crate::support::sentences::refused;

const NEW: &str = "seven orange kettles hum";

/// The link that `admin` makes for somebody.
async fn make(admin: &mut Browser, name: &str) -> String {
    let page = admin.post(&format!("/user/{name}/reset-link"), &[]).await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"), "{}", page.text());
    let link = page.one("#link").attr("value").to_owned();
    link[link.find("/reset/").expect("a path")..].to_owned()
}

async fn log_in(app: &TestApp, name: &str, password: &str) -> StatusCode {
    app.visitor().post("/login", &[("name", name), ("password", password)]).await.status
}

#[tokio::test]
async fn a_lost_password_is_set_by_a_link_that_an_admin_makes() {
    let app = TestApp::new().await;
    let mut admin = app.person("ada", Role::Admin).await;
    let mut bob = app.person("bob", Role::Member).await;
    let form = "main form[action='/user/bob/reset-link']";
    admin.get("/user/bob/moderate").await.finds(1, form);
    let link = make(&mut admin, "bob").await;

    let mut elsewhere = app.visitor();
    let page = elsewhere.get(&link).await;
    assert!(page.says("This sets the password of bob."), "{}", page.text());
    page.finds(1, "meta[name=robots][content=noindex]");
    assert_eq!(page.header("cache-control"), "no-store");
    let weak = elsewhere.post(&link, &[("password", "short")]).await;
    refused(&weak, StatusCode::UNPROCESSABLE_ENTITY, PasswordError::Short);
    assert!(is_in(&mut bob).await, "nothing has happened yet");

    let page = elsewhere.post(&link, &[("password", NEW)]).await;
    assert_eq!((page.status, page.location().as_deref()), (StatusCode::SEE_OTHER, Some("/")));
    assert!(is_in(&mut elsewhere).await);
    assert!(!is_in(&mut bob).await, "earlier sessions have ended");
    assert_eq!(log_in(&app, "bob", NEW).await, StatusCode::SEE_OTHER);
    assert_eq!(log_in(&app, "bob", PASSWORD).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(elsewhere.get("/inbox").await.says("An admin made a link by which your password can be set."));
    let log = admin.get("/log").await;
    assert!(log.says("made a link to set the password of"), "{}", log.text());
    assert!(!app.visitor().get("/log").await.mentions("set the password"));
}

#[tokio::test]
async fn a_password_link_ends_in_every_way() {
    let app = TestApp::new().await;
    let mut admin = app.person("ada", Role::Admin).await;
    app.account("bob", Role::Member).await;
    let used = make(&mut admin, "bob").await;
    app.visitor().post(&used, &[("password", NEW)]).await;
    let replaced = make(&mut admin, "bob").await;
    let mut dead = vec![("used", used), ("replaced", replaced)];
    let changed = make(&mut admin, "bob").await;
    let mut bob = app.session("bob").await;
    let page = bob.post("/settings/password", &[("current", NEW), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    dead.push(("the password was changed", changed));
    let promoted = make(&mut admin, "bob").await;
    admin.post("/user/bob/role", &[("role", "moderator"), ("reason", "helps")]).await;
    dead.push(("the role was changed", promoted));
    let banned = make(&mut admin, "bob").await;
    app.ban("bob").await;
    dead.push(("the account was banned", banned));
    dead.push(("guessed", "/reset/guessed".to_owned()));
    dead.push(("mangled", "/reset/%F0%9F%92%A9".to_owned()));
    for (why, link) in &dead {
        for page in [
            app.visitor().get(link).await,
            app.visitor().post(link, &[("password", "nine quiet lamps")]).await,
        ] {
            assert_eq!(
                (page.status, page.header("cache-control")),
                (StatusCode::NOT_FOUND, "no-store"),
                "{why}"
            );
            assert!(page.one("h1").text.contains("This link does not work"), "{why}: {}", page.text());
            page.finds(1, "main a[href='/contact']");
            page.finds(0, "main form");
        }
    }
    assert_eq!(log_in(&app, "bob", "nine quiet lamps").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!is_in(&mut bob).await);
}

#[tokio::test]
async fn a_password_link_works_for_an_hour() {
    let app = TestApp::new().await;
    let mut admin = app.person("ada", Role::Admin).await;
    app.account("bob", Role::Member).await;
    let link = make(&mut admin, "bob").await;
    app.pass(HOUR - 1);
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::OK);
    app.pass(1);
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
    let late = app.visitor().post(&link, &[("password", NEW)]).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
    assert_eq!(log_in(&app, "bob", PASSWORD).await, StatusCode::SEE_OTHER);
    stoa::jobs::purge_if_due(&app.app).await.expect("purged");
    assert_eq!(app.number("select count(*) from password_resets").await, 0);
}

#[tokio::test]
async fn only_one_of_two_who_use_a_password_link_at_once_sets_the_password() {
    let app = TestApp::new().await;
    let mut admin = app.person("ada", Role::Admin).await;
    app.account("bob", Role::Member).await;
    let link = make(&mut admin, "bob").await;
    let (mut one, mut two) = (app.visitor(), app.visitor());
    let (form, other) = ([("password", NEW)], [("password", "nine quiet lamps")]);
    let (a, b) = tokio::join!(one.post(&link, &form), two.post(&link, &other));
    let mut statuses = [a.status, b.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND]);
    let kept = app.number("select count(*) from moderation_log where action = 'reset-link'").await;
    assert_eq!(kept, 1);
}
