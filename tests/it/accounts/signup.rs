//! Joining: signing up, logging in and out, settings, sessions, and the first admin.

use axum::http::{Method, StatusCode};
use stoa::clock::DAY;
use stoa::domain::accounts::signup::{SignUpError, SignUpMode};
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{is_in, with_sign_up};
use crate::support::sentences::refused;

const OTHER: &str = "another few unrelated words";

async fn sign_up(browser: &mut Browser, name: &str, password: &str) -> Page {
    browser.post("/signup", &[("name", name), ("password", password), ("goto", "/new")]).await
}

async fn log_in(browser: &mut Browser, name: &str, password: &str) -> Page {
    browser.post("/login", &[("name", name), ("password", password), ("goto", "/")]).await
}

#[tokio::test]
async fn a_name_and_a_password_make_an_account_that_is_logged_in() {
    let app = TestApp::new().await;
    let mut alice = app.visitor();
    assert_eq!(alice.get("/signup?goto=/new").await.value("main [name=goto]"), "/new");
    let page = sign_up(&mut alice, " alice ", PASSWORD).await;
    assert_eq!((page.status, page.location().as_deref()), (StatusCode::SEE_OTHER, Some("/new")));
    assert!(is_in(&mut alice).await);
    assert_eq!(
        alice.get("/signup").await.location().as_deref(),
        Some("/"),
        "who has an account needs no other"
    );
    let profile = app.visitor().get("/user/alice").await;
    let facts = profile.facts();
    assert_eq!((facts["karma"].as_str(), facts["joined"].as_str()), ("1", "23 November 2026"));
    assert_eq!(profile.one("h1").text, "alice new account");
    app.pass(15 * DAY);
    assert_eq!(app.visitor().get("/user/alice").await.one("h1").text, "alice");
}

#[tokio::test]
async fn a_site_can_take_no_new_accounts() {
    let app = with_sign_up(SignUpMode::Closed).await;
    let mut visitor = app.visitor();
    let page = visitor.get("/signup").await;
    refused(&page, StatusCode::OK, SignUpError::Closed);
    page.finds(0, "main form");
    visitor.get("/login").await.finds(0, "main a[href^='/signup']");
    let page = sign_up(&mut visitor, "alice", PASSWORD).await;
    refused(&page, StatusCode::FORBIDDEN, SignUpError::Closed);
    assert_eq!(app.visitor().get("/user/alice").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_name_that_will_not_do_is_explained_and_kept() {
    let app = TestApp::new().await;
    app.account("Alice", Role::Member).await;
    for (names, words) in [
        (vec![""], "Choose a name."),
        (vec!["a", "a-name-of-21-letters-"], "Names can have 2 to 20 characters."),
        (vec!["al ice", "аlice"], "Names can contain letters a–z, digits, “_” and “-”."),
        (vec!["-alice"], "Names cannot begin with “-”."),
        (vec!["Admin"], "That name is reserved. Please choose another."),
        (vec!["alice", "ALICE"], "That name is taken. Please choose another."),
    ] {
        for name in names {
            let page = sign_up(&mut app.visitor(), name, PASSWORD).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
            assert_eq!(page.errors(), [("name".to_owned(), words.to_owned())], "{name}");
            assert_eq!((page.wrong(), page.value("#name").as_str()), (vec!["name".to_owned()], name));
            assert_eq!(page.value("#password"), "");
            assert!(!page.mentions(PASSWORD), "a password is never sent back");
        }
    }
}

#[tokio::test]
async fn a_guessable_password_is_refused_and_the_name_kept() {
    let app = TestApp::new().await;
    let long = "x".repeat(1_001);
    for (password, words) in [
        ("", "Use at least 8 characters."),
        ("short", "at least 8 characters"),
        ("password1", "easily guessed"),
        ("Bertha123", "easily guessed"),
        (&long, "Use at most 1,000 bytes."),
    ] {
        let page = sign_up(&mut app.visitor(), "bertha", password).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert_eq!((page.wrong(), page.value("#name").as_str()), (vec!["password".to_owned()], "bertha"));
        assert!(page.errors()[0].1.contains(words), "{password}: {}", page.text());
    }
    let page = sign_up(&mut app.visitor(), "", "").await;
    assert_eq!(page.wrong(), ["name", "password"], "all mistakes at once");
    assert_eq!(page.one("[role=alert] h2").text, "Please fix 2 things");
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
        (StatusCode::SEE_OTHER, "/login?goto=%2Fsubmit%3Fu%3Dhttps%253A%252F%252Fexample.com%252F")
    );
    assert_eq!(browser.get(&way).await.value("main [name=goto]"), "/submit?u=https%3A%2F%2Fexample.com%2F");
    for (goto, to) in [("/item/1#c2", "/item/1#c2"), ("https://evil.example/", "/"), ("//evil.example", "/")]
    {
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
        assert!(page.one("[role=alert]").text.contains("Wrong name or password."));
        assert_eq!(page.value("#name"), name);
        assert!(!is_in(&mut browser).await && browser.cookies.is_empty());
        answers.push(page.text().replace(name, "NAME"));
    }
    assert_eq!(answers[0], answers[1]);
    app.ban("alice").await;
    let page = log_in(&mut app.visitor(), "alice", PASSWORD).await;
    assert_eq!(page.location().as_deref(), Some("/banned"), "who knows the password learns why");
    let page = log_in(&mut app.visitor(), "alice", OTHER).await;
    page.one("[role=alert]").finds(1, "h2");
    page.finds(1, "main a[href^='/signup']");
    assert!(!page.mentions("banned"), "who does not know it learns nothing");
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
        assert_eq!(page.wrong(), [field]);
    }
    assert!(is_in(&mut there).await);
    let page = here.submit("/settings/password", &[("current", PASSWORD), ("password", OTHER)]).await;
    assert!(page.message().starts_with("Your password is changed"), "{}", page.text());
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
    assert_eq!(page.message(), "Saved.");
    page.finds(1, "html[lang=en][data-theme=dark]");
    let shown =
        [("version", "1")].into_iter().chain(form).map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(page.fields("/settings"), shown.collect::<Vec<_>>());
    let profile = app.visitor().get("/user/alice").await;
    let shown = profile.one("main .t");
    assert_eq!(
        (shown.text.as_str(), shown.one("em").text.as_str()),
        ("I weave: https://example.com", "weave")
    );
    shown.finds(1, "a[href='https://example.com'][rel='nofollow ugc noopener']");
    // In another browser too.
    app.log_in("alice").await.get("/").await.finds(1, "html[data-theme=dark]");

    let form = [("about", ""), ("theme", "system"), ("order", "best")];
    let page = alice.submit("/settings", &form).await;
    assert_eq!(page.all("html[data-theme]").len(), 0);
    let shown =
        [("version", "2")].into_iter().chain(form).map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(page.fields("/settings"), shown.collect::<Vec<_>>());
    let long = "x".repeat(20_001);
    let wrong = [("about", long.as_str()), ("theme", "mauve"), ("order", "sideways")];
    let page = alice.post("/settings", &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.wrong(), ["about", "theme", "order"], "each is said beside its field");
    assert_eq!(page.value("[name=about]"), long);
    assert!(page.says("Choose a theme.") && page.says("Please shorten it."));
}

