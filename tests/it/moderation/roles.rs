//! Roles: admins choose who moderates, whoever is chosen is told, and somebody is always left who can choose.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{BY_MOLE, shadow};

/// The forms by which the role of each of the team is changed.
const CHANGE: &str = "main li form[action$='/role']";
/// What somebody ticks who gives up the role of admin.
const SURE: &str = "main form input[type=checkbox][name=sure]";

async fn give(admin: &mut Browser, name: &str, role: &str) -> Page {
    admin.post("/mod/team", &[("name", name), ("role", role), ("reason", "we need <more> hands")]).await
}

async fn change(admin: &mut Browser, name: &str, role: &str) -> Page {
    admin.post(&format!("/user/{name}/role"), &[("role", role), ("reason", "why not")]).await
}

async fn admins(app: &TestApp) -> i64 {
    app.number("select count(*) from users where role = 'admin'").await
}

/// Whether the role of somebody is refused because nobody else could choose who moderates.
async fn is_kept_as_the_last(app: &TestApp, page: &Page) -> bool {
    let errors = page.errors();
    let is_said = errors.len() == 1 && errors[0].1.contains("the last admin");
    page.status == StatusCode::UNPROCESSABLE_ENTITY && is_said && admins(app).await > 0
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
    assert_eq!(team.message(), "bob is a moderator now.");
    team.finds(1, "main [role=status] a[href='/user/bob']");
    let forms: Vec<_> = team.all(CHANGE).iter().map(|form| form.attr("action").to_owned()).collect();
    assert_eq!(forms, ["/user/ada/role", "/user/bob/role"], "admins stand first");
    let rows = team.texts("main li");
    assert!(
        rows[0].contains("since they joined") && rows[1].contains("by ada"),
        "since when and by whom: {rows:?}"
    );

    assert_eq!(bob.get("/mod").await.status, StatusCode::OK, "in the session that was there before");
    assert_eq!(bob.get("/mod/team").await.status, StatusCode::FORBIDDEN);
    let way = "main nav a[href='/mod/team']";
    bob.get("/mod").await.finds(0, way);
    ada.get("/mod").await.finds(1, way);
    assert_eq!(bob.get("/inbox").await.notices(), ["An admin made you a moderator: we need <more> hands."]);
    let act = app.visitor().get("/log?person=bob").await.one("main ol > li");
    assert!(act.text.contains("ada made bob a moderator"), "{}", act.text);
    assert!(act.text.contains("reason: we need <more> hands"), "{}", act.text);
    for name in ["ada", "bob"] {
        act.one(&format!("a[href='/user/{name}']"));
    }
    for _ in 0..6 {
        assert_eq!(
            bob.post("/invitations", &[]).await.status,
            StatusCode::OK,
            "as many as moderators may have open"
        );
    }

    app.pass(60);
    assert_eq!(change(&mut ada, "bob", "member").await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.get("/mod").await.status, StatusCode::FORBIDDEN, "and no longer");
    assert_eq!(
        bob.post("/invitations", &[]).await.status,
        StatusCode::FORBIDDEN,
        "new members do not invite yet"
    );
    assert_eq!(bob.get("/inbox").await.notices()[0], "An admin made you a member: why not.");
    assert_eq!(ada.get("/mod/team").await.one(CHANGE).attr("action"), "/user/ada/role");
}

#[tokio::test]
async fn what_cannot_be_is_said_and_what_was_typed_is_kept() {
    let app = TestApp::new().await;
    let mut ada = app.person("ada", Role::Admin).await;
    app.import(BY_MOLE).await;
    for name in ["bob", "carl", "dora"] {
        app.account(name, Role::Member).await;
    }
    app.ban("carl").await;
    shadow(&app, "dora").await;
    let before = app.dump(&[]).await;
    for (name, role, field, sentence) in [
        ("", "moderator", "name", "Enter the name of the account."),
        ("nobody", "moderator", "name", ""),
        ("bob", "king", "role", "Choose a role."),
        ("bob", "member", "name", "bob is a member already."),
        ("mole", "admin", "name", "mole is an imported name that nobody has claimed"),
        ("carl", "moderator", "name", "carl is banned. Lift the ban first."),
        ("dora", "moderator", "name", "dora is shadow-banned"),
        ("ada", "member", "name", "ada is the last admin who can log in. Make another one first."),
    ] {
        let page = give(&mut ada, name, role).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {role}");
        assert_eq!(page.wrong(), [field], "{name} {role}");
        let errors = page.errors();
        assert!(errors[0].1.contains(sentence), "{name} {role}: {errors:?}");
        assert_eq!(
            (page.value("#name").as_str(), page.value("#reason").as_str()),
            (name, "we need <more> hands")
        );
        assert_eq!(page.value("#role"), if role == "king" { "" } else { role });
        if !name.is_empty() {
            assert_eq!(
                change(&mut ada, name, role).await.errors(),
                errors,
                "from the person's own form, too"
            );
        }
    }
    let page = ada.post("/mod/team", &[("name", "bob"), ("role", "moderator"), ("reason", " ")]).await;
    assert_eq!((page.wrong(), page.value("#name").as_str()), (vec!["reason".to_owned()], "bob"));
    assert_eq!(app.dump(&[]).await, before);
    assert_eq!(ada.get("/mod/team?name=%22%3E%3Cb%3E").await.value("#name"), "\"><b>");
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
        assert_eq!(page.wrong(), ["sure"]);
        let said = &page.errors()[0].1;
        assert!(
            said.starts_with("You would no longer be an admin, and could not undo that yourself."),
            "{said}"
        );
        assert!(!page.one(SURE).has_attr("checked"), "{}", page.text());
        assert_eq!(
            (page.value("#reason").as_str(), page.value("#role").as_str()),
            ("I am <tired>", "moderator")
        );
    }
    assert_eq!(admins(&app).await, 2);
    // Nobody is asked before.
    ada.get("/mod/team").await.finds(0, SURE);
    let page = ada
        .submit(
            "/mod/team",
            &[("name", "ada"), ("role", "moderator"), ("reason", "I am tired"), ("sure", "true")],
        )
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("You changed your role to moderator: I am tired."), "{}", page.text());
    assert_eq!(ada.get("/mod").await.status, StatusCode::OK);
    assert_eq!(change(&mut ada, "ada", "admin").await.status, StatusCode::FORBIDDEN);
    let page = change(&mut bea, "bea", "member").await;
    assert!(is_kept_as_the_last(&app, &page).await, "{}", page.text());
    let sure = [("name", "bea"), ("role", "member"), ("reason", "why not"), ("sure", "true")];
    let page = bea.post("/mod/team", &sure).await;
    assert!(is_kept_as_the_last(&app, &page).await, "whoever is sure, too: {}", page.text());
    app.ban("ada").await;
    change(&mut bea, "ada", "member").await;
    assert_eq!(app.number("select count(*) from users where name = 'ada' and role = 'member'").await, 1);
}

