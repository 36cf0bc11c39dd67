//! Cookies, sessions, passwords and the link of the first admin.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::config::Settings;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{behind_a_proxy, post_from};

const OTHER_PASSWORD: &str = "quite different unrelated words";

fn set_cookies(page: &Page) -> Vec<String> {
    page.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("ASCII").to_owned()).collect()
}

fn log_in<'a>(name: &'a str, password: &'a str) -> [(&'static str, &'a str); 2] {
    [("name", name), ("password", password)]
}

async fn is_member(browser: &mut Browser) -> bool {
    browser.get("/settings").await.status == StatusCode::OK
}

#[tokio::test]
async fn cookies_are_for_this_site_and_not_for_scripts() {
    for (base_url, prefix, secure) in
        [("http://127.0.0.1:8000", "", false), ("https://forum.example", "__Host-", true)]
    {
        let app = TestApp::with(|s: &mut Settings| s.base_url = Some(base_url.to_owned())).await;
        app.account("alice", Role::Member).await;
        let mut browser = app.visitor();
        let page = browser.post("/login", &log_in("alice", PASSWORD)).await;
        let mut lines = set_cookies(&page);
        assert_eq!(lines.len(), 2, "a session and a browser: {lines:?}");
        lines.extend(set_cookies(&browser.post("/logout", &[]).await));
        // On PostgreSQL the end of a session is named for other nodes.
        let names = ["session", "browser", "written"].map(|name| format!("{prefix}{name}="));
        for line in &lines {
            assert!(names.iter().any(|name| line.starts_with(name)), "{line}");
            assert!(!line.contains("Domain"), "{line}");
            assert_eq!(line.contains("Secure"), secure, "{line}");
            for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(line.split("; ").any(|found| found == part), "{part} in {line}");
            }
        }
        let hsts = if secure { "max-age=31536000" } else { "" };
        for path in ["/", "/nothing-here", "/static/nothing"] {
            assert_eq!(browser.get(path).await.header("strict-transport-security"), hsts, "{path}");
        }
        let theme = set_cookies(&app.visitor().post("/theme", &[("theme", "dark")]).await);
        assert!(theme[0].contains("HttpOnly") && theme[0].contains("SameSite=Lax"), "{theme:?}");
        assert!(theme[0].starts_with("theme=dark;") && theme[0].contains("Secure") == secure, "{theme:?}");
    }
}

#[tokio::test]
async fn the_database_holds_no_secret_that_opens_a_session() {
    let app = TestApp::new().await;
    let alice = app.member("alice").await;
    let mut bytes: Vec<u8> = app.dump(&[]).await.into_iter().flat_map(String::into_bytes).collect();
    for file in std::fs::read_dir(app.dir.path()).expect("a folder").flatten() {
        bytes.extend(std::fs::read(file.path()).expect("a file"));
    }
    let holds = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(holds("alice") && holds("$argon2id$v=19$m=19456,t=2,p=1$"), "the files are read");
    assert!(!holds(PASSWORD));
    assert_eq!(alice.cookies.len(), 2);
    for (name, value) in &alice.cookies {
        assert!(value.len() >= 43, "{name} has 256 bits");
        assert!(!holds(value), "{name} is stored as it is");
    }
}

#[tokio::test]
async fn a_session_id_chosen_by_somebody_else_is_not_taken_over() {
    let app = TestApp::new().await;
    app.account("alice", Role::Member).await;
    let mut browser = app.visitor();
    browser.cookies.insert("session".to_owned(), "chosen-by-an-attacker".to_owned());
    browser.post("/login", &log_in("alice", PASSWORD)).await;
    assert_ne!(browser.cookies["session"], "chosen-by-an-attacker");
    let mut attacker = app.visitor();
    attacker.cookies.insert("session".to_owned(), "chosen-by-an-attacker".to_owned());
    assert!(!is_member(&mut attacker).await);
}

