//! A full disk: writers are told and keep their input, readers are served, and the next write after it is
//! saved.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::store::{ActionContext, Error, Store};

use crate::server::http1::hold_writes;
use crate::support::app::{Browser, PASSWORD, Page, TestApp};

const WORDS: &str = "Words that took an hour & more.";
const SENTENCE: &str = "The forum cannot save anything at the moment. Please try again in a few minutes.";

/// While `switch` has a row, every write fails with SQLITE_FULL: a table that has used its last rowid.
async fn prepare_faults(app: &TestApp) {
    app.sql("create table no_room (id integer primary key autoincrement, why text)").await;
    app.sql("insert into no_room values (9223372036854775807, '')").await;
    app.sql("create table switch (id integer primary key)").await;
    for table in [
        "users",
        "items",
        "votes",
        "sessions",
        "browsers",
        "saved",
        "hidden",
        "visits",
        "revisions",
        "moderation_log",
        "flags",
        "vouches",
        "notifications",
        "invitations",
        "signup_requests",
        "notes",
        "rules",
        "sites",
        "ip_hashes",
        "settings",
        "checks",
    ] {
        for deed in ["insert", "update", "delete"] {
            app.sql(&format!(
                "create trigger full_{table}_{deed} before {deed} on {table} when exists (select 1 from \
                 switch) begin insert into no_room (why) values ('full'); end"
            ))
            .await;
        }
    }
}

async fn disk_is_full(app: &TestApp, full: bool) {
    app.sql(if full { "insert into switch values (1)" } else { "delete from switch" }).await;
}

/// Something that somebody does: who, the form's address and its fields; and whether they write words in it.
struct Deed {
    what: &'static str,
    who: Browser,
    path: String,
    form: Vec<(&'static str, &'static str)>,
    has_words: bool,
}

/// A forum with a story of alice's, and all kinds of what people send to it.
async fn deeds() -> (TestApp, Vec<Deed>) {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let own = alice.reply(story, "Alice's own.").await;
    let bob = app.member("bob").await;
    let mia = app.person("mia", Role::Moderator).await;
    app.account("carl", Role::Member).await;
    app.set_karma("bob", 1_000).await;
    prepare_faults(&app).await;
    app.store.detect_external_writes().await.expect("noticed");
    let item = |act: &str| format!("/item/{story}/{act}");
    let deed = |what, who: &Browser, path: String, form: &[(&'static str, &'static str)]| {
        let has_words = form.iter().any(|(_, value)| *value == WORDS);
        Deed { what, who: who.clone(), path, form: form.to_vec(), has_words }
    };
    let visitor = app.visitor();
    let settings = [("about", WORDS), ("theme", "dark"), ("order", "newest"), ("show_dead", "true")];
    let password = [("current", PASSWORD), ("password", "four other words instead")];
    let deeds = vec![
        deed("a comment", &bob, item("reply"), &[("text", WORDS)]),
        deed("a story", &bob, "/submit".into(), &[("title", "Another story"), ("url", ""), ("text", WORDS)]),
        deed("a vote", &bob, item("vote"), &[("dir", "up"), ("goto", "/")]),
        deed("saving", &bob, item("save"), &[("on", "true"), ("goto", "/")]),
        deed("hiding", &bob, item("hide"), &[("on", "true"), ("goto", "/")]),
        deed("a flag", &bob, item("flag"), &[("on", "true"), ("reason", "other"), ("note", WORDS)]),
        deed("settings", &bob, "/settings".into(), &settings),
        deed("an edit", &alice, format!("/item/{own}/edit"), &[("text", WORDS)]),
        deed("a deletion", &alice, format!("/item/{own}/delete"), &[]),
        deed("an invitation", &mia, "/invitations".into(), &[]),
        deed("a warning", &mia, "/user/bob/warn".into(), &[("warning", WORDS)]),
        deed("a kill", &mia, item("kill"), &[("on", "true"), ("reason", WORDS)]),
        deed("a sign-up", &visitor, "/signup".into(), &[("name", "dora"), ("password", PASSWORD)]),
        deed("a log-in", &visitor, "/login".into(), &[("name", "carl"), ("password", PASSWORD)]),
        deed("a password", &alice, "/settings/password".into(), &password),
        deed("a member's theme", &bob, "/theme".into(), &[("theme", "dark")]),
    ];
    (app, deeds)
}

