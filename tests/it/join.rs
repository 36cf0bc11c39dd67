//! Joining: signing up, logging in and out, settings, sessions, and the first admin.

use axum::http::{Method, StatusCode};
use stoa::clock::DAY;
use stoa::config::Switch;
use stoa::domain::signup::SignUp;
use stoa::domain::user::Role;

use crate::app::{Browser, PASSWORD, Page, TestApp};

const OTHER: &str = "another few unrelated words";

async fn sign_up(browser: &mut Browser, name: &str, password: &str) -> Page {
    browser.post("/signup", &[("name", name), ("password", password), ("goto", "/new")]).await
}

async fn log_in(browser: &mut Browser, name: &str, password: &str) -> Page {
    browser.post("/login", &[("name", name), ("password", password), ("goto", "/")]).await
}

/// Whether the pages of a browser are a member's.
async fn is_in(browser: &mut Browser) -> bool {
    browser.get("/guidelines").await.has("action=\"/logout\"")
}

#[tokio::test]
async fn a_name_and_a_password_make_an_account_that_is_logged_in() {
    let app = TestApp::new().await;
    let mut alice = app.visitor();
    assert!(alice.get("/signup?goto=/new").await.has("name=\"goto\" value=\"/new\""));
    let page = sign_up(&mut alice, " alice ", PASSWORD).await;
    assert_eq!((page.status, page.location().as_deref()), (StatusCode::SEE_OTHER, Some("/new")));
    assert!(is_in(&mut alice).await);
    assert_eq!(alice.get("/signup").await.location().as_deref(), Some("/"), "who has an account needs no other");
    let profile = app.visitor().get("/user/alice").await;
    assert!(profile.has("<dd>1</dd>") && profile.has("23 November 2026") && profile.has("new account"));
    app.pass(15 * DAY);
    assert!(!app.visitor().get("/user/alice").await.has("new account"));
}

#[tokio::test]
async fn a_site_can_take_no_new_accounts() {
    let app = TestApp::with(|settings| settings.sign_up = Some(SignUp::Closed)).await;
    let mut visitor = app.visitor();
    let page = visitor.get("/signup").await;
    assert!(page.has("not taking new accounts") && !page.has("name=\"password\""));
    assert!(!visitor.get("/login").await.has("Sign up"));
    let page = sign_up(&mut visitor, "alice", PASSWORD).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(app.visitor().get("/user/alice").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_name_that_will_not_do_is_explained_and_kept() {
    let app = TestApp::new().await;
    app.account("Alice", Role::Member).await;
    for (name, words) in [
        ("", "Choose a name."),
        ("a", "A name has 2 to 20 characters."),
        ("a-name-of-21-letters-", "A name has 2 to 20 characters."),
        ("al ice", "A name has only the letters"),
        ("аlice", "A name has only the letters"),
        ("-alice", "A name cannot begin with"),
        ("Admin", "That name is reserved."),
        ("alice", "That name is taken."),
        ("ALICE", "That name is taken."),
    ] {
        let page = sign_up(&mut app.visitor(), name, PASSWORD).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(page.has(words) && page.has(&format!("value=\"{name}\"")), "{name}: {}", page.text());
        assert!(page.has("href=\"#name\"") && page.has("id=\"name-error\"") && page.has("aria-invalid=\"true\""));
        assert!(!page.has(PASSWORD), "a password is never sent back");
    }
}

#[tokio::test]
async fn a_guessable_password_is_refused_and_the_name_kept() {
    let app = TestApp::new().await;
    let long = "x".repeat(1_001);
    for (password, words) in [
        ("", "A password has at least 8 characters."),
        ("short", "A password has at least 8 characters."),
        ("password1", "easily guessed"),
        ("Bertha123", "easily guessed"),
        (&long, "A password has at most 1,000 bytes."),
    ] {
        let page = sign_up(&mut app.visitor(), "bertha", password).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert!(page.has(words) && page.has("value=\"bertha\"") && page.has("id=\"password-error\""), "{password}");
    }
    let page = sign_up(&mut app.visitor(), "", "").await;
    assert!(page.has("2 things to mend"), "all mistakes at once");
}

#[tokio::test]
async fn logging_in_leads_back_to_where_somebody_was() {
    let app = TestApp::new().await;
    app.account("Alice", Role::Member).await;
    let mut browser = app.visitor();
    let page = browser.get("/submit?u=https://example.com/").await;
    let way = page.location().expect("the way to the log-in page");
    assert_eq!(
        (page.status, way.as_str()),
        (StatusCode::SEE_OTHER, "/login?goto=%2Fsubmit%3Fu%3Dhttps%3A%2F%2Fexample.com%2F")
    );
    assert!(browser.get(&way).await.has("value=\"/submit?u=https://example.com/\""));
    for (goto, to) in [("/item/1#c2", "/item/1#c2"), ("https://evil.example/", "/"), ("//evil.example", "/")] {
        let form = [("name", "aLICE"), ("password", PASSWORD), ("goto", goto)];
        let page = app.visitor().post("/login", &form).await;
        assert_eq!((page.status, page.location().as_deref()), (StatusCode::SEE_OTHER, Some(to)), "{goto}");
    }
}

#[tokio::test]
async fn a_wrong_log_in_says_nothing_of_who_exists() {
    let app = TestApp::new().await;
    app.account("alice", Role::Member).await;
    let mut answers = Vec::new();
    for name in ["alice", "nobody"] {
        let mut browser = app.visitor();
        let page = log_in(&mut browser, name, OTHER).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.has("That name and password do not go together.") && page.has(&format!("value=\"{name}\"")));
        assert!(!is_in(&mut browser).await && browser.cookies.is_empty());
        answers.push(page.text().replace(name, "NAME"));
    }
    assert_eq!(answers[0], answers[1]);
    app.ban("alice").await;
    let page = log_in(&mut app.visitor(), "alice", PASSWORD).await;
    assert!(page.has("This account is banned: spam"), "who knows the password learns why");
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.has("<a href=\"/contact\">see how to reach the moderators</a>") && page.has("value=\"alice\""));
    assert!(!page.has("to mend") && !page.has("New here?") && !page.has("href=\"/signup"), "{}", page.text());
    assert!(!log_in(&mut app.visitor(), "alice", OTHER).await.has("banned"));
}

