//! Addresses: entered, confirmed at both ends, changed back, removed.

use axum::http::StatusCode;
use stoa::clock::{DAY, HOUR};
use stoa::domain::accounts::user::Role;
use stoa::domain::mail::address::EmailAddressError;
use stoa::domain::mail::links::AddressError;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::sentences::refused;
use crate::support::smtp::{MailingApp, enter};

async fn address_of(browser: &mut Browser) -> String {
    let page = browser.get("/settings/email").await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "private, no-store"));
    page.texts("main h2 + p strong").concat()
}

fn does_not_work(page: &Page) {
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::NOT_FOUND, "no-store"));
    page.one("h1");
    page.finds(1, "main a[href='/settings/email']");
    page.finds(0, "main form");
}

#[tokio::test]
async fn an_address_is_confirmed_by_a_link_that_works_once() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    enter(&mut bob, "Bob@Example.org").await;
    let page = bob.get("/settings/email").await;
    assert!(page.one("main [role=status]").text.contains("Bob@example.org"));
    page.finds(0, "main form[action='/settings/email/choices']");
    let mail = forum.one_mail().await;
    assert_eq!(
        (mail.to.as_slice(), mail.from.as_str()),
        (&["Bob@example.org".to_owned()][..], "no-reply@localhost")
    );
    assert_eq!(mail.header("from"), "Looms <no-reply@localhost>");
    let link = mail.link("/email/");
    let mut elsewhere = forum.visitor();
    let page = elsewhere.get(&link).await;
    page.finds(1, "meta[name=robots][content=noindex]");
    page.one_role("button", "Confirm the address");
    assert_eq!(address_of(&mut bob).await, "", "looking changes nothing");
    elsewhere.post(&link, &[]).await.one_role("heading", "The address is confirmed");
    assert_eq!(address_of(&mut bob).await, "Bob@example.org");
    bob.get("/settings/email").await.finds(1, "main form[action='/settings/email/choices']");
    does_not_work(&elsewhere.get(&link).await);
    does_not_work(&elsewhere.post(&link, &[]).await);
    does_not_work(&elsewhere.get(&format!("{link}x")).await);
    does_not_work(&elsewhere.get("/email/%F0%9F%92%A9").await);
}

#[tokio::test]
async fn a_link_that_confirms_an_address_works_for_a_day() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    enter(&mut bob, "bob@example.org").await;
    let link = forum.one_mail().await.link("/email/");
    forum.pass(DAY - 31);
    assert_eq!(bob.get(&link).await.status, StatusCode::OK);
    forum.pass(31);
    does_not_work(&bob.get(&link).await);
    does_not_work(&bob.post(&link, &[]).await);
    stoa::jobs::purge_if_due(&forum.app.app).await.expect("purged");
    assert_eq!(forum.number("select count(*) from mail_links").await, 0);
}

#[tokio::test]
async fn a_wrong_address_is_refused_at_its_field_and_kept() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member("bob").await;
    for (typed, why) in [
        ("bob", EmailAddressError::Form),
        ("bob@@example.org", EmailAddressError::Form),
        ("bob@exam ple.org", EmailAddressError::Host),
        ("bob\r\nBcc:eve@example.org", EmailAddressError::Local),
    ] {
        let page = bob.post("/settings/email", &[("email", typed), ("password", PASSWORD)]).await;
        refused(&page, StatusCode::UNPROCESSABLE_ENTITY, why);
        let field = page.one("#email[aria-invalid=true]");
        assert_eq!(field.attr("value").replace(['\r', '\n'], ""), typed.replace(['\r', '\n'], ""));
    }
    for password in ["", "not the password"] {
        let form = [("email", "bob@example.org"), ("password", password)];
        let page = bob.post("/settings/email", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.finds(1, "#password[aria-invalid=true]");
        assert_eq!(page.one("#email").attr("value"), "bob@example.org");
    }
    assert!(forum.deliver().await.is_empty());
}

#[tokio::test]
async fn nobody_can_fill_a_mailbox_with_links() {
    let forum = MailingApp::new().await;
    let mut people = Vec::new();
    for name in ["bob", "eve", "mia"] {
        people.push(forum.member(name).await);
    }
    for _ in 0..3 {
        enter(&mut people[0], "victim@example.org").await;
    }
    let form = [("email", "victim@EXAMPLE.org"), ("password", PASSWORD)];
    for browser in &mut people {
        let page = browser.post("/settings/email", &form).await;
        refused(&page, StatusCode::UNPROCESSABLE_ENTITY, AddressError::too_often(3));
    }
    let other =
        people[0].post("/settings/email", &[("email", "bob@example.org"), ("password", PASSWORD)]).await;
    refused(&other, StatusCode::UNPROCESSABLE_ENTITY, AddressError::too_often(3));
    assert_eq!(forum.deliver().await.len(), 3);
    for hour in 1..4 {
        forum.pass(HOUR);
        for _ in 0..if hour == 3 { 1 } else { 3 } {
            enter(&mut people[1], "victim@example.org").await;
        }
    }
    forum.pass(HOUR);
    let page = people[2].post("/settings/email", &form).await;
    refused(&page, StatusCode::UNPROCESSABLE_ENTITY, AddressError::too_often(10));
}

