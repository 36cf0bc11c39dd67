//! Roles: admins choose who moderates, whoever is chosen is told, and somebody is always left who can choose.

use axum::http::StatusCode;
use stoa::domain::user::Role;

use crate::app::{Browser, Page, TestApp};

const NEW: &str =
    "{\"id\": 1, \"type\": \"story\", \"by\": \"mole\", \"time\": 1717243200, \"title\": \"Old\", \"score\": 2}\n";

async fn give(admin: &mut Browser, name: &str, role: &str) -> Page {
    admin.post("/mod/team", &[("name", name), ("role", role), ("reason", "we need <more> hands")]).await
}

async fn change(admin: &mut Browser, name: &str, role: &str) -> Page {
    admin.post(&format!("/user/{name}/role"), &[("role", role), ("reason", "why not")]).await
}

async fn admins(app: &TestApp) -> i64 {
    app.number("select count(*) from users where role = 'admin'").await
}

#[tokio::test]
async fn an_admin_makes_a_moderator_who_is_told_and_may_at_once_do_what_moderators_may() {
    let app = TestApp::new().await;
    let mut ada = app.person("ada", Role::Admin).await;
    let mut bob = app.member("bob").await;
    app.pass(60);
    assert_eq!(bob.get("/mod").await.status, StatusCode::FORBIDDEN);
    assert_eq!(give(&mut ada, " BOB ", "moderator").await.location().as_deref(), Some("/mod/team?done=bob"));
    let team = ada.get("/mod/team?done=bob").await;
    assert!(team.has("<a href=\"/user/bob\">bob</a> is a moderator now."), "{}", team.text());
    assert!(team.has("by ada") && team.has("since they joined"), "since when and by whom");
    assert!(team.place_of("/user/ada/role") < team.place_of("/user/bob/role"), "admins stand first");

    assert_eq!(bob.get("/mod").await.status, StatusCode::OK, "in the session that was there before");
    assert_eq!(bob.get("/mod/team").await.status, StatusCode::FORBIDDEN);
    assert!(!bob.get("/mod").await.has("href=\"/mod/team\"") && ada.get("/mod").await.has("href=\"/mod/team\""));
    assert!(bob.get("/replies").await.has("An admin made you a moderator: we need &#60;more&#62; hands."));
    let log = app.visitor().get("/log?person=bob").await;
    assert!(
        log.has("made <a href=\"/user/bob\">bob</a> a moderator") && log.has("because: we need") && log.has(">ada</a>"),
        "{}",
        log.text()
    );
    for _ in 0..6 {
        assert_eq!(bob.post("/invitations", &[]).await.status, StatusCode::OK, "as many as moderators may have open");
    }

    app.pass(60);
    assert_eq!(change(&mut ada, "bob", "member").await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.get("/mod").await.status, StatusCode::FORBIDDEN, "and no longer");
    assert_eq!(bob.post("/invitations", &[]).await.status, StatusCode::FORBIDDEN, "new members do not invite yet");
    assert!(bob.get("/replies").await.has("An admin made you a member: why not."));
    assert!(!ada.get("/mod/team").await.has("/user/bob/role"));
}

#[tokio::test]
async fn what_cannot_be_is_said_and_what_was_typed_is_kept() {
    let app = TestApp::new().await;
    let mut ada = app.person("ada", Role::Admin).await;
    app.import(NEW).await;
    for name in ["bob", "carl", "dora"] {
        app.account(name, Role::Member).await;
    }
    app.ban("carl").await;
    app.sql("update users set shadowed_at = 1 where name = 'dora'").await;
    let before = app.dump(&[]).await;
    for (name, role, sentence) in [
        ("", "moderator", "Give the name of the account."),
        ("nobody", "moderator", "There is no account of that name."),
        ("bob", "king", "Choose a role."),
        ("bob", "member", "bob is a member already."),
        ("mole", "admin", "Nobody can log in as mole"),
        ("carl", "moderator", "carl is banned. Lift the ban first."),
        ("dora", "moderator", "dora is shadow-banned"),
        ("ada", "member", "ada is the last admin who can log in. Make another one first."),
    ] {
        let page = give(&mut ada, name, role).await;
        assert!(
            page.status == StatusCode::UNPROCESSABLE_ENTITY && page.has(sentence),
            "{name} {role}: {}",
            page.text()
        );
        assert!(page.has(&format!("value=\"{name}\"")) && page.has("value=\"we need &#60;more&#62; hands\""), "{name}");
        assert!(page.has(&format!("<option selected>{role}</option>")) || role == "king");
        if !name.is_empty() {
            assert!(change(&mut ada, name, role).await.has(sentence), "from the person's own form, too");
        }
    }
    let page = ada.post("/mod/team", &[("name", "bob"), ("role", "moderator"), ("reason", " ")]).await;
    assert!(page.has("Say why") && page.has("value=\"bob\""));
    assert_eq!(app.dump(&[]).await, before);
    assert!(ada.get("/mod/team?name=%22%3E%3Cb%3E").await.has("value=\"&#34;&#62;&#60;b&#62;\""));
}

