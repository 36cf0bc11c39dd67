//! Permissions and sanctions are checked when writing: neither an older session nor an earlier read gets
//! around a concurrent change by a moderator, the operator or another editor.

use axum::http::{Method, StatusCode};
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::store::{ActionContext, Edit, Edited, Error, NewUrl};

use crate::support::app::{Browser, Page, TestApp};
use crate::support::sentences::BANNED_FOR_SPAM;

const HOUR: i64 = 3_600;

/// A forum with a moderator, mia, and a story of alice's with a comment of hers.
async fn forum() -> (TestApp, Browser, i64, i64) {
    let app = TestApp::new().await;
    app.account("mia", Role::Moderator).await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Text.").await;
    let comment = alice.reply(story, "As it was.").await;
    (app, alice, story, comment)
}

/// An edit by somebody who was let past the form before something happened.
async fn edit(app: &TestApp, item: i64, editor: &str, text: &str) -> Result<Edited, Error> {
    let edit = Edit {
        item: ItemId(item),
        editor: app.id_of(editor).await,
        version: 0,
        title: None,
        url: NewUrl::Same,
        section: None,
        text,
        reason: "",
        stopped: None,
        policy: &app.policy(),
    };
    app.store.edit(edit, app.now()).await
}

async fn by<'a>(app: &TestApp, moderator: &str, reason: &'a str) -> ActionContext<'a> {
    ActionContext { actor: Some(app.id_of(moderator).await), reason, at: app.now() }
}

fn is_refused<T: std::fmt::Debug>(result: Result<T, Error>, why: &str) {
    match result {
        Err(Error::Refused(sentence)) => assert!(sentence.contains(why), "{sentence}"),
        other => panic!("{why}: {other:?}"),
    }
}

#[tokio::test]
async fn an_edit_that_crosses_a_kill_does_not_soften_it() {
    let (app, _, _, comment) = forum().await;
    app.store.kill(ItemId(comment), true, by(&app, "mia", "rude").await).await.expect("killed");
    is_refused(edit(&app, comment, "alice", "As if nothing had been.").await, "This is dead");
    for name in ["vera", "vince"] {
        app.account(name, Role::Member).await;
        let user = app.id_of(name).await;
        let vouched = app.store.vouch(user, ItemId(comment), &app.policy(), app.now()).await;
        assert!(
            matches!(vouched, Err(Error::Conflict)),
            "a moderator’s kill is not undone by vouches: {vouched:?}"
        );
    }
    assert_eq!(
        app.number(&format!("select count(*) from items where id = {comment} and text = 'As it was.'")).await,
        1
    );
    assert_eq!(app.number("select count(*) from revisions").await, 0);
}

