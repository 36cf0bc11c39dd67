//! Changing one's name, once a year; the earlier one stays with its owner.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::accounts::rename::RenameError;
use stoa::domain::accounts::user::NameError;
use stoa::domain::time::relative_time;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::told;
use crate::support::sentences::refused;

const NAME: &str = "/settings/name";

async fn rename(member: &mut Browser, name: &str) -> Page {
    member.post(NAME, &[("name", name), ("password", PASSWORD)]).await
}

#[tokio::test]
async fn a_new_name_is_shown_everywhere_and_the_earlier_one_leads_to_it() {
    let app = TestApp::new().await;
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    let story = bob.text_story("A story", "Words.").await;
    let thread = format!("/item/{story}");
    for path in ["/new", &thread] {
        assert!(carl.get(path).await.mentions("bob") && app.visitor().get(path).await.mentions("bob"));
    }
    let changed = rename(&mut bob, "Robert").await;
    assert_eq!(changed.location().as_deref(), Some("/settings/name?saved=yes"), "{}", changed.text());
    for browser in [&mut app.visitor(), &mut carl, &mut bob] {
        for path in ["/new", &thread, "/leaders"] {
            let page = browser.get(path).await;
            assert!(page.mentions("Robert") && !page.mentions("bob"), "{path}: {}", page.text());
        }
    }
    for (from, to) in [
        ("/user/bob", "/user/Robert"),
        ("/user/BOB/comments", "/user/Robert/comments"),
        ("/user/bob/submissions", "/user/Robert/submissions"),
        ("/user/bob/invited", "/user/Robert/invited"),
    ] {
        let page = app.visitor().get(from).await;
        // It may lead back one day.
        assert_eq!((page.status, page.location().as_deref()), (StatusCode::TEMPORARY_REDIRECT, Some(to)));
    }
    assert!(app.visitor().get("/log").await.says("Robert changed their name, which was bob"));
    carl.text_story("Another story", "For @bob and @robert.").await;
    assert_eq!(app.number("select count(*) from inbox where kind = 'mention'").await, 1);
    let login = app.visitor().post("/login", &[("name", "robert"), ("password", PASSWORD)]).await;
    assert_eq!(login.status, StatusCode::SEE_OTHER);
    assert!(told(&app, "Robert").await.is_empty());
}

#[tokio::test]
async fn a_name_is_changed_once_a_year_and_may_be_taken_back() {
    let app = TestApp::new().await;
    let mut bob = app.member("bob").await;
    refused(&rename(&mut bob, "bob").await, StatusCode::UNPROCESSABLE_ENTITY, RenameError::Same);
    rename(&mut bob, "robert").await;
    let soon = RenameError::TooSoon(relative_time::day(app.now().plus(365 * DAY)));
    refused(&rename(&mut bob, "bob").await, StatusCode::UNPROCESSABLE_ENTITY, &soon);
    bob.get(NAME).await.finds(0, "main input[name=name]");
    app.pass(365 * DAY);
    // Sessions end before that.
    let mut bob = app.session("robert").await;
    bob.get(NAME).await.finds(1, "main input[name=name]");
    assert_eq!(rename(&mut bob, "bob").await.status, StatusCode::SEE_OTHER);
    let page = app.visitor().get("/user/robert").await;
    assert_eq!(page.location().as_deref(), Some("/user/bob"));
    assert_eq!(app.visitor().get("/user/bob").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_name_that_somebody_has_had_or_asks_for_is_taken() {
    let app = TestApp::new().await;
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    rename(&mut bob, "robert").await;
    app.sql("insert into signup_requests (name, password, text, created_at) values ('eve', 'p', 't', 5)")
        .await;
    for name in ["Bob", "ROBERT", "eve"] {
        let taken = rename(&mut carl, name).await;
        refused(&taken, StatusCode::UNPROCESSABLE_ENTITY, NameError::Taken);
        assert_eq!((taken.value("#name"), taken.wrong()), (name.to_owned(), vec!["name".to_owned()]));
    }
    refused(&rename(&mut carl, "admin").await, StatusCode::UNPROCESSABLE_ENTITY, NameError::Reserved);
    let signup = app.visitor().post("/signup", &[("name", "bOB"), ("password", PASSWORD)]).await;
    refused(&signup, StatusCode::UNPROCESSABLE_ENTITY, NameError::Taken);
    app.import(r#"{"id": 1, "type": "story", "by": "bob", "time": 1717243200, "title": "Old"}"#).await;
    assert!(app.visitor().get("/user/bob-hn").await.status.is_success(), "an import takes no held name");
    let wrong = carl.post(NAME, &[("name", "charles"), ("password", "not it at all")]).await;
    assert_eq!((wrong.status, wrong.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["password".into()]));
}

#[tokio::test]
async fn of_two_who_take_a_name_at_once_one_has_it() {
    let app = TestApp::new().await;
    let (mut bob, mut carl, mut eve) = (app.member("bob").await, app.member("carl").await, app.visitor());
    let form = [("name", "zoe"), ("password", PASSWORD)];
    let (a, b, c) =
        tokio::join!(rename(&mut bob, "Zoe"), rename(&mut carl, "zoe"), eve.post("/signup", &form));
    let done = [a, b, c].iter().filter(|page| page.status == StatusCode::SEE_OTHER).count();
    assert_eq!(done, 1);
    assert_eq!(app.number("select count(*) from users where lower(name) = 'zoe'").await, 1);
}
