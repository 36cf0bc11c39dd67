//! What somebody wrote is not lost when their session has ended meanwhile.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use stoa::config::Config;
use stoa::domain::accounts::user::Role;
use stoa::store::{Error, NewSession, Verified};

use crate::http::form_fuzz::fields;
use crate::http::injection::check;
use crate::http::roles::{Who, case, forum as forum_of_all, table};
use crate::support::app::{Browser, PASSWORD, Page, TestApp};

/// Where somebody who is known to be nobody is led.
const LOG_IN: &str = "header a[href^='/login']";

const TYPED: &str = "First <b>line</b> & \"more\"\n\nSecond line, ünd ☃.";

/// Ends all sessions of everybody, as somebody does in another browser.
async fn end_sessions(app: &TestApp) {
    app.sql("delete from sessions").await;
    app.store.detect_external_writes().await.expect("noticed");
}

async fn send(browser: &mut Browser, path: &str, fields: &[(String, String)]) -> Page {
    let form: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &form).await
}

fn log_in(page: &Page, name: &str, password: &str) -> Vec<(String, String)> {
    let mut fields = page.fields("/login");
    for (field, value) in &mut fields {
        match field.as_str() {
            "name" => name.clone_into(value),
            "password" => password.clone_into(value),
            _ => {}
        }
    }
    fields
}

/// A forum with a member, alice, who may flag; her story, and one of somebody else's.
async fn forum() -> (TestApp, Browser, i64, i64) {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    app.set_karma("alice", 100).await;
    let own = alice.text_story("Alice's story", "Words.").await;
    let other = app.member("bob").await.text_story("Bob's story", "Words.").await;
    (app, alice, own, other)
}

#[tokio::test]
async fn what_was_typed_comes_through_the_log_in_and_is_sent_once_by_its_author() {
    let (app, mut alice, own, other) = forum().await;
    let forms = [
        (format!("/item/{other}/reply"), vec![("text", TYPED)], "items where kind = 'comment' and text"),
        (
            "/submit".to_owned(),
            vec![("url", "https://example.com/?a=1&b=2"), ("title", "A & B"), ("text", TYPED)],
            "items where title = 'A & B' and text",
        ),
        (
            format!("/item/{own}/edit"),
            vec![("title", "Alice's story"), ("text", TYPED)],
            "items where title like 'Alice%' and text",
        ),
        (
            format!("/item/{other}/flag"),
            vec![("goto", "/new"), ("reason", "other"), ("note", TYPED), ("on", "true")],
            "flags where note",
        ),
        (
            "/settings".to_owned(),
            vec![("about", TYPED), ("theme", "dark"), ("order", "newest"), ("show_dead", "true")],
            "users where name = 'alice' and about",
        ),
    ];
    for (path, form, kept) in forms {
        end_sessions(&app).await;
        let before = app.dump(&[]).await;
        let asked = alice.post(&path, &form).await;
        assert_eq!(asked.status, StatusCode::UNAUTHORIZED, "{path}: {}", asked.text());
        assert!(asked.says("Your session has ended"), "{path}: {}", asked.text());
        assert_eq!(asked.value("form[action='/login'] textarea"), TYPED, "{path}");
        check(&asked, &path);
        assert_eq!(app.dump(&[]).await, before, "{path}: nothing is written");

        let wrong = send(&mut alice, "/login", &log_in(&asked, "alice", "not that one, sorry")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(wrong.value("form[action='/login'] textarea"), TYPED, "{path}");
        let back = send(&mut alice, "/login", &log_in(&wrong, "alice", PASSWORD)).await;
        assert_eq!(back.status, StatusCode::OK, "{path}");
        assert!(back.says("It has not been sent yet."), "{path}: {}", back.text());
        back.finds(1, "header a[href='/user/alice']");
        back.finds(0, LOG_IN);
        check(&back, &path);
        let query = format!("select count(*) from {kept} like '%Second line%'");
        assert_eq!(app.number(&query).await, 0, "{path}: not sent yet");

        let again = back.fields(&path);
        let expected: Vec<(String, String)> =
            form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(again, expected, "{path}");
        let done = send(&mut alice, &path, &again).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}: {}", done.text());
        assert_eq!(app.number(&query).await, 1, "{path}");
    }
}

