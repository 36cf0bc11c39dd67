//! Logging in in two steps: with an authenticator app, or with a recovery code in its place.

use axum::http::StatusCode;
use stoa::clock::{DAY, MINUTE};
use stoa::config::Settings;
use stoa::domain::accounts::totp::{TotpError, TotpSecret};
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{behind_a_proxy, is_in, post_from};
use crate::support::sentences::refused;

const SETTINGS: &str = "/settings/two-factor";
const CONFIRM: &str = "/settings/two-factor/confirm";
/// The form of the second step.
const STEP: &str = "main form[action='/login/code']";

/// An authenticator app, with the key that it was given.
struct App(TotpSecret);

impl App {
    /// Reads the key of the page that sets it up.
    fn with_key_of(page: &Page) -> App {
        let key = page.one("#key").attr("value").replace(' ', "");
        let mut bits = key.bytes().flat_map(|letter| {
            let at =
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|of| *of == letter).expect("base 32");
            (0..5).rev().map(move |bit| at >> bit & 1 == 1)
        });
        let byte = |bits: &mut dyn Iterator<Item = bool>| {
            (0..8).fold(0, |byte, _| byte << 1 | u8::from(bits.next().expect("a bit")))
        };
        App(TotpSecret::of((0..20).map(|_| byte(&mut bits)).collect()))
    }

    fn code(&self, forum: &TestApp) -> String {
        self.0.code(forum.now())
    }
}

