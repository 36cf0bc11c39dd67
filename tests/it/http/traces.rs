//! Nobody who reads a log, however much is logged, learns what opens an account.

use axum::http::{Method, StatusCode};
use stoa::domain::accounts::recovery_code::RecoveryCode;
use stoa::domain::accounts::token::Token;
use stoa::domain::accounts::totp::TotpSecret;
use stoa::domain::accounts::user::Role;
use stoa::store::ActionContext;
use tokio::io::AsyncWriteExt;

use crate::http::responses::{BREAK, Log};
use crate::server::http1::{Forum, PATIENT, rest};
use crate::store::prepared_statements::is_alone;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::authenticator::{Authenticator, with_passkeys};

#[test]
fn no_secret_comes_into_a_log_however_much_is_logged() {
    if !is_alone("http::traces::no_secret_comes_into_a_log_however_much_is_logged") {
        return;
    }
    let log = Log::of_process("trace");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(ask_for_secrets(&log));
}

async fn ask_for_secrets(log: &Log) {
    let app = TestApp::with(with_passkeys).await;
    app.account("bob", Role::Member).await;
    let invitation = Token::random().expect("randomness");
    let bob = app.id_of("bob").await;
    app.store.invite(bob, &invitation.hash(), app.now().plus(60), 9, app.now()).await.expect("invited");
    let setup = app.app.setup.path();
    let token = setup.trim_start_matches("/setup/").to_owned();
    let invited = format!("/invitation/{}", invitation.as_str());
    let lost = Token::random().expect("randomness");
    let act = ActionContext { actor: None, reason: "", at: app.now() };
    let until = app.now().plus(60);
    app.store.make_password_reset(bob, &lost.hash(), until, act).await.expect("made");
    let reset = format!("/reset/{}", lost.as_str());
    let codes = RecoveryCode::set().expect("randomness");
    let secret = TotpSecret::random().expect("randomness");
    app.store.start_totp(bob, &secret, app.now()).await.expect("started");
    app.store.confirm_totp(bob, &secret.code(app.now()), &codes, app.now()).await.expect("on");
    let mut visitor = app.visitor();
    let step = visitor.post("/login", &[("name", "bob"), ("password", PASSWORD)]).await;
    let pending = step.value("main input[name=pending]");
    for code in [&secret.code(app.now()), &codes[0].to_text()] {
        visitor.post("/login/code", &[("pending", &pending), ("code", code)]).await;
    }
    visitor.post("/login", &[("name", "bob"), ("password", "one+that+is+wrong")]).await;
    let recovery = [("name", "bob"), ("code", &codes[1].to_text()), ("password", "four+unrelated")];
    visitor.post("/reset/recovery", &recovery).await;
    let mut carl = app.member("carl").await;
    let mut passkey = Authenticator::of(&mut carl, "phone").await;
    let asked = carl.post_json("/login/passkey/challenge", &[]).await;
    let answer = passkey.answer(&asked);
    carl.post("/login/passkey", &[("passkey", &answer)]).await;
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let parts = ["/token", "/response/response/signature", "/response/response/clientDataJSON"];
    let answered = parts.map(|part| answer.pointer(part).and_then(|part| part.as_str()).expect("text"));
    let (key, code) = (secret.to_text(), codes.iter().map(RecoveryCode::to_text).collect::<Vec<_>>());
    let mut visitor = app.visitor();
    let mut paths = Vec::new();
    for link in [&setup, &invited, &reset] {
        let bare = link.trim_start_matches('/');
        let (folder, rest) = bare.split_once('/').expect("a folder");
        paths.extend([
            link.clone(),
            format!("{link}/"),
            format!("//{bare}"),
            format!("/{}/{rest}", folder.to_uppercase()),
            format!("/%{:x}{}/{rest}", folder.as_bytes()[0], &folder[1..]),
            format!("/login?goto=%2F{folder}%2F{rest}"),
            format!("/item/{rest}"),
            format!("/nothing/{rest}/more"),
        ]);
    }
    for path in &paths {
        let referer = format!("http://127.0.0.1:8000{path}");
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT] {
            let form = [("name", "-"), ("password", PASSWORD)];
            let headers = [("referer", referer.as_str()), ("sec-fetch-site", "same-origin")];
            let page = visitor.send(method, path, &headers, Some(&form)).await;
            assert!(!page.status.is_server_error(), "{path}");
        }
    }
    // A failure is logged with its address.
    app.sql(BREAK).await;
    assert_eq!(visitor.get(&setup).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    app.sql("alter table other rename to users").await;
    let mut alice = app.person("alice", Role::Member).await;
    assert_eq!(alice.get("/settings").await.status, StatusCode::OK);
    let cookies: Vec<String> = alice.cookies.values().cloned().collect();

    tracing::trace!("everything is logged");

    // Over connections, of both kinds.
    let forum = Forum::of(&app, PATIENT);
    for path in [&setup, &invited, &reset] {
        let mut stream = forum.connect().await;
        let cookie = alice.cookies.get("session").expect("a session");
        let ask = format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nreferer: http://127.0.0.1{path}\r\ncookie: \
             session={cookie}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(ask.as_bytes()).await.expect("sent");
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 "));
        let (client, connection) = h2::client::handshake(forum.connect().await).await.expect("greeted");
        tokio::spawn(async move { drop(connection.await) });
        let request = axum::http::Request::builder()
            .uri(format!("http://127.0.0.1{path}"))
            .header("cookie", format!("session={cookie}"))
            .body(())
            .expect("a request");
        let mut client = client.ready().await.expect("ready");
        client.send_request(request, true).expect("sent").0.await.expect("an answer");
    }
    let text = log.text();
    assert!(
        text.contains("TRACE it::http::traces: everything")
            && text.contains("sqlx::query")
            && text.contains("stoa::requests: answered method=\"POST\" route=\"/reset/{token}\"")
            && text.contains("stoa::logins: a log-in failed")
            && text.contains("method=PUT"),
        "{text}"
    );
    let session = cookies.iter().map(String::as_str);
    for secret in
        [token.as_str(), invitation.as_str(), lost.as_str(), PASSWORD, "four+unrelated", "one+that+is"]
            .into_iter()
            .chain([pending.as_str(), &key, &key.replace(' ', "")])
            .chain(code.iter().take(2).map(String::as_str))
            .chain(session)
            .chain(answered)
            .chain(asked.pointer("/publicKey/challenge").and_then(|challenge| challenge.as_str()))
    {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