#[tokio::test]
async fn the_longest_text_fits_through_the_log_in() {
    let (app, mut alice, _, other) = forum().await;
    let longest = "🦉".repeat(20_000);
    end_sessions(&app).await;
    let path = format!("/item/{other}/reply");
    let asked = alice.post(&path, &[("text", &longest)]).await;
    let back = send(&mut alice, "/login", &log_in(&asked, "alice", PASSWORD)).await;
    let done = send(&mut alice, &path, &back.fields(&path)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_kept_through_the_log_in_leads_nowhere_else_and_comes_from_nowhere_else() {
    let (app, mut alice, _, other) = forum().await;
    end_sessions(&app).await;
    let path = format!("/item/{other}/reply");
    let headers = [("sec-fetch-site", "cross-site")];
    let foreign = alice.send(Method::POST, &path, &headers, Some(&[("text", TYPED)])).await;
    assert!(foreign.status == StatusCode::FORBIDDEN && !foreign.mentions("Second line"));
    for action in [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "\"><script>",
    ] {
        let form = [
            ("name", "alice"),
            ("password", PASSWORD),
            ("kept-action", action),
            ("kept.text", TYPED),
            ("kept.\"><b>", "\"><b>"),
        ];
        let page = app.visitor().post("/login", &form).await;
        check(&page, action);
        assert_eq!(page.one("main form").attr("action"), "/");
        assert!(page.mentions("Second line") && !page.mentions("evil"), "{}", page.text());
    }
    let plain = app
        .visitor()
        .post("/login", &[("name", "alice"), ("password", PASSWORD), ("kept.text", TYPED)])
        .await;
    assert_eq!(plain.status, StatusCode::SEE_OTHER, "without a form to go to, it is a log-in");
}

#[tokio::test]
async fn somebody_else_who_logs_in_there_sends_it_as_themselves_or_not_at_all() {
    let (app, mut alice, own, _) = forum().await;
    end_sessions(&app).await;
    let path = format!("/item/{own}/edit");
    let asked = alice.post(&path, &[("title", "Mine"), ("text", TYPED)]).await;
    let back = send(&mut alice, "/login", &log_in(&asked, "bob", PASSWORD)).await;
    let refused = send(&mut alice, &path, &back.fields(&path)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_session_does_not_begin_with_a_password_that_was_changed_since_it_was_checked() {
    let app = TestApp::new().await;
    app.account("alice", stoa::domain::accounts::user::Role::Member).await;
    let known = app.store.credentials("alice").await.expect("found").expect("an account");
    let verified = known.password.expect("a hash");
    app.store.set_password(known.id, "another hash", None, None, app.now()).await.expect("changed");
    let late = |verified| NewSession {
        token_hash: b"token",
        user: known.id,
        verified: Verified::Password(verified),
        agent: "",
        expires_at: app.now().plus(60),
    };
    let begun = app.store.create_session(late(&verified), app.now()).await;
    assert!(matches!(begun, Err(Error::Conflict)), "{begun:?}");
    assert_eq!(app.number("select count(*) from sessions").await, 0);
    app.store.create_session(late("another hash"), app.now()).await.expect("begun");
}

#[tokio::test]
async fn what_a_moderator_wrote_is_kept_as_well_and_a_member_learns_no_more_by_it() {
    let app = TestApp::new().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let pin = format!("/item/{story}/pin");
    end_sessions(&app).await;
    let page = mia.post(&pin, &[("on", "true"), ("text", TYPED)]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let page = send(&mut mia, "/login", &log_in(&page, "mia", PASSWORD)).await;
    let form = page.fields(&pin);
    assert!(form.contains(&("text".to_owned(), TYPED.to_owned())), "{}", page.text());
    assert_eq!(send(&mut mia, &pin, &form).await.status, StatusCode::SEE_OTHER);
    assert!(
        app.visitor()
            .get(&format!("/item/{story}"))
            .await
            .one("main aside")
            .text
            .contains("Second line, ünd")
    );
    let mut alice = app.log_in("alice").await;
    assert_eq!(alice.post(&pin, &[("on", "true"), ("text", TYPED)]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_of_no_page_here_does_not_become_a_long_page() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let headers = [("sec-fetch-site", "same-origin")];
    let page = visitor.send_raw(Method::POST, "/submit", &headers, Some(b"a&".repeat(100_000))).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.body.len() < 10_000, "{} bytes", page.body.len());
    let page = visitor
        .send_raw(Method::POST, "/login", &headers, Some(b"kept-action=/a&kept.a=b&".repeat(10_000)))
        .await;
    assert!(page.body.len() < 10_000, "{} bytes", page.body.len());
}

#[tokio::test]
async fn what_somebody_wrote_is_kept_where_the_site_has_no_time_for_it() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        settings.requests_per_minute_per_ip = Some(3);
    })
    .await;
    let mut alice = app.member("alice").await;
    let send = async |alice: &mut Browser, site: &str| {
        let headers = [("sec-fetch-site", site)];
        alice
            .send(
                Method::POST,
                "/submit",
                &headers,
                Some(&[("title", "A title"), ("url", ""), ("text", TYPED)]),
            )
            .await
    };
    for _ in 0..4 {
        alice.get("/").await;
    }
    let page = send(&mut alice, "same-origin").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        page.header("retry-after").parse::<u32>().is_ok() && page.says("Not sent yet"),
        "{}",
        page.text()
    );
    // They are logged in.
    page.finds(0, LOG_IN);
    let form = page.fields("/submit");
    assert!(form.contains(&("text".to_owned(), TYPED.to_owned())), "{}", page.text());
    check(&page, "what was kept");
    let foreign = send(&mut alice, "cross-site").await;
    assert_eq!(foreign.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.mentions("Second line") && !foreign.mentions("Second line"), "nobody here wrote that");
    app.pass(60);
    assert_eq!(send(&mut alice, "same-origin").await.status, StatusCode::SEE_OTHER);
    app.visitor().get("/").await.finds(1, LOG_IN);
}

/// The sources of all templates.
fn templates(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            templates(&entry.path(), found);
        } else {
            found.push(std::fs::read_to_string(entry.path()).expect("a template"));
        }
    }
}