#[tokio::test]
async fn the_setup_link_makes_one_admin() {
    let app = TestApp::new().await;
    let link = app.app.setup.path();
    let wrong = format!("{}x", &link[..link.len() - 1]);
    assert_eq!(app.visitor().get(&wrong).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.visitor().post(&wrong, &log_in("eve", PASSWORD)).await.status, StatusCode::NOT_FOUND);
    let form = app.visitor().get(&link).await;
    assert_eq!((form.status, form.one("meta[name=robots]").attr("content")), (StatusCode::OK, "noindex"));
    // Two people use it at once.
    let (mut first, mut second) = (app.visitor(), app.visitor());
    let (one, two) = (log_in("first", PASSWORD), log_in("second", PASSWORD));
    let (first, second) = tokio::join!(first.post(&link, &one), second.post(&link, &two));
    let mut answers = [first.status, second.status];
    answers.sort();
    assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND]);
    let admins = app.dump(&[]).await.iter().filter(|row| row.contains("role='admin'")).count();
    assert_eq!(admins, 1);
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.visitor().post(&link, &log_in("third", PASSWORD)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_setup_link_ends_after_a_day_and_where_an_admin_exists() {
    let app = TestApp::new().await;
    let link = app.app.setup.path();
    app.pass(DAY - 1);
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::OK);
    app.pass(1);
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.visitor().post(&link, &log_in("eve", PASSWORD)).await.status, StatusCode::NOT_FOUND);
    let app = TestApp::new().await;
    app.account("chief", Role::Admin).await;
    let link = app.app.setup.path();
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_ban_ends_sessions_at_once_and_keeps_the_door_shut() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    assert!(is_member(&mut alice).await);
    app.ban("alice").await;
    assert!(!is_member(&mut alice).await);
    let mut banned = app.visitor();
    let page = banned.post("/login", &log_in("alice", PASSWORD)).await;
    assert_eq!(page.location().as_deref(), Some("/banned"));
    assert!(!is_member(&mut banned).await, "the session opens nothing of a member's");
    // Only who knows the password is told of the ban.
    let page = app.visitor().post("/login", &log_in("alice", "wrong")).await;
    page.finds(1, "[role=alert]");
    assert!(!page.mentions("banned"), "{}", page.text());
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_the_old_password() {
    let app = TestApp::new().await;
    let (mut here, mut elsewhere) = (app.member("alice").await, app.log_in("alice").await);
    let form = [("current", "not it at all"), ("password", OTHER_PASSWORD)];
    let refused = here.post("/settings/password", &form).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && is_member(&mut elsewhere).await);
    let form = [("current", PASSWORD), ("password", OTHER_PASSWORD)];
    assert_eq!(here.post("/settings/password", &form).await.status, StatusCode::SEE_OTHER);
    assert!(is_member(&mut here).await);
    assert!(!is_member(&mut elsewhere).await);
    let old = elsewhere.post("/login", &log_in("alice", PASSWORD)).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    let new = elsewhere.post("/login", &log_in("alice", OTHER_PASSWORD)).await;
    assert_eq!(new.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn logging_out_ends_the_session_itself_and_not_only_its_cookie() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut copy = alice.clone();
    alice.post("/logout", &[]).await;
    assert!(!is_member(&mut copy).await);
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let page = alice.get("/settings/sessions").await;
    let end = page.one("form[action='/settings/sessions'] button[name=end]");
    let id = end.attr("value");
    assert_eq!(bob.post("/settings/sessions", &[("end", id)]).await.status, StatusCode::NOT_FOUND);
    bob.post("/settings/sessions", &[("end", "others")]).await;
    assert!(is_member(&mut alice).await);
    alice.post("/settings/sessions", &[("end", id)]).await;
    assert!(!is_member(&mut alice).await);
}

