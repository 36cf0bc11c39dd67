//! Each credential with each event that may end it.

use axum::http::StatusCode;
use stoa::domain::accounts::recovery_code::RecoveryCode;
use stoa::domain::accounts::token::Token;
use stoa::domain::accounts::totp::TotpSecret;
use stoa::domain::accounts::user::Role;
use stoa::store::ActionContext;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::authenticator::{Authenticator, with_passkeys};
use crate::support::fixtures::is_in;

/// What opens something for bob, and which of the events below end it.
const TABLE: [(&str, [bool; 5]); 11] = [
    //                     ban    role   password  code   deletion
    ("a session", [true, false, true, true, true]),
    ("a session begun later", [true, false, true, true, true]),
    ("a known browser", [false, false, true, true, true]),
    ("a password link", [true, true, true, true, true]),
    ("a pending log-in", [true, true, true, true, true]),
    ("an authenticator app", [false, false, false, false, true]),
    ("a recovery code", [false, false, false, false, true]),
    ("a passkey", [false, false, true, true, true]),
    ("a passkey's challenge", [true, true, true, true, true]),
    ("an inbox's address", [true, false, true, true, true]),
    ("an invitation", [true, false, false, false, true]),
];
const EVENTS: [&str; 5] = ["ban", "role", "password", "code", "deletion"];

struct Credentials {
    app: TestApp,
    sessions: [crate::support::app::Browser; 2],
    browser: Vec<u8>,
    link: Token,
    pending: Token,
    invitation: Token,
}

impl Credentials {
    async fn new() -> Credentials {
        let app = TestApp::with(with_passkeys).await;
        app.account("chief", Role::Admin).await;
        app.account("bob", Role::Moderator).await;
        let sessions = [app.session("bob").await, app.session("bob").await];
        let mut bob = app.session("bob").await;
        Authenticator::of(&mut bob, "phone").await;
        bob.post_json("/settings/passkeys/challenge", &[]).await;
        let (user, now) = (app.id_of("bob").await, app.now());
        let token = || Token::random().expect("randomness");
        let (link, pending, invitation) = (token(), token(), token());
        let (browser, act) = (vec![7; 32], ActionContext { actor: None, reason: "", at: now });
        app.store.remember_browser(&browser, user, "Firefox on Linux", now).await.expect("remembered");
        app.store.make_password_reset(user, &link.hash(), now.plus(60), act).await.expect("made");
        app.store.invite(user, &invitation.hash(), now.plus(60), 9, now).await.expect("invited");
        let secret = TotpSecret::random().expect("randomness");
        let codes = ["abcd-efgh-jkmn-pqrs", "bbbb-bbbb-bbbb-bbbb"].map(RecoveryCode::parse);
        let codes: Vec<RecoveryCode> = codes.into_iter().map(|code| code.expect("a code")).collect();
        app.store.make_inbox_feed(user, &[3; 32], now).await.expect("made");
        app.store.start_totp(user, &secret, now).await.expect("started");
        app.store.confirm_totp(user, &secret.code(now), &codes, now).await.expect("on");
        let known = app.store.credentials("bob").await.expect("an answer").expect("an account");
        let verified = known.password.expect("a password");
        app.store.begin_pending_login(&pending.hash(), (user, &verified), now.plus(60)).await.expect("begun");
        Credentials { app, sessions, browser, link, pending, invitation }
    }

    async fn happen(&mut self, event: &str) {
        let (app, act) = (&self.app, ActionContext { actor: None, reason: "", at: self.app.now() });
        let user = app.id_of("bob").await;
        match event {
            "ban" => app.ban("bob").await,
            "role" => app.store.set_role(user, Role::Member, act).await.expect("given"),
            "password" => app.store.reset_password(user, "hash", act.at).await.expect("set"),
            "code" => {
                let form = [("name", "bob"), ("code", "bbbb-bbbb-bbbb-bbbb"), ("password", PASSWORD)];
                let page = app.visitor().post("/reset/recovery", &form).await;
                assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
            }
            _ => {
                let form = [("name", "bob"), ("posts", "keep"), ("password", PASSWORD)];
                let page = self.sessions[1].post("/settings/delete", &form).await;
                assert_eq!(page.status, StatusCode::OK, "{}", page.text());
            }
        }
    }

    /// Whether it has ended.
    async fn has_ended(&mut self, credential: &str) -> bool {
        let (app, now) = (&self.app, self.app.now());
        let count = async |table: &str| {
            let bob = "select id from users where name = 'bob' or deleted_at is not null";
            app.number(&format!("select count(*) from {table} where user_id in ({bob})")).await
        };
        let user = app.number("select id from users where name = 'bob' or deleted_at is not null").await;
        let user = stoa::domain::accounts::user::UserId(user);
        match credential {
            "a session" => !is_in(&mut self.sessions[0]).await,
            "a session begun later" => !is_in(&mut self.sessions[1]).await,
            "a known browser" => !app.store.knows_browser(&self.browser, user).await.expect("an answer"),
            "a password link" => {
                app.store.password_reset(&self.link.hash(), now).await.expect("an answer").is_none()
            }
            "a pending log-in" => {
                app.store.pending_login(&self.pending.hash(), now).await.expect("an answer").is_none()
            }
            "an authenticator app" => count("totp_secrets").await == 0,
            "a passkey" => count("passkeys").await == 0,
            "a passkey's challenge" => count("passkey_challenges").await == 0,
            "an inbox's address" => count("inbox_feeds").await == 0,
            "a recovery code" => count("recovery_codes").await == 0,
            _ => {
                let path = format!("/invitation/{}", self.invitation.as_str());
                app.visitor().get(&path).await.status == StatusCode::NOT_FOUND
            }
        }
    }
}

#[tokio::test]
async fn each_credential_ends_with_the_events_that_end_it_and_with_no_other() {
    for (at, event) in EVENTS.into_iter().enumerate() {
        let mut credentials = Credentials::new().await;
        for (credential, _) in TABLE {
            assert!(!credentials.has_ended(credential).await, "{credential} works before");
        }
        credentials.happen(event).await;
        for (credential, ends) in TABLE {
            assert_eq!(credentials.has_ended(credential).await, ends[at], "{credential} at {event}");
        }
    }
}