/// The names of the fields that a control of this kind has in any template.
fn names_of(controls: &[&str]) -> BTreeSet<String> {
    let (mut names, mut sources) = (BTreeSet::new(), Vec::new());
    templates(concat!(env!("CARGO_MANIFEST_DIR"), "/templates").as_ref(), &mut sources);
    for source in sources {
        for tag in source.split('<').filter(|tag| controls.iter().any(|control| tag.starts_with(control))) {
            let literal = tag.split_once(" name=\"").map(|(_, rest)| rest);
            let field = tag.split_once("form::field(errors, \"").map(|(_, rest)| rest);
            let one_of = tag.split_once("form::one_of(").and_then(|(_, rest)| rest.split("\", \"").nth(1));
            let name = literal.or(field).or(one_of).and_then(|rest| rest.split('"').next());
            names.extend(name.filter(|name| !name.contains('{')).map(str::to_owned));
        }
    }
    names
}

/// What was typed into this field stands in the form that came back, under a name that people read.
fn has_back(page: &Page, form: &str, field: &str, value: &str, what: &str) {
    let [shown] = &page.all(&format!("{form} [name='{field}']"))[..] else {
        panic!("{what}: {}", page.text())
    };
    assert_eq!(shown.value, value, "{what}");
    assert_ne!(shown.attr("type"), "hidden", "{what}");
    let label = page.one(&format!("{form} label[for='{}']", shown.attr("id"))).text;
    assert!(label.starts_with(char::is_uppercase) && !label.contains(['_', '.']), "{what}: {label:?}");
}

#[tokio::test]
async fn what_was_written_in_any_form_comes_back_from_every_refusal_and_no_password_does() {
    const SECRET: &str = "nobody reads this again";
    let app = forum_of_all().await;
    let (mut texts, known_fields) =
        (names_of(&["textarea", "input type=\"text\"", "input type=\"url\""]), fields());
    // The form of settings is made from their declaration.
    texts.extend(Config::default().of_community().into_iter().map(|setting| setting.name.to_owned()));
    let passwords = names_of(&["input type=\"password\""]);
    assert!(texts.len() > 12 && passwords.len() == 2, "{texts:?} {passwords:?}");
    let slow = app.with_other_settings(|config| {
        (config.server.limits, config.site.requests_per_minute_per_ip) = (true, 1)
    });
    let full = app.with_other_settings(|config| config.server.max_concurrent_requests = 0);
    slow.visitor().post("/theme", &[]).await;
    let mut walked = BTreeSet::new();
    for row in table().into_iter().filter(|row| row.method == Method::POST) {
        let known = &known_fields[&(Method::POST, row.path)];
        let written: Vec<&str> = known.iter().copied().filter(|name| texts.contains(*name)).collect();
        if written.is_empty() || !walked.insert(row.path) {
            continue;
        }
        let path = case(&app, &row, row.doer().unwrap_or(Who::Admin)).await.path;
        let form: Vec<(&str, String)> = known
            .iter()
            .map(|name| match *name {
                name if texts.contains(name) => (name, format!("Written in {name}")),
                name if passwords.contains(name) => (name, SECRET.to_owned()),
                name => (name, "true".to_owned()),
            })
            .collect();
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for (forum, status) in [
            (&slow, StatusCode::TOO_MANY_REQUESTS),
            (&full, StatusCode::SERVICE_UNAVAILABLE),
            (&app, StatusCode::UNAUTHORIZED),
        ] {
            let page = forum.visitor().post(&path, &form).await;
            let is_login = status == StatusCode::UNAUTHORIZED;
            if is_login && page.status != status {
                assert!(row.answer(Who::Visitor) != "login", "{path}: {}", page.status);
                continue;
            }
            let what = format!("{path} with {status}");
            assert_eq!(page.status, status, "{what}");
            if status != StatusCode::SERVICE_UNAVAILABLE {
                check(&page, &what);
            }
            assert!(!page.text().contains(SECRET), "{what}");
            for name in &written {
                let (action, field) = if is_login {
                    ("/login", format!("kept.{name}"))
                } else {
                    (path.as_str(), (*name).to_owned())
                };
                has_back(
                    &page,
                    &format!("form[action='{action}']"),
                    &field,
                    &format!("Written in {name}"),
                    &what,
                );
            }
            let controls = known.iter().filter(|name| !texts.contains(**name) && !passwords.contains(**name));
            for name in controls.filter(|name| **name != "kept") {
                let field = if is_login { format!("kept.{name}") } else { (*name).to_string() };
                let shown = page.one(&format!("main form [name='{field}']"));
                assert_eq!(
                    (shown.attr("type"), shown.attr("value")),
                    ("hidden", "true"),
                    "{what}: {field} is no text"
                );
            }
        }
    }
    assert!(walked.len() > 20, "{walked:?}");
}

