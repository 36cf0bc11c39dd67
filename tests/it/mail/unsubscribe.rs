//! Unsubscribing with one click, as mail programs send it (RFC 8058).

use axum::http::{Method, StatusCode};

use crate::support::smtp::{MailingApp, choose};

#[tokio::test]
async fn a_mail_program_unsubscribes_from_anywhere_without_a_session() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    let key = forum.rows::<(String,)>("select key from mailboxes").await.remove(0).0;
    let link = format!("/unsubscribe/{key}.inbox");
    let multipart =
        "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", multipart),
        ("text/plain", ""),
    ] {
        choose(&mut bob, "daily").await;
        let headers = [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://mail.example"),
            ("content-type", content_type),
        ];
        let page = forum.visitor().send_raw(Method::POST, &link, &headers, Some(body.into())).await;
        assert_eq!(page.status, StatusCode::OK, "{content_type}: {}", page.text());
        assert!(page.headers.get("set-cookie").is_none());
        let choice = bob.get("/settings/email").await;
        assert_eq!(choice.one("#inbox option[selected]").attr("value"), "never");
        page.one_role("heading", "You are unsubscribed");
    }
    let again = forum.visitor().post(&link, &[]).await;
    assert_eq!(again.status, StatusCode::OK, "the second time it says the same");
}

#[tokio::test]
async fn a_page_with_a_button_asks_those_who_follow_the_link() {
    let forum = MailingApp::new().await;
    let mut bob = forum.member_at("bob", "bob@example.org").await;
    let key = forum.rows::<(String,)>("select key from mailboxes").await.remove(0).0;
    let page = forum.visitor().get(&format!("/unsubscribe/{key}.best")).await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    page.one_role("button", "Unsubscribe");
    page.finds(1, "meta[name=robots][content=noindex]");
    assert_eq!(bob.get("/settings/email").await.one("#inbox option[selected]").attr("value"), "daily");
    for mangled in [format!("{key}.nothing"), key.clone(), format!("x{key}.inbox"), "%00.inbox".to_owned()] {
        let path = format!("/unsubscribe/{mangled}");
        for page in [forum.visitor().get(&path).await, forum.visitor().post(&path, &[]).await] {
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{mangled}");
            page.finds(0, "main form");
        }
    }
}