fn is_refused(page: &Page, deed: &Deed) {
    let Deed { what, form, path, .. } = deed;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{what}: {}", page.text());
    assert!(page.says(SENTENCE), "{what}: {}", page.text());
    assert!(page.header("retry-after").parse::<u32>().is_ok(), "{what}");
    if deed.has_words {
        let kept = page.one(&format!("form[method=post][action='{path}']"));
        for (name, value) in form {
            let field = kept.one(&format!("[name='{name}']"));
            let typed = if field.html.starts_with("<textarea") { &field.text } else { field.attr("value") };
            assert_eq!(typed, *value, "{what}: {name}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_saved_is_kept_for_its_author_and_saved_once_there_is_room() {
    let (app, deeds) = deeds().await;
    for mut deed in deeds {
        disk_is_full(&app, true).await;
        let before = app.dump(&[]).await;
        // The first is refused by what writes it, the second before that.
        for _ in 0..2 {
            let page = deed.who.post(&deed.path, &deed.form).await;
            is_refused(&page, &deed);
        }
        assert_eq!(app.dump(&[]).await, before, "{}: nothing of it is written", deed.what);
        for path in ["/", "/new", "/login", "/user/alice"] {
            assert_eq!(app.visitor().get(path).await.status, StatusCode::OK, "{}: {path}", deed.what);
        }
        disk_is_full(&app, false).await;
        let page = deed.who.post(&deed.path, &deed.form).await;
        let done = page.status == StatusCode::SEE_OTHER
            || (deed.what == "an invitation" && page.status == StatusCode::OK);
        assert!(done, "{}, with room again: {} {}", deed.what, page.status, page.text());
        assert_ne!(app.dump(&[]).await, before, "{} is saved", deed.what);
    }
}

#[tokio::test]
async fn what_a_cookie_keeps_needs_no_room_on_the_disk() {
    let app = TestApp::new().await;
    let (mut alice, mut visitor) = (app.member("alice").await, app.visitor());
    prepare_faults(&app).await;
    disk_is_full(&app, true).await;
    for _ in 0..2 {
        let refused = alice.post("/theme", &[("theme", "dark")]).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "a member's is in the database");
    }
    assert_eq!(visitor.post("/theme", &[("theme", "dark")]).await.status, StatusCode::SEE_OTHER);
    visitor.get("/").await.finds(1, "html[data-theme=dark]");
    assert_eq!(alice.post("/logout", &[]).await.status, StatusCode::SEE_OTHER);
    alice.get("/").await.finds(1, "header a[href^='/login']");
    disk_is_full(&app, false).await;
    assert_eq!(app.log_in("alice").await.post("/logout", &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_script_reads_why_a_vote_is_not_saved() {
    let (app, deeds) = deeds().await;
    let mut vote = deeds.into_iter().find(|deed| deed.what == "a vote").expect("a vote");
    disk_is_full(&app, true).await;
    assert_eq!(vote.who.post_json(&vote.path, &vote.form).await, serde_json::json!({ "error": SENTENCE }));
    disk_is_full(&app, false).await;
    assert_eq!(vote.who.post_json(&vote.path, &vote.form).await["dir"], "up");
}

#[tokio::test]
async fn trying_again_while_nothing_can_be_saved_counts_as_no_post() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        settings.new_account_stories_per_hour = Some(2);
    })
    .await;
    let mut alice = app.member("alice").await;
    prepare_faults(&app).await;
    disk_is_full(&app, true).await;
    let form = [("title", "A story"), ("url", ""), ("text", WORDS)];
    for _ in 0..5 {
        let page = alice.post("/submit", &form).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(page.one("textarea[name=text]").text, WORDS);
    }
    disk_is_full(&app, false).await;
    assert_eq!(alice.post("/submit", &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_members_have_seen_is_noted_once_there_is_room() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    app.store.flush_activity().await.expect("written");
    prepare_faults(&app).await;
    app.sql("delete from visits").await;
    disk_is_full(&app, true).await;
    app.pass(4_000);
    alice.get(&format!("/item/{story}")).await;
    for _ in 0..2 {
        let refused = app.store.flush_activity().await.expect_err("no room");
        assert!(matches!(refused, Error::Storage(_)), "{refused}");
    }
    disk_is_full(&app, false).await;
    app.store.flush_activity().await.expect("written");
    assert_eq!(app.number("select count(*) from visits").await, 1);
}

#[tokio::test]
async fn what_was_typed_stands_in_a_form_again_where_others_write_for_too_long() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let held = hold_writes(&app).await;
    let path = format!("/item/{story}/reply");
    let page = alice.post(&path, &[("text", WORDS)]).await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    assert_eq!(page.one("main textarea[name=text]").text, WORDS);
    drop(held);
    assert_eq!(alice.post(&path, &[("text", WORDS)]).await.status, StatusCode::SEE_OTHER);
}

/// A transaction on whose connection SQLite ends it by itself, as it does where the disk fails.
const ENDS_BY_ITSELF: &str = "create trigger ends before insert on items begin select raise(rollback, 'the \
                              end of the transaction'); end";

#[tokio::test]
async fn the_forum_goes_on_writing_after_a_transaction_ended_by_itself() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let words = ["First.", "Second.", "Third."];
    for words in words {
        app.sql(ENDS_BY_ITSELF).await;
        let page = alice.post(&format!("/item/{story}/reply"), &[("text", words)]).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            alice.vote(story, "up").await.status,
            StatusCode::FORBIDDEN,
            "a transaction of another kind"
        );
        app.sql("drop trigger ends").await;
        alice.reply(story, words).await;
    }
    let page = app.visitor().get(&format!("/item/{story}?order=oldest")).await;
    assert_eq!(page.texts("article.c .t"), words);
}

#[tokio::test]
async fn another_connection_in_the_writers_place_misses_nothing_of_others_and_makes_nothing_up() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let others = Store::open(app.file()).await.expect("the same database");
    app.sql(ENDS_BY_ITSELF).await;
    let path = format!("/item/{story}/reply");
    let act = ActionContext { actor: None, reason: "", at: app.now() };
    app.store.detect_external_writes().await.expect("noticed");
    for _ in 0..4 {
        let before = app.store.generation();
        assert_eq!(alice.post(&path, &[("text", WORDS)]).await.status, StatusCode::INTERNAL_SERVER_ERROR);
        app.store.detect_external_writes().await.expect("noticed");
        app.store.detect_external_writes().await.expect("noticed");
        assert_eq!(app.store.generation(), before, "nobody else has written");

        assert_eq!(alice.post(&path, &[("text", WORDS)]).await.status, StatusCode::INTERNAL_SERVER_ERROR);
        others.lock(ItemId(story), true, act).await.expect("written beside");
        app.store.detect_external_writes().await.expect("noticed");
        let noticed = app.store.generation();
        assert_ne!(noticed, before, "written before the new connection came");
        others.kill(ItemId(story), true, act).await.expect("written beside");
        app.store.detect_external_writes().await.expect("noticed");
        assert_ne!(app.store.generation(), noticed, "written after it");
        others.kill(ItemId(story), false, act).await.expect("written beside");
        others.lock(ItemId(story), false, act).await.expect("written beside");
        app.store.detect_external_writes().await.expect("noticed");
    }
}

#[tokio::test]
async fn whoever_watches_the_forum_reads_that_nothing_can_be_saved() {
    let app = TestApp::new().await;
    prepare_faults(&app).await;
    for (path, well) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        disk_is_full(&app, true).await;
        // What was found out lately is told again, for a second.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let page = app.visitor().get(path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(page.text(), "pages can be read, but nothing can be saved: is the disk full?\n");
        assert_eq!(page.header("content-type"), "text/plain; charset=utf-8");
        disk_is_full(&app, false).await;
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let page = app.visitor().get(path).await;
        assert_eq!((page.status, page.text().as_str()), (StatusCode::OK, well));
    }
}
