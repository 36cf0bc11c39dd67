//! Passkeys: adding them, logging in with them and with nothing else, and what is refused.

use axum::http::StatusCode;
use stoa::clock::MINUTE;
use stoa::domain::accounts::passkey::{PasskeyError, PasskeyNameError, PasskeysOff};
use stoa::domain::accounts::recovery_code::RecoveryCode;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::authenticator::{Authenticator, challenge_on, with_passkeys};
use crate::support::fixtures::{behind_a_proxy, is_in, post_from, told};
use crate::support::sentences::refused;

const SETTINGS: &str = "/settings/passkeys";
const CREATE: &str = "/settings/passkeys/create";
const ONLY: &str = "/settings/passkeys/only";
const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

async fn forum() -> (TestApp, Browser) {
    let app = TestApp::with(with_passkeys).await;
    app.account("bob", Role::Member).await;
    let bob = app.session("bob").await;
    (app, bob)
}

/// The second step of adding a passkey.
async fn start(member: &mut Browser) -> Page {
    member.post(SETTINGS, &[("name", "phone"), ("password", PASSWORD)]).await
}

async fn coded(app: &TestApp, name: &str) {
    let code = RecoveryCode::parse("abcd-efgh-jkmn-pqrs").expect("a code");
    app.store.replace_recovery_codes(app.id_of(name).await, &[code], app.now()).await.expect("made");
}

async fn removal(member: &mut Browser, nth: usize) -> String {
    member.get(SETTINGS).await.all("main .rows a[href$='/remove']")[nth].attr("href").to_owned()
}

#[tokio::test]
async fn a_passkey_is_added_with_the_password_and_logs_in_without_it_where_the_form_leads() {
    let (app, mut bob) = forum().await;
    bob.get("/settings/account").await.finds(1, &format!("main a[href='{SETTINGS}']"));
    let mut phone = Authenticator::of(&mut bob, " My phone ").await;
    assert_eq!(bob.get(SETTINGS).await.texts("main .rows strong"), ["My phone"]);
    assert!(told(&app, "bob").await[0].ends_with("It is called “My phone”."));

    let mut elsewhere = app.visitor();
    elsewhere.get("/login").await.finds(1, "main [data-passkey]");
    let challenge = elsewhere.post_json("/login/passkey/challenge", &[]).await;
    let form = [("passkey", &*phone.answer(&challenge)), ("goto", "/new"), ("name", ""), ("password", "")];
    let page = elsewhere.post("/login/passkey", &form).await;
    assert_eq!((page.status, page.location().as_deref()), (StatusCode::SEE_OTHER, Some("/new")));
    assert!(is_in(&mut elsewhere).await);
    assert!(bob.get(SETTINGS).await.one("main .rows .meta").text.contains("last used"));
    bob.get(SETTINGS).await.finds(1, "main form[action='/settings/passkeys']");
}

#[tokio::test]
async fn a_passkey_is_both_factors_and_casts_the_vote_that_led_to_it() {
    let (app, mut bob) = forum().await;
    app.account("ada", Role::Member).await;
    let id = app.session("ada").await.story("A story", "https://example.com/").await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    let secret = stoa::domain::accounts::totp::TotpSecret::random().expect("randomness");
    let (user, now) = (app.id_of("bob").await, app.now());
    app.store.start_totp(user, &secret, now).await.expect("started");
    app.store.confirm_totp(user, &secret.code(now), &[], now).await.expect("on");

    let mut elsewhere = app.visitor();
    let challenge = elsewhere.post_json("/login/passkey/challenge", &[]).await;
    let vote = id.to_string();
    let form = [("passkey", &*phone.answer(&challenge)), ("vote", &vote), ("dir", "up"), ("goto", "/new")];
    elsewhere.post("/login/passkey", &form).await;
    assert!(is_in(&mut elsewhere).await);
    assert_eq!(app.number("select count(*) from votes where not own").await, 1);
}

