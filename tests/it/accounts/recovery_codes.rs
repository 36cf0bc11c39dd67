//! Recovery codes: offered after the sign-up, and a way back in for those who lost their password.

use axum::http::StatusCode;
use stoa::domain::accounts::password::PasswordError;
use stoa::domain::accounts::recovery_code::NotARecoveryCode;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::is_in;
use crate::support::sentences::refused;

const NEW: &str = "seven orange kettles hum";
const OFFER: &str = "main form[action='/settings/recovery/skip']";

async fn make(member: &mut Browser) -> Vec<String> {
    let page = member.post("/settings/recovery", &[("password", PASSWORD)]).await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"), "{}", page.text());
    page.texts("#codes code")
}

async fn recover(browser: &mut Browser, name: &str, code: &str, password: &str) -> Page {
    browser.post("/reset/recovery", &[("name", name), ("code", code), ("password", password)]).await
}

#[tokio::test]
async fn who_signs_up_is_offered_recovery_codes_until_they_have_some_or_want_none() {
    let app = TestApp::new().await;
    for wants in [true, false] {
        let mut eve = app.visitor();
        let name = if wants { "eve" } else { "eva" };
        eve.post("/signup", &[("name", name), ("password", PASSWORD)]).await;
        let page = eve.get("/").await;
        page.finds(1, OFFER);
        page.finds(1, "main a[href='/settings/recovery']");
        if wants {
            let page = eve.post("/settings/recovery", &[("password", PASSWORD)]).await;
            page.finds(10, "#codes code");
            page.finds(0, OFFER);
        } else {
            let page = eve.post("/settings/recovery/skip", &[("goto", "/new")]).await;
            assert_eq!(page.location().as_deref(), Some("/new"));
        }
        eve.get("/").await.finds(0, OFFER);
    }
    app.visitor().get("/").await.finds(0, OFFER);
    app.member("old").await.get("/").await.finds(0, OFFER);
}

#[tokio::test]
async fn a_recovery_code_sets_a_lost_password_once() {
    let app = TestApp::new().await;
    let mut bob = app.member("bob").await;
    let codes = make(&mut bob).await;
    app.visitor().get("/login").await.finds(1, "main a[href='/reset/recovery']");
    let mut elsewhere = app.visitor();
    elsewhere.get("/reset/recovery").await.finds(1, "meta[name=robots][content=noindex]");
    let weak = recover(&mut elsewhere, "bob", &codes[0], "short").await;
    refused(&weak, StatusCode::UNPROCESSABLE_ENTITY, PasswordError::Short);
    assert_eq!((weak.value("#name"), weak.value("#code")), ("bob".into(), codes[0].clone()));
    let unread = recover(&mut elsewhere, "bob", "abc", NEW).await;
    refused(&unread, StatusCode::UNPROCESSABLE_ENTITY, NotARecoveryCode);
    assert!(is_in(&mut bob).await, "nothing was changed by that");

    let done = recover(&mut elsewhere, "BOB", &codes[0], NEW).await;
    assert_eq!((done.status, done.location().as_deref()), (StatusCode::SEE_OTHER, Some("/")));
    assert!(is_in(&mut elsewhere).await);
    assert!(!is_in(&mut bob).await, "earlier sessions have ended");
    let inbox = elsewhere.get("/inbox").await;
    assert!(inbox.mentions("Your password was set with a recovery code."), "{}", inbox.text());
    let again = recover(&mut app.visitor(), "bob", &codes[0], PASSWORD).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let login = app.visitor().post("/login", &[("name", "bob"), ("password", NEW)]).await;
    assert_eq!(login.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_form_for_a_lost_password_does_not_tell_who_has_an_account_or_codes() {
    let app = TestApp::new().await;
    app.account("bob", Role::Member).await;
    make(&mut app.member("carl").await).await;
    let mut texts = Vec::new();
    for name in ["bob", "carl", "zelda"] {
        let page = recover(&mut app.visitor(), name, "abcd-efgh-jkmn-pqrs", NEW).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        texts.push(page.text().replace(name, "NAME"));
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

#[tokio::test]
async fn a_recovery_code_does_not_lift_a_ban() {
    let app = TestApp::new().await;
    let codes = make(&mut app.member("bob").await).await;
    app.ban("bob").await;
    let mut browser = app.visitor();
    recover(&mut browser, "bob", &codes[0], NEW).await;
    assert_eq!(browser.get("/settings").await.location().as_deref(), Some("/banned"));
}
