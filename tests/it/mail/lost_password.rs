//! A lost password is set by a link that is mailed.

use axum::http::StatusCode;
use stoa::clock::HOUR;
use stoa::config::Settings;

use crate::support::app::{PASSWORD, Page};
use crate::support::fixtures::{behind_a_proxy, post_from};
use crate::support::smtp::{MailingApp, SentMail};

const NEW: &str = "seven orange kettles hum";

async fn ask(forum: &MailingApp, account: &str) -> Page {
    let page = forum.visitor().post("/reset", &[("account", account)]).await;
    // The link is made after the answer.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    page
}

async fn log_in(forum: &MailingApp, password: &str) -> StatusCode {
    forum.visitor().post("/login", &[("name", "bob"), ("password", password)]).await.status
}

#[tokio::test]
async fn a_lost_password_is_set_by_mail() {
    let forum = MailingApp::new().await;
    let mut thief = forum.member_at("bob", "bob@example.org").await;
    forum.visitor().get("/login").await.finds(1, "main a[href='/reset']");
    ask(&forum, "BOB").await.finds(1, "main .notice[role=status]");
    let mail = forum.one_mail().await;
    assert_eq!(mail.to, ["bob@example.org"]);
    let link = mail.link("/reset/");
    let mut bob = forum.visitor();
    assert_eq!(bob.post(&link, &[("password", NEW)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.get("/settings").await.status, StatusCode::OK);
    assert_eq!(thief.get("/settings").await.status, StatusCode::SEE_OTHER, "other sessions have ended");
    let again = forum.visitor().post(&link, &[("password", PASSWORD)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "the second time it fails");
    assert_eq!(log_in(&forum, NEW).await, StatusCode::SEE_OTHER);
    let subjects: Vec<String> =
        forum.deliver().await.iter().map(|mail: &SentMail| mail.subject().to_owned()).collect();
    assert!(subjects.contains(&"Your password was changed".to_owned()), "{subjects:?}");
}

#[tokio::test]
async fn a_mailed_link_works_for_an_hour_and_by_the_address_too() {
    let forum = MailingApp::new().await;
    forum.member_at("bob", "bob@example.org").await;
    ask(&forum, " bob@EXAMPLE.org ").await;
    let link = forum.one_mail().await.link("/reset/");
    forum.pass(HOUR - 31);
    assert_eq!(forum.visitor().get(&link).await.status, StatusCode::OK);
    forum.pass(31);
    let late = forum.visitor().post(&link, &[("password", NEW)]).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
    late.finds(1, "main a[href='/reset']");
    assert_eq!(log_in(&forum, PASSWORD).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_answer_does_not_tell_whether_there_is_an_account() {
    let forum = MailingApp::new().await;
    forum.member_at("bob", "bob@example.org").await;
    forum.member("eve").await;
    forum.account("mole", stoa::domain::accounts::user::Role::Member).await;
    forum.sql("update users set password = null where name = 'mole'").await;
    forum.member_at("dan", "dan@example.org").await;
    forum.ban("dan").await;
    let normal = |page: &Page| page.texts("main").concat();
    let expected = normal(&ask(&forum, "bob").await);
    for account in ["eve", "nobody-here", "mole", "dan", "eve@example.org", "x\0y", "%", "dan@example.org"] {
        let page = ask(&forum, account).await;
        assert_eq!((page.status, normal(&page)), (StatusCode::OK, expected.clone()), "{account}");
    }
    // Who is banned logs in to appeal.
    let mut mails: Vec<Vec<String>> = forum.deliver().await.into_iter().map(|mail| mail.to).collect();
    mails.sort();
    assert_eq!(mails, [["bob@example.org"], ["dan@example.org"], ["dan@example.org"]]);
    let page = ask(&forum, " ").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.finds(1, "#account[aria-invalid=true]");
}

#[tokio::test]
async fn an_account_gets_three_links_an_hour() {
    let forum = MailingApp::new().await;
    forum.member_at("bob", "bob@example.org").await;
    for _ in 0..5 {
        ask(&forum, "bob").await.finds(1, "main .notice[role=status]");
    }
    let links: Vec<String> = forum.deliver().await.iter().map(|mail| mail.link("/reset/")).collect();
    assert_eq!(links.len(), 3);
    let mut working = 0;
    for link in &links {
        working += usize::from(forum.visitor().get(link).await.status == StatusCode::OK);
    }
    assert_eq!(working, 1, "the last one replaces others");
    forum.pass(HOUR);
    ask(&forum, "bob").await;
    assert_eq!(forum.deliver().await.len(), 1);
}

#[tokio::test]
async fn one_address_of_the_network_cannot_ask_for_many_accounts() {
    let settings = |settings: &mut Settings| {
        behind_a_proxy(settings);
        settings.limits = Some(true);
    };
    let forum = MailingApp::with(settings).await;
    let mut visitor = forum.visitor();
    for nth in 0..10 {
        let form = [("account", &*format!("person{nth}"))];
        assert_eq!(post_from(&mut visitor, "203.0.113.5", "/reset", &form).await.status, StatusCode::OK);
    }
    let form = [("account", "person10")];
    let page = post_from(&mut visitor, "203.0.113.5", "/reset", &form).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.one("#account").attr("value"), "person10");
    assert_eq!(post_from(&mut visitor, "203.0.113.77", "/reset", &form).await.status, StatusCode::OK);
}