#[tokio::test]
async fn a_visitor_s_theme_is_kept_in_a_cookie() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    assert!(visitor.get("/").await.all("html[data-theme]").is_empty());
    let page = visitor.submit("/theme", &[("theme", "light"), ("goto", "/new")]).await;
    page.finds(1, "html[data-theme=light]");
    assert_eq!(page.value("footer [name=theme]"), "light");
    // On error pages too.
    visitor.get("/nothing").await.finds(1, "html[data-theme=light]");
    assert_eq!(visitor.post("/theme", &[("theme", "mauve")]).await.status, StatusCode::BAD_REQUEST);
    assert!(
        visitor
            .submit("/theme", &[("theme", "system"), ("goto", "/")])
            .await
            .all("html[data-theme]")
            .is_empty()
    );
}

/// The names that the forms of a sessions page give to its sessions.
fn session_names(page: &Page) -> Vec<String> {
    let buttons = page.all("li button[name=end]");
    buttons.iter().map(|button| button.attr("value").to_owned()).collect()
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
    let here = page.one("main li:has(b)");
    assert!(here.text.starts_with("Firefox on Android this browser"), "{}", here.text);
    assert_eq!(session_names(&page).len(), 3);
    page.finds(1, "main form > button[name=end][value=others]");

    let mut eve = app.member("eve").await;
    for name in session_names(&page) {
        let tried = eve.post("/settings/sessions", &[("end", &name)]).await;
        assert_eq!(tried.status, StatusCode::NOT_FOUND);
    }
    assert!(is_in(&mut laptop).await && is_in(&mut phone).await && is_in(&mut third).await);
    let phones = here.one("button").value;
    laptop.post("/settings/sessions", &[("end", &phones)]).await;
    assert!(!is_in(&mut phone).await && is_in(&mut third).await);
    laptop.post("/settings/sessions", &[("end", "others")]).await;
    assert!(!is_in(&mut third).await && is_in(&mut laptop).await && is_in(&mut eve).await);
    assert_eq!(laptop.post("/settings/sessions", &[("end", "x")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_link_of_the_first_start_makes_one_admin() {
    let app = TestApp::new().await;
    let link = app.app.setup.path();
    let mut operator = app.visitor();
    assert_eq!(operator.get("/setup/guessed").await.status, StatusCode::NOT_FOUND);
    assert!(operator.get(&link).await.says("This creates the first admin"));
    let page = operator.post(&link, &[("name", "admin"), ("password", "short")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = operator.submit(&link, &[("name", "admin"), ("password", PASSWORD)]).await;
    let logged = app.visitor().get("/log").await.one("main ol > li");
    assert!(logged.text.starts_with("the operator made admin an admin"), "{}", logged.text);
    logged.finds(1, "a[href='/user/admin']");
    assert_eq!(page.status, StatusCode::OK);
    assert!(is_in(&mut operator).await && operator.get("/user/admin").await.facts()["role"] == "admin");
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND, "it works once");
    let again = app.visitor().post(&link, &[("name", "second"), ("password", PASSWORD)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);

    let late = TestApp::new().await;
    late.pass(DAY);
    assert_eq!(late.visitor().get(&late.app.setup.path()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wave_of_log_ins_from_everywhere_is_told_to_come_back_and_shuts_nobody_out() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
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
