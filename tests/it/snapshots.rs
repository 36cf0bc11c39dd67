//! Accessibility snapshots of every kind of page, with links and forms.
//!
//! After an intended change, update them with `INSTA_UPDATE=always cargo test --test it snapshots` and review
//! the diff.

use axum::http::StatusCode;

use crate::support::app::Page;
use crate::support::fixtures::{InUse, submit};
use crate::support::smtp::{MailingApp, enter};

fn keep(name: &str, tree: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, tree));
}

/// The page's own part, which differs from page to page; what stands around it is the same on all.
#[track_caller]
fn main(page: &Page) -> String {
    format!("document {:?}\n{}", page.one("head > title").text, page.tree_of("main"))
}

#[track_caller]
fn check(name: &str, page: &Page) {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    keep(name, &main(page));
}

#[track_caller]
fn check_refused(name: &str, page: &Page, status: StatusCode) {
    assert_eq!(page.status, status, "{}", page.text());
    keep(name, &main(page));
}

#[tokio::test]
async fn the_front_page_is_told_whole_to_each_kind_of_reader() {
    let forum = InUse::new().await;
    for (name, mut reader) in [
        ("front_visitor", forum.town.app.visitor()),
        ("front_member", forum.town.bob),
        ("front_moderator", forum.town.mia),
    ] {
        let page = reader.get("/").await;
        keep(name, &page.tree());
    }
}

#[tokio::test]
async fn lists() {
    let forum = InUse::new().await;
    let mut visitor = forum.town.app.visitor();
    stoa::jobs::count_statistics_if_due(&forum.town.app.app).await.expect("counted");
    for (name, path) in [
        ("new", "/new"),
        ("past", "/past?day=2026-11-23"),
        ("comments", "/comments"),
        ("best_comments", "/comments/best"),
        ("search", "/search?q=loom"),
        ("leaders", "/leaders"),
        ("statistics", "/statistics"),
        ("log", "/log"),
    ] {
        check(name, &visitor.get(path).await);
    }
}

#[tokio::test]
async fn threads() {
    let mut forum = InUse::new().await;
    let (essay, question) = (format!("/item/{}", forum.essay), format!("/item/{}", forum.question));
    check("thread_visitor", &forum.town.app.visitor().get(&question).await);
    check("thread_member", &forum.town.bob.get(&essay).await);
    check("thread_moderator", &forum.town.mia.get(&question).await);
    check("comment", &forum.town.bob.get(&format!("/item/{}", forum.comment)).await);
}

#[tokio::test]
async fn writing() {
    let mut forum = InUse::new().await;
    let bob = &mut forum.town.bob;
    check("reply", &bob.get(&format!("/item/{}/reply", forum.comment)).await);
    check("edit", &bob.get(&format!("/item/{}/edit", forum.comment)).await);
    check("submit", &bob.get("/submit").await);
    check_refused(
        "submit_mistakes",
        &submit(bob, "", "nonsense", "Words.").await,
        StatusCode::UNPROCESSABLE_ENTITY,
    );
}

#[tokio::test]
async fn people() {
    let mut forum = InUse::new().await;
    let mut visitor = forum.town.app.visitor();
    check("user", &visitor.get("/user/alice").await);
    check("log_in", &visitor.get("/login?goto=/new").await);
    check("sign_up", &visitor.get("/signup?goto=/new").await);
    check("settings", &forum.town.alice.get("/settings").await);
    check("inbox", &forum.town.bob.get("/inbox").await);
}

#[tokio::test]
async fn moderating() {
    let mut forum = InUse::new().await;
    for (name, path) in [
        ("queue", "/mod"),
        ("person", "/user/carol/moderate"),
        ("rules", "/mod/rules"),
        ("sites", "/mod/sites"),
    ] {
        check(name, &forum.town.mia.get(path).await);
    }
    check("team", &forum.town.ada.get("/mod/team").await);
}

#[tokio::test]
async fn the_sites_own_words() {
    let forum = InUse::new().await;
    let mut visitor = forum.town.app.visitor();
    check("contact", &visitor.get("/contact").await);
    check("guidelines", &visitor.get("/guidelines").await);
}

#[tokio::test]
async fn errors() {
    let mut forum = InUse::new().await;
    let mut visitor = forum.town.app.visitor();
    check_refused("not_found", &visitor.get("/nothing-here").await, StatusCode::NOT_FOUND);
    check_refused("forbidden", &forum.town.alice.get("/mod").await, StatusCode::FORBIDDEN);
    check_refused("gone", &visitor.get(&format!("/item/{}", forum.deleted)).await, StatusCode::GONE);
    let limited = forum.town.app.with_other_settings(|config| {
        config.server.limits = true;
        config.site.policy.votes_per_hour = 1;
    });
    let mut alice = limited.browser_of(&forum.town.alice);
    alice.vote(forum.question, "up").await;
    check_refused("too_many", &alice.vote(forum.question, "none").await, StatusCode::TOO_MANY_REQUESTS);
}

/// A snapshot that no test names would stand there unread.
#[test]
fn every_snapshot_is_one_that_a_test_compares() {
    let source = include_str!("snapshots.rs");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots");
    let files: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        let name =
            file.strip_suffix(".snap").unwrap_or_else(|| panic!("{file} waits to be accepted or removed"));
        assert!(source.contains(&format!("\"{name}\"")), "no test compares {file}");
    }
}

#[tokio::test]
async fn mail() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    check("email", &bob.get("/settings/email").await);
    enter(&mut bob, "new@example.org").await;
    check("email_changing", &bob.get("/settings/email").await);
    let mails = forum.deliver().await;
    let old = mails.iter().find(|mail| mail.to == ["bob@example.org"]).expect("a mail");
    let mut link = bob.get(&old.link("/email/")).await;
    link.body =
        String::from_utf8(link.body).expect("UTF-8").replace(&old.link("/email/"), "/email/TOKEN").into();
    check("email_link", &Page::new(link.status, link.headers, link.body));
    check("lost_password", &forum.visitor().get("/reset").await);
    let mut ada = forum.person("ada", stoa::domain::accounts::user::Role::Admin).await;
    forum.smtp.answers("*", "451 Later");
    bob.post("/reset", &[("account", "bob")]).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    forum.deliver().await;
    check("mail_queue", &ada.get("/mod/mail").await);
}