#[tokio::test]
async fn a_moderators_own_edit_does_not_soften_the_kill_of_their_post() {
    let (app, _, story, _) = forum().await;
    let mut max = app.person("max", Role::Moderator).await;
    let comment = max.reply(story, "Rude words.").await;
    app.store.kill(ItemId(comment), true, by(&app, "mia", "rude").await).await.expect("killed");
    let page = max.post(&format!("/item/{comment}/edit"), &[("text", "Polite words.")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    app.account("vera", Role::Member).await;
    let vouched = app.store.vouch(app.id_of("vera").await, ItemId(comment), &app.policy(), app.now()).await;
    assert!(matches!(vouched, Err(Error::Conflict)), "{vouched:?}");
}

#[tokio::test]
async fn an_edit_does_not_pass_what_came_before_it() {
    let (app, mut alice, story, comment) = forum().await;
    app.store.lock(ItemId(comment), true, by(&app, "mia", "heat").await).await.expect("locked");
    is_refused(edit(&app, comment, "alice", "Past the lock.").await, "This is locked");
    app.store.lock(ItemId(comment), false, by(&app, "mia", "").await).await.expect("unlocked");
    let other = alice.text_story("Another story", "Text.").await;
    app.store.merge(ItemId(other), ItemId(story), by(&app, "mia", "").await).await.expect("merged");
    is_refused(edit(&app, other, "alice", "Past the merge.").await, "This is dead");
    app.sql("update users set role = 'member' where name = 'mia'").await;
    is_refused(edit(&app, comment, "mia", "Past the role.").await, "wrote yourself");
    alice.post(&format!("/item/{comment}/delete"), &[]).await;
    is_refused(edit(&app, comment, "alice", "Past the deletion.").await, "deleted");
    app.pass(2 * HOUR + 1);
    is_refused(edit(&app, story, "alice", "Past its time.").await, "can no longer be edited");
    assert_eq!(app.number("select count(*) from items where text like 'Past%'").await, 0);
}

#[tokio::test]
async fn a_deletion_does_not_pass_a_lock() {
    let (app, _, _, comment) = forum().await;
    app.store.lock(ItemId(comment), true, by(&app, "mia", "heat").await).await.expect("locked");
    is_refused(
        app.store.delete(ItemId(comment), app.id_of("alice").await, app.now()).await,
        "This is locked",
    );
}

/// What was written, as the form or a refusal shows it.
fn kept(page: &Page) -> String {
    page.texts("main textarea").pop().unwrap_or_default()
}

#[tokio::test]
async fn a_ban_at_the_command_line_holds_at_once_for_whoever_writes() {
    let (app, mut alice, story, comment) = forum().await;
    app.account("bob", Role::Member).await;
    app.sql("update users set karma = 100, created_at = 1 where name = 'bob'").await;
    let mut bob = app.log_in("bob").await;
    bob.get("/").await;
    alice.get("/").await;
    // What another process writes is not noticed before a second has passed.
    app.sql(&format!(
        "update users set banned_at = {}, ban_reason = 'spam' where name in ('alice', 'bob')",
        app.now().0
    ))
    .await;
    let before = app.dump(&[]).await;
    let page = bob.post(&format!("/item/{story}/reply"), &[("text", "What I typed.")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.says(BANNED_FOR_SPAM) && kept(&page) == "What I typed.", "{}", page.text());
    let page = bob.post("/submit", &[("title", "A title"), ("text", "What I typed.")]).await;
    assert!(page.status == StatusCode::FORBIDDEN && kept(&page) == "What I typed.", "{}", page.text());
    let page = alice.post(&format!("/item/{comment}/edit"), &[("text", "What I typed.")]).await;
    assert!(page.status == StatusCode::FORBIDDEN && kept(&page) == "What I typed.", "{}", page.text());
    for (mut browser, path, form) in [
        (alice.clone(), format!("/item/{comment}/delete"), vec![]),
        (bob.clone(), format!("/item/{comment}/flag"), vec![("on", "true"), ("reason", "spam")]),
        (
            bob.clone(),
            "/settings".to_owned(),
            vec![("about", "Words."), ("theme", "system"), ("order", "best")],
        ),
        (bob.clone(), "/invitations".to_owned(), vec![]),
    ] {
        let page = browser.post(&path, &form).await;
        assert!(
            page.status == StatusCode::FORBIDDEN && page.says("This account is banned"),
            "{path} {}",
            page.text()
        );
    }
    assert_eq!(app.dump(&[]).await, before, "nothing is written");
}

#[tokio::test]
async fn a_demotion_at_the_command_line_holds_at_once_for_every_act() {
    let (app, mut alice, story, comment) = forum().await;
    let other = alice.story("Another", "https://example.com/").await;
    let reply = alice.reply(comment, "A reply.").await;
    let mut mia = app.session("mia").await;
    app.account("root", Role::Admin).await;
    let mut root = app.session("root").await;
    for browser in [&mut mia, &mut root] {
        browser.get("/mod").await;
    }
    app.sql(
        "insert into signup_requests (name, password, text, created_at) values ('asks', 'x', 'Let me \
             in.', 1)",
    )
    .await;
    app.sql(
        "insert into rules (kind, pattern, effect, reason, created_at) values ('word', 'casino', 'queue', \
         '', 1)",
    )
    .await;
    let id = app.number("select id from signup_requests").await;
    app.sql("update users set role = 'member' where name in ('mia', 'root')").await;
    let before = app.dump(&["visits"]).await;
    let long = "1970-01-01";
    let acts: Vec<(String, Vec<(&str, &str)>)> = vec![
        (format!("/item/{comment}/kill"), vec![("on", "true"), ("reason", "spam")]),
        (format!("/item/{comment}/clear"), vec![]),
        (format!("/item/{comment}/lock"), vec![("on", "true"), ("reason", "heat")]),
        (format!("/item/{reply}/detach"), vec![("on", "true"), ("reason", "apart")]),
        (format!("/item/{story}/pin"), vec![("on", "true"), ("text", "A notice.")]),
        (format!("/item/{comment}/edit"), vec![("text", "Edited."), ("reason", "tone")]),
        ("/user/alice/ban".to_owned(), vec![("on", "true"), ("ban_days", "open"), ("ban_reason", "spam")]),
        ("/user/alice/limit".to_owned(), vec![("on", "true"), ("limit_days", "3"), ("limit_reason", "heat")]),
        ("/user/alice/shadow".to_owned(), vec![("on", "true"), ("shadow_reason", "spam")]),
        ("/user/alice/warn".to_owned(), vec![("warning", "Be kind.")]),
        ("/user/alice/note".to_owned(), vec![("note", "A note.")]),
        (format!("/mod/requests/{id}"), vec![("decision", "approve"), ("message", long)]),
        ("/mod/rules/1/drop".to_owned(), vec![]),
    ];
    let merge = (
        format!("/item/{story}/merge"),
        vec![("on".to_owned(), "true".to_owned()), ("into".to_owned(), other.to_string())],
    );
    for (path, form) in &acts {
        let page = mia.post(path, form).await;
        assert!(page.status == StatusCode::FORBIDDEN, "{path}: {} {}", page.status, page.text());
    }
    let form: Vec<(&str, &str)> =
        merge.1.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(mia.post(&merge.0, &form).await.status, StatusCode::FORBIDDEN);
    let role = [("role", "moderator"), ("reason", "helps")];
    let page = root.post("/user/alice/role", &role).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.text());
    assert_eq!(app.dump(&["visits"]).await, before, "nothing is written");
}

#[tokio::test]
async fn a_shadow_ban_that_crosses_a_comment_keeps_it_dead() {
    let (app, mut alice, story, _) = forum().await;
    alice.get("/").await;
    app.sql(&format!("update users set shadow_banned_at = {} where name = 'alice'", app.now().0)).await;
    let unheard = alice.reply(story, "Unheard.").await;
    assert_eq!(
        app.number(&format!("select count(*) from items where id = {unheard} and dead = 'shadow'")).await,
        1
    );
    let page = app.without_memory().visitor().send(Method::GET, &format!("/item/{story}"), &[], None).await;
    assert!(!page.says("Unheard."));
}