#[tokio::test]
async fn an_admin_gives_up_the_role_while_there_is_another() {
    let app = TestApp::new().await;
    let (mut ada, mut bea) = (app.person("ada", Role::Admin).await, app.person("bea", Role::Admin).await);
    app.pass(60);
    let form = [("name", "ada"), ("role", "moderator"), ("reason", "I am <tired>")];
    for path in ["/user/ada/role", "/mod/team"] {
        let page = ada.post(path, &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "not in one step");
        assert!(page.has("You would no longer be an admin, and could not undo that yourself."), "{}", page.text());
        assert!(page.has("type=\"checkbox\" id=\"sure\" name=\"sure\"") && page.has("value=\"I am &#60;tired&#62;\""));
        assert!(page.has("<option selected>moderator</option>") && !page.has("checked"));
    }
    assert_eq!(admins(&app).await, 2);
    assert!(!ada.get("/mod/team").await.has("name=\"sure\""), "nobody is asked before");
    let page = ada
        .submit("/mod/team", &[("name", "ada"), ("role", "moderator"), ("reason", "I am tired"), ("sure", "true")])
        .await;
    assert!(page.status == StatusCode::OK && page.has("You made yourself a moderator: I am tired."), "{}", page.text());
    assert_eq!(ada.get("/mod").await.status, StatusCode::OK);
    assert_eq!(change(&mut ada, "ada", "admin").await.status, StatusCode::FORBIDDEN);
    assert!(change(&mut bea, "bea", "member").await.has("bea is the last admin who can log in."));
    let sure = [("name", "bea"), ("role", "member"), ("reason", "why not"), ("sure", "true")];
    assert!(bea.post("/mod/team", &sure).await.has("bea is the last admin who can log in."), "whoever is sure, too");
    app.ban("ada").await;
    change(&mut bea, "ada", "member").await;
    assert_eq!(app.number("select count(*) from users where name = 'ada' and role = 'member'").await, 1);
}

#[tokio::test]
async fn an_admin_whom_nobody_can_log_in_as_does_not_count() {
    let app = TestApp::new().await;
    let (mut ada, _) = (app.person("ada", Role::Admin).await, app.account("bea", Role::Admin).await);
    app.sql("update users set password = null where name = 'bea'").await;
    assert!(change(&mut ada, "ada", "member").await.has("ada is the last admin who can log in."));
    app.sql("update users set password = 'x' where name = 'bea'").await;
    app.ban("bea").await;
    assert!(change(&mut ada, "ada", "member").await.has("ada is the last admin who can log in."));
}

#[tokio::test]
async fn of_two_admins_who_demote_each_other_at_once_one_stays() {
    let app = TestApp::new().await;
    for name in ["ada", "bea", "cleo"] {
        app.account(name, Role::Admin).await;
    }
    let (mut ada, mut bea) = (app.session("ada").await, app.session("bea").await);
    for round in 0..40 {
        // With a third admin, whoever comes second is still no admin any more.
        let third = if round % 2 == 0 { "member" } else { "admin" };
        app.sql(&format!("update users set role = case name when 'cleo' then '{third}' else 'admin' end")).await;
        app.store.notice_others().await.expect("noticed");
        let (one, other) = {
            let (mut ada, mut bea) = (ada.clone(), bea.clone());
            let one = tokio::spawn(async move { change(&mut ada, "bea", "member").await.status });
            let other = tokio::spawn(async move { change(&mut bea, "ada", "moderator").await.status });
            (one.await.expect("an answer"), other.await.expect("an answer"))
        };
        let done = [one, other].into_iter().filter(|status| *status == StatusCode::SEE_OTHER).count();
        assert_eq!(done, 1, "round {round}: {one} and {other}");
        assert_eq!(admins(&app).await, if round % 2 == 0 { 1 } else { 2 }, "round {round}");
        let opened = [ada.get("/mod/team").await.status, bea.get("/mod/team").await.status];
        assert_eq!(opened.iter().filter(|status| **status == StatusCode::OK).count(), 1, "round {round}");
    }
}