#[tokio::test]
async fn an_answer_counts_once_within_five_minutes_and_for_what_was_asked() {
    let (app, mut bob) = forum().await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    let mut elsewhere = app.visitor();
    let again = |page: &Page| refused(page, UNPROCESSABLE, PasskeyError::Expired);

    let challenge = elsewhere.post_json("/login/passkey/challenge", &[]).await;
    let answer = phone.answer(&challenge);
    elsewhere.post("/login/passkey", &[("passkey", &answer)]).await;
    assert!(is_in(&mut elsewhere).await);
    again(&app.visitor().post("/login/passkey", &[("passkey", &answer)]).await);

    let late = phone.answer(&elsewhere.post_json("/login/passkey/challenge", &[]).await);
    app.pass(5 * MINUTE);
    again(&app.visitor().post("/login/passkey", &[("passkey", &late)]).await);

    // A challenge of the settings logs nobody in, and one of a log-in confirms nothing.
    again(&app.visitor().post("/login/passkey", &[("passkey", &phone.confirmation(&mut bob).await)]).await);
    let log_in = phone.answer(&elsewhere.post_json("/login/passkey/challenge", &[]).await);
    let page = bob.post(CREATE, &[("passkey", &log_in)]).await;
    assert_eq!(page.status, UNPROCESSABLE);

    // A wrong answer uses it up.
    let challenge = elsewhere.post_json("/login/passkey/challenge", &[]).await;
    phone.verifies = false;
    let wrong = phone.answer(&challenge);
    phone.verifies = true;
    let mut stranger = app.visitor();
    let page = stranger.post("/login/passkey", &[("passkey", &wrong)]).await;
    refused(&page, UNPROCESSABLE, PasskeyError::Unverified);
    again(&stranger.post("/login/passkey", &[("passkey", &phone.answer(&challenge))]).await);
    assert!(!is_in(&mut stranger).await);
}

#[tokio::test]
async fn an_answer_is_refused_from_another_site_of_another_key_or_for_another_account() {
    let (app, mut bob) = forum().await;
    app.account("eve", Role::Member).await;
    let mut eve = app.session("eve").await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    let mut eves = Authenticator::of(&mut eve, "hers").await;

    let mut stranger = app.visitor();
    for origin in
        ["http://evil.example", "http://localhost:8001", "https://localhost:8000", "http://a.localhost:8000"]
    {
        phone.origin = origin;
        let page = phone.log_in(&mut stranger).await;
        refused(&page, UNPROCESSABLE, PasskeyError::Unverified);
    }
    phone.origin = crate::support::authenticator::ORIGIN;

    let page = Authenticator::new().log_in(&mut stranger).await;
    refused(&page, UNPROCESSABLE, PasskeyError::Unknown);
    let mut forged = Authenticator::new();
    (forged.id, forged.user_handle) = (phone.id.clone(), phone.user_handle.clone());
    forged.counter = Some(100);
    refused(&forged.log_in(&mut stranger).await, UNPROCESSABLE, PasskeyError::Unverified);
    // Eve's passkey that names Bob's account.
    let own = std::mem::replace(&mut eves.user_handle, phone.user_handle.clone());
    refused(&eves.log_in(&mut stranger).await, UNPROCESSABLE, PasskeyError::Unverified);
    eves.user_handle = own;
    assert!(!is_in(&mut stranger).await);
    // Neither does it confirm what is asked of Bob, nor his challenge what is asked of her.
    let challenge = bob.post_json("/settings/passkeys/challenge", &[]).await;
    let page = eve.post(CREATE, &[("passkey", &eves.answer(&challenge))]).await;
    assert_eq!(page.status, UNPROCESSABLE);
    for garbage in ["", "{}", "null", "[[[[", "{\"token\": \"x\", \"response\": {}}"] {
        let page = stranger.post("/login/passkey", &[("passkey", garbage)]).await;
        refused(&page, UNPROCESSABLE, PasskeyError::Unverified);
    }
}