#[tokio::test]
async fn a_change_of_address_is_confirmed_at_both_ends() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "old@example.org").await;
    for order in [["old", "new"], ["new", "old"]] {
        enter(&mut bob, "new@example.org").await;
        let mails = forum.deliver().await;
        assert_eq!(mails.len(), 2);
        for (nth, end) in order.iter().enumerate() {
            let mail = mails.iter().find(|mail| mail.to == [format!("{end}@example.org")]).expect("a mail");
            assert_eq!(address_of(&mut bob).await, "old@example.org", "{order:?} {nth}");
            let page = forum.visitor().post(&mail.link("/email/"), &[]).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        }
        assert_eq!(address_of(&mut bob).await, "new@example.org");
        let told = forum.one_mail().await;
        assert_eq!(told.to, ["old@example.org"]);
        let page = forum.visitor().post(&told.link("/email/"), &[]).await;
        assert!(page.location().expect("a way on").starts_with("/reset/"));
        bob = forum.session("bob").await;
        assert_eq!(address_of(&mut bob).await, "old@example.org", "changed back");
        forum.pass(HOUR);
    }
}

#[tokio::test]
async fn without_an_answer_from_the_old_address_a_change_is_made_after_a_week() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "old@example.org").await;
    enter(&mut bob, "new@example.org").await;
    let mails = forum.deliver().await;
    let new = mails.iter().find(|mail| mail.to == ["new@example.org"]).expect("a mail");
    let page = forum.visitor().post(&new.link("/email/"), &[]).await;
    page.one_role("heading", "The new address is confirmed");
    forum.pass(7 * DAY - 100);
    bob = forum.session("bob").await;
    assert!(forum.deliver().await.is_empty());
    assert_eq!(address_of(&mut bob).await, "old@example.org");
    forum.pass(100);
    assert_eq!(forum.one_mail().await.to, ["old@example.org"]);
    assert_eq!(address_of(&mut bob).await, "new@example.org");
}

#[tokio::test]
async fn the_old_address_can_cancel_a_change_and_end_all_sessions() {
    let forum = MailingApp::new().await;
    let mut thief = forum.member_at("bob", "old@example.org").await;
    enter(&mut thief, "thief@example.org").await;
    let mails = forum.deliver().await;
    let find = |to: &str| mails.iter().find(|mail| mail.to == [to]).expect("a mail").link("/email/");
    let (old, new) = (find("old@example.org"), find("thief@example.org"));
    forum.visitor().get(&old).await.one_role("button", "This was not me");
    let mut bob = forum.visitor();
    let page = bob.submit(&old, &[("not_me", "true")]).await;
    page.finds(1, "form[action^='/reset/'] input[type=password]");
    let set = page.one("main form").attr("action").to_owned();
    assert_eq!(
        bob.post(&set, &[("password", "seven orange kettles hum")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(thief.get("/settings").await.status, StatusCode::SEE_OTHER, "the thief is logged out");
    does_not_work(&thief.post(&new, &[]).await);
    assert_eq!(address_of(&mut bob).await, "old@example.org");
}

#[tokio::test]
async fn an_address_has_one_account() {
    let forum = MailingApp::new().await;
    forum.member_at("bob", "shared@example.org").await;
    let mut eve = forum.member("eve").await;
    enter(&mut eve, "Shared@Example.org").await;
    let link = forum.one_mail().await.link("/email/");
    refused(&eve.post(&link, &[]).await, StatusCode::CONFLICT, AddressError::Taken);
    assert_eq!(address_of(&mut eve).await, "");
}

#[tokio::test]
async fn an_address_is_removed_with_the_password() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    let page = bob.post("/settings/email", &[("email", ""), ("password", "wrong")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    enter(&mut bob, "").await;
    assert_eq!(address_of(&mut bob).await, "");
    let told = forum.one_mail().await;
    assert_eq!(told.to, ["bob@example.org"]);
    forum.visitor().post(&told.link("/email/"), &[]).await;
    let mut bob = forum.session("bob").await;
    assert_eq!(address_of(&mut bob).await, "bob@example.org", "brought back");
}

#[tokio::test]
async fn nobody_else_is_shown_an_address() {
    let forum = MailingApp::new().await;
    forum.member_at("bob", "bob@example.org").await;
    let mut admin = forum.person("ada", Role::Admin).await;
    let mut eve = forum.member("eve").await;
    for path in ["/user/bob", "/user/bob/moderate", "/log", "/leaders", "/mod/mail", "/settings/email"] {
        for browser in [&mut admin, &mut eve] {
            assert!(!browser.get(path).await.mentions("bob@example"), "{path}");
        }
    }
}

#[tokio::test]
async fn without_a_mail_server_everything_says_so() {
    let app = TestApp::new().await;
    let mut bob = app.member("bob").await;
    let page = bob.get("/settings/email").await;
    assert!(page.one("main .notice").text.contains("sends no mail"), "{}", page.text());
    let form = [("email", "bob@example.org"), ("password", PASSWORD)];
    let page = bob.post("/settings/email", &form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.finds(1, "#email[aria-invalid=true]");
    let mut visitor = app.visitor();
    for page in [visitor.get("/reset").await, visitor.post("/reset", &[("account", "bob")]).await] {
        page.finds(0, "main form");
        page.finds(1, "main a[href='/contact']");
    }
    assert_eq!(stoa::jobs::send_mail(&app.app).await.expect("nothing"), 0);
}