#[tokio::test]
async fn the_log_in_page_does_not_tell_who_has_an_account() {
    let app = TestApp::new().await;
    app.account("alice", Role::Member).await;
    let known = app.visitor().post("/login", &log_in("alice", "wrong")).await;
    let unknown = app.visitor().post("/login", &log_in("zelda", "wrong")).await;
    assert_eq!(known.status, unknown.status);
    assert_eq!(known.text().replace("alice", "zelda"), unknown.text());
    let mut names =
        [known, unknown].map(|page| page.headers.keys().map(ToString::to_string).collect::<Vec<_>>());
    names.iter_mut().for_each(|names| names.sort());
    assert_eq!(names[0], names[1]);
}

fn strict(settings: &mut Settings) {
    settings.limits = Some(true);
    settings.login_attempts_per_hour = Some(3);
    behind_a_proxy(settings);
}

async fn guess(browser: &mut Browser, name: &str, password: &str, from: &str) -> Page {
    post_from(browser, from, "/login", &log_in(name, password)).await
}

#[tokio::test]
async fn guesses_made_elsewhere_do_not_lock_the_owner_out() {
    let app = TestApp::with(strict).await;
    app.account("alice", Role::Member).await;
    let mut alice = app.visitor();
    let page = guess(&mut alice, "alice", PASSWORD, "192.0.2.1").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    alice.post("/logout", &[]).await;
    // The account is guessed at from many addresses, in whatever case.
    let mut eve = app.visitor();
    for (n, name) in ["alice", "ALICE", " Alice ", "alice", "aLiCe"].into_iter().enumerate() {
        let page = guess(&mut eve, name, "wrong", &format!("198.51.100.{n}")).await;
        assert_eq!(page.status == StatusCode::TOO_MANY_REQUESTS, n >= 3, "guess {n}: {}", page.status);
    }
    let refused = guess(&mut eve, "alice", PASSWORD, "198.51.100.99").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "not even with the right one");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=3_600).contains(&wait), "{wait}");
    assert_eq!(refused.errors().len(), 1, "{}", refused.text());
    assert!(refused.errors()[0].1.contains("minutes"), "{:?}", refused.errors());
    let page = guess(&mut alice, "alice", PASSWORD, "192.0.2.1").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    // A browser known for one account guesses at another's like anybody.
    app.account("bob", Role::Member).await;
    for n in 0..6 {
        let page = guess(&mut alice, "bob", "wrong", &format!("203.0.113.{n}")).await;
        assert_eq!(page.status == StatusCode::TOO_MANY_REQUESTS, n >= 3, "guess {n}");
    }
    // Once the wait is over, the door opens again.
    app.pass(3_600);
    assert_eq!(guess(&mut eve, "alice", PASSWORD, "198.51.100.99").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn one_address_cannot_guess_at_many_accounts() {
    let app = TestApp::with(strict).await;
    let mut eve = app.visitor();
    // Clients choose the last 64 bits of an IPv6 address; untrusted X-Forwarded-For entries are ignored.
    for n in 0..6 {
        let from = format!("1.2.3.{n}, 2001:db8:1:2::{n}");
        let page = guess(&mut eve, &format!("name{n}"), "wrong", &from).await;
        assert_eq!(page.status == StatusCode::TOO_MANY_REQUESTS, n >= 3, "guess {n}: {}", page.status);
    }
}

#[tokio::test]
async fn nobody_logs_in_to_a_name_that_came_with_an_import() {
    let app = TestApp::new().await;
    app.sql(
        "insert into users (name, karma, karma_base, created_at, source) values ('pg', 9, 9, 1, \
         'hn')",
    )
    .await;
    let mut visitor = app.visitor();
    for password in ["", PASSWORD, "null"] {
        let page = visitor.post("/login", &[("name", "pg"), ("password", password)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(visitor.cookies.is_empty(), "{:?}", visitor.cookies);
    }
    let page = visitor.post("/signup", &[("name", "PG"), ("password", PASSWORD)]).await;
    assert_eq!((page.status, page.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["name".to_owned()]));
}