async fn secure(forum: &TestApp, member: &mut Browser) -> (App, Vec<String>) {
    let begun = member.post(SETTINGS, &[("password", PASSWORD)]).await;
    assert_eq!(begun.location().as_deref(), Some(SETTINGS), "{}", begun.text());
    let app = App::with_key_of(&member.get(SETTINGS).await);
    let page = member.post(CONFIRM, &[("code", &app.code(forum))]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let codes = page.texts("#codes code");
    // The code that confirmed is used up.
    forum.pass(30);
    (app, codes)
}

/// Passes the first step; the page of the second.
async fn enter(browser: &mut Browser, name: &str) -> Page {
    let page = browser.post("/login", &[("name", name), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    page.finds(1, STEP);
    page
}

fn token(step: &Page) -> String {
    step.one(&format!("{STEP} input[name=pending]")).attr("value").to_owned()
}

async fn answer(browser: &mut Browser, step: &Page, code: &str) -> Page {
    browser.post("/login/code", &[("pending", &token(step)), ("code", code)]).await
}

#[tokio::test]
async fn an_authenticator_app_is_confirmed_by_a_code_before_log_ins_ask_for_one() {
    let forum = TestApp::new().await;
    let mut bob = forum.member("bob").await;
    bob.get("/settings/account").await.finds(1, &format!("main a[href='{SETTINGS}']"));
    let wrong = bob.post(SETTINGS, &[("password", "not it at all")]).await;
    assert_eq!((wrong.status, wrong.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["password".into()]));
    bob.post(SETTINGS, &[("password", PASSWORD)]).await;
    let page = bob.get(SETTINGS).await;
    page.finds(1, "main svg.qr[role=img] path");
    assert_eq!(page.header("cache-control"), "no-store");
    let app = App::with_key_of(&page);
    let mistyped = bob.post(CONFIRM, &[("code", "12 34 5")]).await;
    refused(&mistyped, StatusCode::UNPROCESSABLE_ENTITY, TotpError::Wrong);
    assert_eq!(mistyped.value("#code"), "12 34 5");
    assert_eq!(App::with_key_of(&mistyped).code(&forum), app.code(&forum), "the key is still the same");
    forum.log_in("bob").await;

    let code = app.code(&forum);
    let on = bob.post(CONFIRM, &[("code", &format!("{} {}", &code[..3], &code[3..]))]).await;
    assert_eq!((on.status, on.header("cache-control")), (StatusCode::OK, "no-store"));
    on.finds(10, "#codes code");
    on.finds(1, "main a[download][href^='data:text/plain']");
    let page = bob.get(SETTINGS).await;
    page.finds(0, "#key");
    page.finds(1, "main form[action='/settings/two-factor/off']");
    enter(&mut forum.visitor(), "bob").await;
    assert!(bob.get("/inbox").await.says("You turned on two-factor log-in."));
}

#[tokio::test]
async fn a_key_that_nobody_confirmed_is_forgotten() {
    let forum = TestApp::new().await;
    let mut bob = forum.member("bob").await;
    bob.post(SETTINGS, &[("password", PASSWORD)]).await;
    let app = App::with_key_of(&bob.get(SETTINGS).await);
    forum.pass(15 * MINUTE);
    bob.get(SETTINGS).await.finds(0, "#key");
    assert_eq!(bob.post(CONFIRM, &[("code", &app.code(&forum))]).await.status, StatusCode::CONFLICT);
    stoa::jobs::purge_if_due(&forum.app).await.expect("purged");
    assert_eq!(forum.number("select count(*) from totp_secrets").await, 0);
}

#[tokio::test]
async fn a_code_logs_in_once_and_only_after_the_right_password() {
    let forum = TestApp::new().await;
    let (app, _) = secure(&forum, &mut forum.member("bob").await).await;
    let mut browser = forum.visitor();
    let form = [("name", "bob"), ("password", "not it at all"), ("code", &app.code(&forum))];
    let wrong = browser.post("/login", &form).await;
    wrong.finds(0, STEP);
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    let step = enter(&mut browser, "bob").await;
    assert_eq!(step.header("cache-control"), "no-store");
    assert!(browser.cookies.is_empty() && !is_in(&mut browser).await, "nothing is open yet");
    let mistyped = answer(&mut browser, &step, "000000").await;
    assert_eq!(
        (mistyped.status, mistyped.value("#code")),
        (StatusCode::UNPROCESSABLE_ENTITY, "000000".into())
    );
    let code = app.code(&forum);
    let page = answer(&mut browser, &step, &code).await;
    assert_eq!((page.status, page.location().as_deref()), (StatusCode::SEE_OTHER, Some("/")));
    assert!(is_in(&mut browser).await);

    let mut other = forum.visitor();
    let step = enter(&mut other, "bob").await;
    refused(&answer(&mut other, &step, &code).await, StatusCode::UNPROCESSABLE_ENTITY, TotpError::Used);
    forum.pass(30);
    assert_eq!(answer(&mut other, &step, &app.code(&forum)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn of_two_who_send_one_code_at_once_one_is_let_in() {
    let forum = TestApp::new().await;
    let (app, codes) = secure(&forum, &mut forum.member("bob").await).await;
    for code in [app.code(&forum), codes[0].clone()] {
        let (mut one, mut two) = (forum.visitor(), forum.visitor());
        let (first, second) = (enter(&mut one, "bob").await, enter(&mut two, "bob").await);
        let (a, b) = tokio::join!(answer(&mut one, &first, &code), answer(&mut two, &second, &code));
        let mut statuses = [a.status, b.status];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY], "{code}");
    }
}

#[tokio::test]
async fn a_recovery_code_logs_in_once_and_its_owner_is_told_how_many_are_left() {
    let forum = TestApp::new().await;
    let mut bob = forum.member("bob").await;
    let (_, codes) = secure(&forum, &mut bob).await;
    let mut browser = forum.visitor();
    let step = enter(&mut browser, "bob").await;
    let typed = format!(" {} ", codes[3].to_uppercase().replace('-', " "));
    assert_eq!(answer(&mut browser, &step, &typed).await.status, StatusCode::SEE_OTHER);
    let inbox = browser.get("/inbox").await;
    assert!(inbox.mentions("logged in with a recovery code"), "{}", inbox.text());
    assert!(inbox.mentions("You have 9 recovery codes left."), "{}", inbox.text());
    assert!(browser.get("/settings/recovery").await.says("You have 9 left."));
    let mut other = forum.visitor();
    let step = enter(&mut other, "bob").await;
    let again = answer(&mut other, &step, &codes[3]).await;
    assert_eq!((again.status, again.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["code".into()]));
    // New codes end the earlier ones.
    let new = bob.post("/settings/recovery", &[("password", PASSWORD)]).await.texts("#codes code");
    assert_eq!(answer(&mut other, &step, &codes[4]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer(&mut other, &step, &new[0]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_second_step_leads_to_what_the_first_was_to_lead_to() {
    let forum = TestApp::new().await;
    let story = forum.member("alice").await.text_story("A story", "Words.").await;
    let mut bob = forum.member("bob").await;
    let (app, _) = secure(&forum, &mut bob).await;
    let mut browser = forum.visitor();
    let page = browser.get(&format!("/login?vote={story}&dir=up&goto=%2Fnew")).await;
    let (vote, goto) = (story.to_string(), page.value("main input[name=goto]"));
    let form = [("name", "bob"), ("password", PASSWORD), ("vote", &*vote), ("dir", "up"), ("goto", &*goto)];
    let step = browser.post("/login", &form).await;
    assert_eq!(step.value(&format!("{STEP} input[name=vote]")), vote);
    assert_eq!(forum.number(&format!("select ups from items where id = {story}")).await, 0);
    let code = app.code(&forum);
    let form =
        [("pending", &*token(&step)), ("code", &*code), ("vote", &*vote), ("dir", "up"), ("goto", &*goto)];
    let page = browser.post("/login/code", &form).await;
    assert_eq!(page.location(), Some(goto), "{}", page.text());
    assert_eq!(forum.number(&format!("select ups from items where id = {story}")).await, 1);

    // What was written before the session ended is kept through both steps.
    forum.pass(30);
    let mut late = forum.visitor();
    let path = format!("/item/{story}/reply");
    let kept = |page: &Page| page.one("[name='kept.text']").text.clone();
    assert_eq!(kept(&late.post(&path, &[("text", "Words.")]).await), "Words.");
    let form = [("name", "bob"), ("password", PASSWORD), ("kept-action", &*path), ("kept.text", "Words.")];
    let step = late.post("/login", &form).await;
    assert_eq!(kept(&step), "Words.");
    let code = app.code(&forum);
    let form =
        [("pending", &*token(&step)), ("code", &*code), ("kept-action", &*path), ("kept.text", "Words.")];
    let page = late.post("/login/code", &form).await;
    page.finds(1, &format!("main form[action='{path}'] textarea"));
}

#[tokio::test]
async fn a_log_in_waits_five_minutes_and_for_five_codes() {
    let forum = TestApp::new().await;
    let (app, codes) = secure(&forum, &mut forum.member("bob").await).await;
    let mut browser = forum.visitor();
    let expired = token(&enter(&mut browser, "bob").await);
    forum.pass(5 * MINUTE);
    let tried = enter(&mut browser, "bob").await;
    for _ in 0..5 {
        assert_eq!(answer(&mut browser, &tried, "000000").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let used = enter(&mut browser, "bob").await;
    answer(&mut browser, &used, &codes[0]).await;
    let changed = enter(&mut browser, "bob").await;
    forum.store.reset_password(forum.id_of("bob").await, "hash", forum.now()).await.expect("set");
    for (why, token) in [
        ("expired", expired),
        ("five codes were wrong", token(&tried)),
        ("used", token(&used)),
        ("the password was changed", token(&changed)),
        ("guessed", "guessed".to_owned()),
        ("mangled", "\u{1f4a9}".to_owned()),
        ("empty", String::new()),
    ] {
        for code in [app.code(&forum), codes[1].clone()] {
            let form = [("pending", &*token), ("code", &*code), ("goto", "/new")];
            let page = forum.visitor().post("/login/code", &form).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
            page.finds(1, "main form[action='/login'] input[name=goto][value='/new']");
            assert!(page.mentions("This log-in has ended"), "{why}: {}", page.text());
        }
    }
    stoa::jobs::purge_if_due(&forum.app).await.expect("purged");
    assert_eq!(forum.number("select count(*) from recovery_codes").await, 9, "no code was lost");
}

fn limited(settings: &mut Settings) {
    settings.limits = Some(true);
    behind_a_proxy(settings);
}

#[tokio::test]
async fn who_knows_the_password_cannot_try_codes_for_long_and_locks_nobody_out() {
    let forum = TestApp::with(limited).await;
    let mut bob = forum.member("bob").await;
    let (app, _) = secure(&forum, &mut bob).await;
    let form = [("name", "bob"), ("password", PASSWORD)];
    let mut refusals = 0;
    for nth in 0..6 {
        let (mut thief, address) = (forum.visitor(), format!("203.0.{nth}.7"));
        let step = post_from(&mut thief, &address, "/login", &form).await;
        for _ in 0..5 {
            let guess = [("pending", &*token(&step)), ("code", "000000")];
            let page = post_from(&mut thief, &address, "/login/code", &guess).await;
            refusals += usize::from(page.status == StatusCode::TOO_MANY_REQUESTS);
        }
    }
    assert!(refusals >= 20, "ten codes an hour, from wherever they come: {refusals}");
    // The owner's browser has codes of its own.
    bob.post("/logout", &[]).await;
    let step = post_from(&mut bob, "198.51.100.1", "/login", &form).await;
    let (token, code) = (token(&step), app.code(&forum));
    let form = [("pending", &*token), ("code", &*code)];
    let page = post_from(&mut bob, "198.51.100.1", "/login/code", &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn turning_it_off_takes_the_password() {
    let forum = TestApp::new().await;
    let mut bob = forum.member("bob").await;
    secure(&forum, &mut bob).await;
    let off = "/settings/two-factor/off";
    let wrong = bob.post(off, &[("password", "not it at all")]).await;
    assert_eq!((wrong.status, wrong.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["password".into()]));
    enter(&mut forum.visitor(), "bob").await;
    assert_eq!(bob.post(off, &[("password", PASSWORD)]).await.status, StatusCode::SEE_OTHER);
    forum.log_in("bob").await;
    let late = bob.post(off, &[("password", PASSWORD)]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    late.finds(1, "main [role=alert]");
    assert!(bob.get("/inbox").await.mentions("Two-factor log-in was turned off"));
}

#[tokio::test]
async fn a_password_link_does_not_replace_the_second_factor() {
    let forum = TestApp::new().await;
    let mut ada = forum.person("ada", Role::Admin).await;
    secure(&forum, &mut forum.member("bob").await).await;
    let page = ada.post("/user/bob/reset-link", &[]).await;
    let link = page.one("#link").attr("value").to_owned();
    let mut browser = forum.visitor();
    let set = browser.post(&link[link.find("/reset/").expect("a path")..], &[("password", PASSWORD)]).await;
    assert!(set.location().is_some_and(|to| to.starts_with("/login")), "{:?}", set.location());
    assert!(!is_in(&mut browser).await);
    enter(&mut browser, "bob").await;
}

#[tokio::test]
async fn a_lost_second_factor_is_cleared_by_an_admin_after_three_days() {
    let forum = TestApp::new().await;
    let mut ada = forum.person("ada", Role::Admin).await;
    let mut bob = forum.member("bob").await;
    secure(&forum, &mut bob).await;
    let clear = "/user/bob/clear-two-factor";
    let form = format!("main form[action='{clear}']");
    ada.get("/user/bob/moderate").await.finds(1, &form);
    forum.person("mia", Role::Moderator).await.get("/user/bob/moderate").await.finds(0, &form);
    assert_eq!(ada.post(clear, &[]).await.status, StatusCode::SEE_OTHER);
    let page = ada.get("/user/bob/moderate").await;
    page.finds(0, &form);
    assert!(page.mentions("unless they stop it"), "{}", page.text());
    assert!(ada.get("/log").await.says("ada is clearing the second factor of bob"));
    assert!(!forum.visitor().get("/log").await.mentions("second factor"));

    let stop = "main form[action='/settings/two-factor/keep']";
    for path in ["/", "/inbox", "/settings"] {
        bob.get(path).await.finds(1, stop);
    }
    assert!(bob.get("/inbox").await.mentions("An admin is clearing your second factor, because"));
    enter(&mut forum.visitor(), "bob").await;
    forum.pass(3 * DAY - 60);
    enter(&mut forum.visitor(), "bob").await;
    forum.pass(60);
    forum.log_in("bob").await;
    let page = bob.get(SETTINGS).await;
    page.finds(0, stop);
    // It can be set up anew.
    secure(&forum, &mut bob).await;
    enter(&mut forum.visitor(), "bob").await;
}

#[tokio::test]
async fn the_owner_stops_an_admin_who_clears_their_second_factor() {
    let forum = TestApp::new().await;
    let mut ada = forum.person("ada", Role::Admin).await;
    let mut bob = forum.member("bob").await;
    secure(&forum, &mut bob).await;
    ada.post("/user/bob/clear-two-factor", &[]).await;
    let keep = "/settings/two-factor/keep";
    let kept = bob.post(keep, &[("goto", "/new")]).await;
    assert_eq!(kept.location().as_deref(), Some("/new"));
    forum.pass(3 * DAY);
    enter(&mut forum.visitor(), "bob").await;
    assert_eq!(bob.post(keep, &[]).await.status, StatusCode::CONFLICT);
    assert!(ada.get("/log").await.says("bob kept the second factor of bob"));
}