#[tokio::test]
async fn what_was_written_is_shown_where_it_cannot_be_sent_again() {
    let app = forum_of_all().await;
    let (texts, known_fields) = (names_of(&["textarea", "input type=\"text\""]), fields());
    let mut walked = BTreeSet::new();
    for row in table().into_iter().filter(|row| row.method == Method::POST) {
        let known = &known_fields[&(Method::POST, row.path)];
        let Some(field) = known.iter().find(|name| texts.contains(**name)) else { continue };
        for who in [Who::Other, Who::Moderator] {
            if !["no", "none", "bad", "gone", "late"].contains(&row.answer(who)) {
                continue;
            }
            let mut case = case(&app, &row, who).await;
            let written = format!("Written in {field} of {}", case.path);
            case.form.retain(|(name, _)| name != field);
            case.form.push(((*field).to_owned(), written.clone()));
            let page = case.send(Method::POST, &[("sec-fetch-site", "same-origin")]).await;
            if page.status.is_client_error() && !page.all("main > .empty > .aside").is_empty() {
                let shown = page.all("main textarea[readonly]");
                assert!(shown.iter().any(|field| field.text == written), "{}: {}", row.path, page.text());
                walked.insert((row.path, row.answer(who)));
            }
        }
    }
    assert!(walked.len() > 20, "{walked:?}");

    let mut mia = app.person("mia", Role::Moderator).await;
    app.member("bob").await;
    app.sql("update users set role = 'member' where name = 'mia'").await;
    app.store.detect_external_writes().await.expect("noticed");
    let page = mia.post("/user/bob/warn", &[("warning", "<b>Mind</b> the guidelines.")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.one("main textarea[readonly]").text, "<b>Mind</b> the guidelines.");
    check(&page, "a moderator who is none any more");
}

#[tokio::test]
async fn starting_over_leads_to_a_page_whatever_was_refused() {
    let app = forum_of_all().await;
    let full = app.with_other_settings(|config| config.server.max_concurrent_requests = 0);
    let mut starts = BTreeSet::new();
    for row in table().into_iter().filter(|row| row.method == Method::POST) {
        let path = case(&app, &row, row.doer().unwrap_or(Who::Admin)).await.path;
        // Spent or guessed tokens, missing items and unknown users have no page.
        if row.path.contains("{token}") || path.contains("9999999") || path.contains("nobody-of-that-name") {
            continue;
        }
        let form = [("text", "Some words."), ("reason", "A reason."), ("note", "A note.")];
        let page = full.visitor().post(&path, &form).await;
        starts.extend(page.all("main .acts > a").iter().map(|start| start.attr("href").to_owned()));
    }
    assert!(starts.len() > 5, "{starts:?}");
    for start in starts {
        let status = app.session("chief").await.get(&start).await.status;
        assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{start}");
        assert_ne!(status, StatusCode::NOT_FOUND, "{start}");
    }
}

#[tokio::test]
async fn a_log_in_refused_with_a_saved_form_shows_no_control_of_it() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let full = app.with_other_settings(|config| config.server.max_concurrent_requests = 0);
    let form = [
        ("name", "alice"),
        ("password", "wrong"),
        ("kept", &*format!("/item/{story}/reply")),
        ("kept.text", "A reply."),
        ("kept.goto", "/item/1"),
        ("kept.preview", "true"),
    ];
    let page = full.visitor().post("/login", &form).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.one("textarea[name='kept.text']").text, "A reply.");
    for control in ["kept.goto", "kept.preview"] {
        assert_eq!(page.one(&format!("[name='{control}']")).attr("type"), "hidden", "{control}");
    }
}