#[tokio::test]
async fn a_passkey_that_was_copied_is_refused() {
    let (app, mut bob) = forum().await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    let before = phone.counter;
    phone.log_in(&mut app.visitor()).await;
    phone.counter = before;
    let mut copy = app.visitor();
    refused(&phone.log_in(&mut copy).await, UNPROCESSABLE, PasskeyError::Copied);
    assert!(!is_in(&mut copy).await);
    // One without a counter says 0 for ever.
    let mut synced = Authenticator::new();
    let page = start(&mut bob).await;
    synced.counter = None;
    bob.post(CREATE, &[("passkey", &synced.create(&challenge_on(&page)))]).await;
    for _ in 0..2 {
        let page = synced.log_in(&mut copy).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_new_passkey_is_said_and_its_name_is_kept() {
    let (_app, mut bob) = forum().await;
    let page = bob.post(SETTINGS, &[("name", "phone"), ("password", "not it at all")]).await;
    assert_eq!(
        (page.status, page.wrong(), page.value("#name")),
        (UNPROCESSABLE, vec!["password".to_owned()], "phone".to_owned(),)
    );
    let page = bob.post(SETTINGS, &[("name", " "), ("password", PASSWORD)]).await;
    refused(&page, UNPROCESSABLE, PasskeyNameError::Empty);
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    // The page tells the browser which passkeys there are; one that comes nevertheless is refused.
    let page = start(&mut bob).await;
    let known = challenge_on(&page)["publicKey"]["excludeCredentials"].as_array().map(Vec::len);
    assert_eq!(known, Some(1));
    let page = bob.post(CREATE, &[("passkey", &phone.create(&challenge_on(&page)))]).await;
    assert_eq!(page.status, UNPROCESSABLE, "{}", page.text());
    // Nor one whose owner was not verified.
    let mut unverified = Authenticator::new();
    unverified.verifies = false;
    let page = start(&mut bob).await;
    let page = bob.post(CREATE, &[("passkey", &unverified.create(&challenge_on(&page)))]).await;
    refused(&page, UNPROCESSABLE, PasskeyError::Unverified);
}

#[tokio::test]
async fn an_account_has_ten_passkeys_at_most_which_share_one_handle() {
    let (app, mut bob) = forum().await;
    let waiting = start(&mut bob).await;
    for n in 0..10 {
        Authenticator::of(&mut bob, &format!("key {n}")).await;
    }
    let page = start(&mut bob).await;
    refused(&page, UNPROCESSABLE, PasskeyError::TooMany);
    bob.get(SETTINGS).await.finds(0, "main form[action='/settings/passkeys']");
    // Nor one more that was begun before.
    let late = Authenticator::new().create(&challenge_on(&waiting));
    refused(&bob.post(CREATE, &[("passkey", &late)]).await, UNPROCESSABLE, PasskeyError::TooMany);
    assert_eq!(app.number("select count(*) from passkeys").await, 10);
    assert!(app.number("select count(distinct user_handle) from passkeys").await <= 2);
}

#[tokio::test]
async fn a_passkey_that_was_removed_logs_in_no_longer() {
    let (app, mut bob) = forum().await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    bob.get(SETTINGS).await.finds(1, "main .rows");
    let remove = removal(&mut bob, 0).await;
    bob.get(&remove).await.finds(1, "main input[type=password]");
    bob.get(&remove).await.finds(1, "main form button.danger");
    let page = bob.post(&remove, &[("password", "not it at all")]).await;
    assert_eq!((page.status, page.wrong()), (UNPROCESSABLE, vec!["password".to_owned()]));
    app.account("eve", Role::Member).await;
    let mut eve = app.session("eve").await;
    assert_eq!(eve.get(&remove).await.status, StatusCode::NOT_FOUND);
    assert_eq!(eve.post(&remove, &[("password", PASSWORD)]).await.status, StatusCode::NOT_FOUND);
    bob.post(&remove, &[("password", PASSWORD)]).await;
    bob.get(SETTINGS).await.finds(0, "main .rows");
    assert_eq!(told(&app, "bob").await.len(), 2, "of the passkey that came, and that it went");
    refused(&phone.log_in(&mut app.visitor()).await, UNPROCESSABLE, PasskeyError::Unknown);
}

#[tokio::test]
async fn a_banned_member_logs_in_with_a_passkey_to_read_why_and_to_end_the_account() {
    let (app, mut bob) = forum().await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    coded(&app, "bob").await;
    bob.post(ONLY, &[("password", PASSWORD)]).await;
    app.ban("bob").await;
    let mut elsewhere = app.visitor();
    phone.log_in(&mut elsewhere).await;
    assert!(elsewhere.get("/banned").await.says("spam"));
    let page = elsewhere.get("/settings/delete").await;
    page.finds(1, "main [data-passkey='/settings/passkeys/challenge']");
    let page = elsewhere.post("/settings/passkeys/challenge", &[]).await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn passkeys_can_be_the_only_log_in_once_there_is_another_way_back() {
    let (app, mut bob) = forum().await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    refused(&bob.post(ONLY, &[("password", PASSWORD)]).await, UNPROCESSABLE, PasskeyError::NoOtherWay);
    bob.get(ONLY).await.finds(0, "main form");
    coded(&app, "bob").await;
    bob.get(ONLY).await.finds(1, &format!("main form[action='{ONLY}']"));
    bob.post(ONLY, &[("password", PASSWORD)]).await;

    let mut elsewhere = app.visitor();
    let page = elsewhere.post("/login", &[("name", "bob"), ("password", PASSWORD)]).await;
    assert_eq!(page.status, UNPROCESSABLE);
    assert!(page.says("You chose to log in with passkeys only."), "{}", page.words());
    phone.log_in(&mut elsewhere).await;
    assert!(is_in(&mut elsewhere).await);

    // What asks others for a password asks for a passkey, and for nothing else.
    let name = [("name", "robert"), ("password", PASSWORD)];
    let page = bob.post("/settings/name", &name).await;
    refused(&page, UNPROCESSABLE, PasskeyError::Unverified);
    page.finds(0, "main input[type=password]");
    page.finds(1, "main button[data-passkey='/settings/passkeys/challenge']");
    let page = bob.post("/settings/name", &[("name", "robert"), ("password", "")]).await;
    refused(&page, UNPROCESSABLE, PasskeyError::Unconfirmed);
    let confirmation = phone.confirmation(&mut bob).await;
    bob.post("/settings/name", &[("name", "robert"), ("password", &confirmation)]).await;
    assert!(bob.get("/user/robert").await.status.is_success());
    let page = bob.post("/settings/recovery", &[("password", &confirmation)]).await;
    assert_eq!(page.status, UNPROCESSABLE, "each confirmation is for one thing");
    let confirmation = phone.confirmation(&mut bob).await;
    let last = removal(&mut bob, 0).await;
    refused(&bob.post(&last, &[("password", &confirmation)]).await, UNPROCESSABLE, PasskeyError::Last);
}

#[tokio::test]
async fn a_new_password_brings_the_log_in_by_password_back_and_keeps_the_passkeys() {
    let (app, mut bob) = forum().await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    Authenticator::of(&mut bob, "laptop").await;
    bob.post(ONLY, &[("password", PASSWORD)]).await;
    let new = "seven quiet herons wade";
    let page = bob.post("/settings/password", &[("current", PASSWORD), ("password", new)]).await;
    refused(&page, UNPROCESSABLE, PasskeyError::Unverified);
    let confirmation = phone.confirmation(&mut bob).await;
    let page = bob.post("/settings/password", &[("current", &confirmation), ("password", new)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let page = app.visitor().post("/login", &[("name", "bob"), ("password", new)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let mut elsewhere = app.visitor();
    phone.log_in(&mut elsewhere).await;
    assert!(is_in(&mut elsewhere).await);
}

#[tokio::test]
async fn a_recovery_code_gets_in_without_any_passkey_and_ends_them() {
    let (app, mut bob) = forum().await;
    let mut phone = Authenticator::of(&mut bob, "phone").await;
    coded(&app, "bob").await;
    bob.post(ONLY, &[("password", PASSWORD)]).await;
    let mut lost = app.visitor();
    let form = [("name", "bob"), ("code", "abcd-efgh-jkmn-pqrs"), ("password", "seven quiet herons wade")];
    lost.post("/reset/recovery", &form).await;
    assert!(is_in(&mut lost).await);
    lost.get(SETTINGS).await.finds(0, "main .rows");
    refused(&phone.log_in(&mut app.visitor()).await, UNPROCESSABLE, PasskeyError::Unknown);
}

#[tokio::test]
async fn a_site_without_a_host_name_or_https_says_why_it_has_no_passkeys() {
    for (base_url, why) in [
        ("http://127.0.0.1:8000", PasskeysOff::IpAddress),
        ("https://[2001:db8::1]", PasskeysOff::IpAddress),
        ("http://forum.example", PasskeysOff::Insecure),
    ] {
        let app = TestApp::with(|settings| settings.base_url = Some(base_url.to_owned())).await;
        app.account("bob", Role::Member).await;
        let mut bob = app.session("bob").await;
        let page = bob.get(SETTINGS).await;
        assert!(page.says(&why.to_string()), "{}", page.words());
        page.finds(0, "main form");
        app.visitor().get("/login").await.finds(0, "main [data-passkey]");
        let page = bob.post(SETTINGS, &[("name", "phone"), ("password", PASSWORD)]).await;
        refused(&page, UNPROCESSABLE, why);
        let page = app.visitor().post("/login/passkey/challenge", &[]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn challenges_are_limited_and_those_that_nobody_answered_are_forgotten() {
    let app = TestApp::with(|settings| {
        with_passkeys(settings);
        behind_a_proxy(settings);
        (settings.limits, settings.login_attempts_per_hour) = (Some(true), Some(3));
    })
    .await;
    let mut stranger = app.visitor();
    for nth in 0..4 {
        let page = post_from(&mut stranger, "203.0.113.7", "/login/passkey/challenge", &[]).await;
        let expected = if nth < 3 { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(page.status, expected, "challenge {nth}");
    }
    assert_eq!(app.number("select count(*) from passkey_challenges").await, 3);
    app.pass(5 * MINUTE);
    post_from(&mut stranger, "203.0.113.99", "/login/passkey/challenge", &[]).await;
    assert_eq!(app.number("select count(*) from passkey_challenges").await, 1);
}

#[tokio::test]
async fn an_archive_has_the_names_and_times_of_passkeys_and_nothing_else_of_them() {
    let (app, mut bob) = forum().await;
    Authenticator::of(&mut bob, "phone").await;
    let data = app.store.own_data(app.id_of("bob").await).await.expect("read");
    let passkeys = serde_json::to_value(&data.passkeys).expect("JSON");
    let expected = serde_json::json!([{
        "name": "phone", "created_at": "2026-11-23T12:00:00Z", "last_used_at": null,
    }]);
    assert_eq!(passkeys, expected);
}

#[tokio::test]
async fn a_browser_that_the_account_knows_is_counted_by_itself() {
    let app = TestApp::with(|settings| {
        with_passkeys(settings);
        behind_a_proxy(settings);
        (settings.limits, settings.login_attempts_per_hour) = (Some(true), Some(2));
    })
    .await;
    let mut bob = app.member("bob").await;
    let mut stranger = app.visitor();
    let challenge = "/login/passkey/challenge";
    for expected in [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        let page = post_from(&mut stranger, "203.0.113.7", challenge, &[]).await;
        assert_eq!(page.status, expected);
    }
    assert_eq!(post_from(&mut bob, "203.0.113.7", challenge, &[]).await.status, StatusCode::OK);
}