#[tokio::test]
async fn of_two_admins_who_ban_and_demote_each_other_at_once_one_stays() {
    let app = TestApp::new().await;
    for name in ["ada", "bea"] {
        app.account(name, Role::Admin).await;
    }
    for round in 0..20 {
        app.sql("update users set role = 'admin', banned_at = null").await;
        app.store.notice_others().await.expect("noticed");
        let (mut ada, mut bea) = (app.session("ada").await, app.session("bea").await);
        let ban = [("on", "true"), ("ban_days", "open"), ("ban_reason", "a quarrel")];
        let one = tokio::spawn(async move { ada.post("/user/bea/ban", &ban).await.status });
        let other = tokio::spawn(async move { change(&mut bea, "ada", "member").await.status });
        let done = [one.await.expect("an answer"), other.await.expect("an answer")];
        assert!(done.contains(&StatusCode::SEE_OTHER), "round {round}: {done:?}");
        let left = app.number("select count(*) from users where role = 'admin' and banned_at is null").await;
        assert_eq!(left, 1, "round {round}");
    }
}

#[tokio::test]
async fn admins_find_the_form_from_the_persons_page_and_moderators_do_not() {
    let app = TestApp::new().await;
    let (mut ada, mut mia) = (app.person("ada", Role::Admin).await, app.person("mia", Role::Moderator).await);
    app.account("bob", Role::Member).await;
    assert!(ada.get("/user/bob/moderate").await.has("href=\"/mod/team?name=bob\""));
    assert!(ada.get("/mod/team?name=bob").await.has("value=\"bob\""));
    assert!(!mia.get("/user/bob/moderate").await.has("/mod/team"));
}

#[tokio::test]
async fn the_contact_page_names_those_who_moderate_and_can_log_in() {
    let app = TestApp::with(|settings| settings.contact = Some("Write to post@stoa.example.".to_owned())).await;
    let mut visitor = app.visitor();
    assert!(visitor.get("/contact").await.has("Nobody moderates here at the moment"), "nobody is said too");

    let mut ada = app.person("ada", Role::Admin).await;
    for name in ["_bob_", "Carl", "dora"] {
        app.account(name, Role::Member).await;
        assert!(!visitor.get("/contact").await.has(name), "a member is not among them");
        assert_eq!(give(&mut ada, name, "moderator").await.status, StatusCode::SEE_OTHER);
        assert!(visitor.get("/contact").await.has(&format!("/user/{name}")), "who was chosen stands there at once");
    }
    app.ban("dora").await;
    let page = visitor.get("/contact").await;
    for link in [">_bob_</a></li>", ">Carl</a></li>", ">ada</a>, admin</li>"] {
        assert!(page.has(link), "{link}: {}", page.text());
    }
    assert!(page.place_of("post@stoa.example") < page.place_of("/user/_bob_"), "the operator's words stand first");
    assert!(page.place_of("/user/Carl") < page.place_of("/user/ada"), "moderators stand before admins");
    assert!(!page.has("/user/dora") && !page.has("Nobody moderates"), "who is banned cannot answer");
    change(&mut ada, "Carl", "member").await;
    assert!(!visitor.get("/contact").await.has("/user/Carl"), "nor does who moderates no more");
}

#[tokio::test]
async fn an_operators_own_contact_page_names_moderators_where_it_asks_for_them() {
    for (text, names) in [("Write to us.", false), ("Write to {contact} or to one of these.\n\n{moderators}\n", true)] {
        let pages = tempfile::tempdir().expect("a directory");
        std::fs::write(pages.path().join("contact.md"), text).expect("written");
        let app = TestApp::with(|settings| settings.pages = Some(pages.path().to_owned())).await;
        app.account("ada", Role::Admin).await;
        assert_eq!(app.visitor().get("/contact").await.has("/user/ada"), names, "{text}");
    }
}