#[tokio::test]
async fn logging_out_ends_the_session_and_not_only_the_cookie() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut copy = alice.clone();
    assert_eq!(alice.post("/logout", &[]).await.location().as_deref(), Some("/"));
    assert!(!alice.cookies.contains_key("session"));
    assert!(!is_in(&mut copy).await, "the old cookie opens nothing");
    let mut later = app.log_in("alice").await;
    app.pass(181 * DAY);
    assert!(!is_in(&mut later).await, "a session ends by itself after half a year");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = TestApp::new().await;
    let mut here = app.member("alice").await;
    let mut there = app.log_in("alice").await;
    for (current, password, field) in [
        ("wrong words here now", OTHER, "current"),
        (PASSWORD, "short", "password"),
        (PASSWORD, "password1", "password"),
    ] {
        let page = here.post("/settings/password", &[("current", current), ("password", password)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.has(&format!("id=\"{field}-error\"")), "{}", page.text());
    }
    assert!(is_in(&mut there).await);
    let page = here.submit("/settings/password", &[("current", PASSWORD), ("password", OTHER)]).await;
    assert!(page.has("Your password is changed"));
    assert!(is_in(&mut here).await && !is_in(&mut there).await);
    assert_eq!(log_in(&mut app.visitor(), "alice", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(log_in(&mut app.visitor(), "alice", OTHER).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn settings_are_kept_and_shown() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let about = "I *weave*: https://example.com";
    let form = [("about", about), ("theme", "dark"), ("order", "newest"), ("show_dead", "true")];
    let page = alice.submit("/settings", &form).await;
    assert!(page.has("Saved.") && page.has(&format!(">{about}</textarea>")));
    assert!(page.has("<html lang=\"en\" data-theme=\"dark\">"));
    for choice in ["value=\"dark\" selected", "value=\"newest\" selected", "value=\"true\" checked"] {
        assert!(page.has(choice), "{choice}");
    }
    let profile = app.visitor().get("/user/alice").await;
    assert!(profile.has("I <em>weave</em>: <a href=\"https://example.com\" rel=\"nofollow ugc noopener\">"));
    assert!(app.log_in("alice").await.get("/").await.has("data-theme=\"dark\""), "in another browser too");

    let page = alice.submit("/settings", &[("about", ""), ("theme", "system"), ("order", "best")]).await;
    assert!(!page.has("data-theme") && !page.has("checked"));
    let long = "x".repeat(20_001);
    let wrong = [("about", long.as_str()), ("theme", "mauve"), ("order", "best")];
    let page = alice.post("/settings", &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("Choose one of the themes.") && page.has("Please shorten it.") && page.has(&long));
}

#[tokio::test]
async fn a_visitor_s_theme_is_kept_in_a_cookie() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    assert!(!visitor.get("/").await.has("data-theme"));
    let page = visitor.submit("/theme", &[("theme", "light"), ("goto", "/new")]).await;
    assert!(page.has("data-theme=\"light\"") && page.has("value=\"light\" selected"));
    assert!(visitor.get("/nothing").await.has("data-theme=\"light\""), "on error pages too");
    assert_eq!(visitor.post("/theme", &[("theme", "mauve")]).await.status, StatusCode::BAD_REQUEST);
    assert!(!visitor.submit("/theme", &[("theme", "system"), ("goto", "/")]).await.has("data-theme"));
}

/// The names that the forms of a sessions page give to its sessions.
fn session_names(page: &Page) -> Vec<String> {
    let text = page.text();
    let names =
        text.split("name=\"end\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned());
    names.filter(|name| name != "others").collect()
}

#[tokio::test]
async fn sessions_are_listed_and_ended_each_by_its_owner_only() {
    let app = TestApp::new().await;
    app.account("alice", Role::Member).await;
    let (mut laptop, mut phone) = (app.log_in("alice").await, app.visitor());
    let agent = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";
    let headers = [("sec-fetch-site", "same-origin"), ("user-agent", agent)];
    phone.send(Method::POST, "/login", &headers, Some(&[("name", "alice"), ("password", PASSWORD)])).await;
    let mut third = app.log_in("alice").await;
    let page = phone.get("/settings/sessions").await;
    let here = page.place_of("this one");
    assert!(page.has("Firefox on Android") && here > page.place_of("Firefox on Android"));
    assert_eq!(session_names(&page).len(), 3);

    let mut eve = app.member("eve").await;
    for name in session_names(&page) {
        let tried = eve.post("/settings/sessions", &[("end", &name)]).await;
        assert_eq!(tried.status, StatusCode::NOT_FOUND);
    }
    assert!(is_in(&mut laptop).await && is_in(&mut phone).await && is_in(&mut third).await);
    let text = page.text();
    let phones = text
        .split_at(here)
        .1
        .split("value=\"")
        .nth(1)
        .expect("its form")
        .split('"')
        .next()
        .expect("its name")
        .to_owned();
    laptop.post("/settings/sessions", &[("end", &phones)]).await;
    assert!(!is_in(&mut phone).await && is_in(&mut third).await);
    laptop.post("/settings/sessions", &[("end", "others")]).await;
    assert!(!is_in(&mut third).await && is_in(&mut laptop).await && is_in(&mut eve).await);
    assert_eq!(laptop.post("/settings/sessions", &[("end", "x")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_link_of_the_first_start_makes_one_admin() {
    let app = TestApp::new().await;
    let link = app.app.setup.path().expect("a link");
    let mut operator = app.visitor();
    assert_eq!(operator.get("/setup/guessed").await.status, StatusCode::NOT_FOUND);
    assert!(operator.get(&link).await.has("This makes the first admin"));
    let page = operator.post(&link, &[("name", "admin"), ("password", "short")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = operator.submit(&link, &[("name", "admin"), ("password", PASSWORD)]).await;
    assert!(app.visitor().get("/log").await.has("the operator made <a href=\"/user/admin\">admin</a> an admin"));
    assert_eq!(page.status, StatusCode::OK);
    assert!(is_in(&mut operator).await && operator.get("/user/admin").await.has("<dd>admin</dd>"));
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND, "it works once");
    let again = app.visitor().post(&link, &[("name", "second"), ("password", PASSWORD)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);

    let late = TestApp::new().await;
    late.pass(DAY);
    assert_eq!(late.visitor().get(&late.app.setup.path().expect("a link")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wave_of_log_ins_from_everywhere_is_told_to_come_back_and_shuts_nobody_out() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(Switch::On);
        settings.trusted_proxies = Some("127.0.0.1".parse().expect("an address"));
    })
    .await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let tries = (0..120).map(|nth| {
        let mut visitor = app.visitor();
        tokio::spawn(async move {
            let from = format!("{}.{}.0.9", 20 + nth / 50, nth % 50);
            let headers = [("sec-fetch-site", "same-origin"), ("x-forwarded-for", from.as_str())];
            let (name, form) = (format!("guessed{nth}"), "a password");
            visitor.send(Method::POST, "/login", &headers, Some(&[("name", &name), ("password", form)])).await
        })
    });
    let tries: Vec<_> = tries.collect();
    // They wait for their turn, and pages are read and written meanwhile.
    for _ in 0..5 {
        tokio::task::yield_now().await;
        assert_eq!(app.visitor().get("/").await.status, StatusCode::OK);
        assert_eq!(alice.get(&format!("/item/{story}")).await.status, StatusCode::OK);
    }
    alice.reply(story, "What I think of it.").await;
    assert!(tries.iter().any(|one| !one.is_finished()), "the wave is not over");
    let (mut judged, mut busy) = (0, 0);
    for one in tries {
        let page = one.await.expect("an answer");
        match page.status {
            StatusCode::UNPROCESSABLE_ENTITY => judged += 1,
            StatusCode::SERVICE_UNAVAILABLE => {
                busy += 1;
                assert!(page.header("retry-after").parse::<u32>().is_ok_and(|wait| (1..=60).contains(&wait)));
                assert!(page.header("content-type").starts_with("text/html"), "a page says so");
            }
            other => panic!("{other}: {}", page.text()),
        }
    }
    assert!(judged > 10 && busy > 10, "{judged} were judged, {busy} told to come back");
    let mut elsewhere = app.visitor();
    assert_eq!(log_in(&mut elsewhere, "alice", PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert!(is_in(&mut elsewhere).await, "nobody is shut out");
}