#[tokio::test]
async fn an_admin_whom_nobody_can_log_in_as_does_not_count() {
    let app = TestApp::new().await;
    let (mut ada, _) = (app.person("ada", Role::Admin).await, app.account("bea", Role::Admin).await);
    app.sql("update users set password = null where name = 'bea'").await;
    let page = change(&mut ada, "ada", "member").await;
    assert!(is_kept_as_the_last(&app, &page).await, "{}", page.text());
    app.sql("update users set password = 'x' where name = 'bea'").await;
    app.ban("bea").await;
    let page = change(&mut ada, "ada", "member").await;
    assert!(is_kept_as_the_last(&app, &page).await, "{}", page.text());
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
        app.sql(&format!("update users set role = case name when 'cleo' then '{third}' else 'admin' end"))
            .await;
        app.store.detect_external_writes().await.expect("noticed");
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
        app.store.detect_external_writes().await.expect("noticed");
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
    let way = "main a[href='/mod/team?name=bob']";
    ada.get("/user/bob/moderate").await.finds(1, way);
    assert_eq!(ada.get("/mod/team?name=bob").await.value("#name"), "bob");
    let page = mia.get("/user/bob/moderate").await;
    page.finds(0, way);
    assert!(!page.mentions("/mod/team"), "{}", page.text());
}

#[tokio::test]
async fn the_contact_page_names_those_who_moderate_and_can_log_in() {
    let app =
        TestApp::with(|settings| settings.contact = Some("Write to post@stoa.example.".to_owned())).await;
    let mut visitor = app.visitor();
    let (people, nobody) = ("main li:has(a[href^='/user/'])", "There are no moderators at the moment");
    assert!(visitor.get("/contact").await.says(nobody), "nobody is said too");

    let mut ada = app.person("ada", Role::Admin).await;
    for (before, name) in ["_bob_", "Carl", "dora"].into_iter().enumerate() {
        app.account(name, Role::Member).await;
        let page = visitor.get("/contact").await;
        page.finds(before + 1, people);
        assert!(!page.mentions(name), "a member is not among them: {}", page.text());
        assert_eq!(give(&mut ada, name, "moderator").await.status, StatusCode::SEE_OTHER);
        // Who was chosen stands there at once.
        visitor.get("/contact").await.finds(1, &format!("{people} a[href='/user/{name}']"));
    }
    app.ban("dora").await;
    let page = visitor.get("/contact").await;
    assert_eq!(
        page.texts(people),
        ["_bob_", "Carl", "ada, admin"],
        "moderators before admins, and who is banned not"
    );
    for (name, links) in [("_bob_", 1), ("Carl", 1), ("ada", 1), ("dora", 0)] {
        page.finds(links, &format!("a[href='/user/{name}']"));
    }
    page.in_order("main :is(p, li)", &["post@stoa.example", "_bob_"]);
    assert!(!page.says(nobody), "{}", page.text());
    change(&mut ada, "Carl", "member").await;
    assert_eq!(
        visitor.get("/contact").await.texts(people),
        ["_bob_", "ada, admin"],
        "nor who moderates no more"
    );
}

#[tokio::test]
async fn an_operators_own_contact_page_names_moderators_where_it_asks_for_them() {
    for (text, names) in
        [("Write to us.", false), ("Write to {contact} or to one of these.\n\n{moderators}\n", true)]
    {
        let pages = tempfile::tempdir().expect("a directory");
        std::fs::write(pages.path().join("contact.md"), text).expect("written");
        let app = TestApp::with(|settings| settings.pages_dir = Some(pages.path().to_owned())).await;
        app.account("ada", Role::Admin).await;
        app.visitor().get("/contact").await.finds(usize::from(names), "main a[href='/user/ada']");
    }
}
