//! Mail about an account's security, with a link for “this was not me”.

use axum::http::{Method, StatusCode};
use stoa::clock::DAY;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD};
use crate::support::smtp::{MailingApp, choose};

const NEW: &str = "seven orange kettles hum";
const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");

async fn log_in(browser: &mut Browser) {
    let form: &[(&str, &str)] = &[("name", "bob"), ("password", PASSWORD)];
    let page = browser.send(Method::POST, "/login", &[FIREFOX], Some(form)).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

#[tokio::test]
async fn a_new_device_is_told_of_once() {
    let forum = MailingApp::new().await;
    forum.member_at("bob", "bob@example.org").await;
    let mut phone = forum.visitor();
    log_in(&mut phone).await;
    let mail = forum.one_mail().await;
    assert!(mail.text.contains("Firefox on Linux"), "{}", mail.text);
    phone.post("/logout", &[]).await;
    log_in(&mut phone).await;
    assert!(forum.deliver().await.is_empty(), "the device is known now");

    let link = mail.link("/email/");
    let page = forum.visitor().get(&link).await;
    page.one_role("button", "End all sessions");
    assert_eq!(phone.get("/settings").await.status, StatusCode::OK, "looking ends nothing");
    let mut bob = forum.visitor();
    let reset = bob.post(&link, &[("not_me", "true")]).await.location().expect("a way on");
    assert_eq!(phone.get("/settings").await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.post(&reset, &[("password", NEW)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.post(&link, &[]).await.status, StatusCode::NOT_FOUND, "it works once");
}

#[tokio::test]
async fn a_changed_password_is_told_of_and_the_link_works_for_a_week() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    let form = [("current", PASSWORD), ("password", NEW)];
    assert_eq!(bob.post("/settings/password", &form).await.status, StatusCode::SEE_OTHER);
    let mail = forum.one_mail().await;
    assert_eq!(
        (mail.to.as_slice(), mail.subject()),
        (&["bob@example.org".to_owned()][..], "Your password was changed")
    );
    let link = mail.link("/email/");
    forum.pass(7 * DAY - 31);
    assert_eq!(forum.visitor().get(&link).await.status, StatusCode::OK);
    forum.pass(31);
    assert_eq!(forum.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn recovery_codes_are_told_of_when_they_are_made_and_used() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    let made = bob.post("/settings/recovery", &[("password", PASSWORD)]).await;
    assert_eq!(forum.one_mail().await.subject(), "New recovery codes were made");
    let code = &made.texts("#codes code")[0];
    forum.visitor().post("/reset/recovery", &[("name", "bob"), ("code", code), ("password", NEW)]).await;
    let subjects: Vec<String> = forum.deliver().await.iter().map(|mail| mail.subject().to_owned()).collect();
    assert!(subjects.contains(&"A recovery code was used".to_owned()), "{subjects:?}");
}

#[tokio::test]
async fn a_link_that_an_admin_makes_is_told_of_once_whatever_its_owner_wants_mailed() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    choose(&mut bob, "at-once").await;
    let mut ada = forum.app.person("ada", Role::Admin).await;
    let subject = "An admin made a link to set your password";
    ada.post("/user/bob/reset-link", &[]).await;
    assert_eq!(forum.one_mail().await.subject(), subject);
    forum.pass(300);
    assert!(forum.deliver().await.is_empty(), "the inbox does not tell it again");
    choose(&mut bob, "never").await;
    ada.post("/user/bob/reset-link", &[]).await;
    assert_eq!(forum.one_mail().await.subject(), subject);
}

/// Who was in the account may have made a way back into it.
#[tokio::test]
async fn what_was_not_me_ends_the_recovery_codes_passkeys_and_links_made_since() {
    let forum = MailingApp::new().await;
    let mut thief = forum.member_at("bob", "bob@example.org").await;
    let codes = thief.post("/settings/recovery", &[("password", PASSWORD)]).await.texts("#codes code");
    let first = forum.one_mail().await.link("/email/");
    forum.app.pass(60);
    thief.post("/settings/recovery", &[("password", PASSWORD)]).await;
    let second = forum.one_mail().await.link("/email/");
    for (key, made_at) in [("owner's", forum.app.now().minus(3_600)), ("thief's", forum.app.now())] {
        let (key, user) = (forum.app.blob(key.as_bytes()), "select id from users where name = 'bob'");
        let row = format!("({user}), {key}, {key}, '{{}}', 'phone', {}", made_at.0);
        let columns = "user_id, user_handle, credential_id, credential, name, created_at";
        forum.app.sql(&format!("insert into passkeys ({columns}) values ({row})")).await;
    }
    let reset = forum.visitor().post(&first, &[]).await.location().expect("a way on");
    assert_eq!(forum.visitor().post(&second, &[]).await.status, StatusCode::NOT_FOUND, "both ended");
    assert_eq!(forum.app.number("select count(*) from passkeys").await, 1, "the owner's is older");
    forum.visitor().post(&reset, &[("password", NEW)]).await;
    assert_eq!(forum.app.number("select count(*) from passkeys").await, 0, "the password was lost");
    let form = [("name", "bob"), ("code", codes[1].as_str()), ("password", "eleven quiet barges turn")];
    let back = forum.visitor().post("/reset/recovery", &form).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", back.text());
    assert_eq!(forum.app.number("select count(*) from recovery_codes").await, 0);
}

#[tokio::test]
async fn without_a_confirmed_address_nothing_is_sent() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    crate::support::smtp::enter(&mut bob, "bob@example.org").await;
    assert_eq!(forum.deliver().await.len(), 1);
    log_in(&mut forum.visitor()).await;
    bob.post("/settings/password", &[("current", PASSWORD), ("password", NEW)]).await;
    assert!(forum.deliver().await.is_empty());
}
