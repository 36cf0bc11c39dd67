//! Logo and icon.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};

const HERE: &str = "/mod/settings/images";
const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";

fn png(side: u32) -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &side.to_be_bytes(), &side.to_be_bytes()].concat()
}

async fn upload(browser: &mut Browser, kind: &str, file: &[u8]) -> Page {
    let head = "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.gif\"\r\n\
                Content-Type: image/gif\r\n\r\n";
    let body = [head.as_bytes(), file, b"\r\n--edge--\r\n"].concat();
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=edge")];
    browser.send_raw(Method::POST, &format!("{HERE}/{kind}"), &headers, Some(body)).await
}

#[tokio::test]
async fn a_logo_stands_in_the_header_and_runs_nothing() {
    let app = TestApp::new().await;
    let (mut ada, mut visitor) = (app.person("ada", Role::Admin).await, app.visitor());
    let logo = "header .brand img";
    visitor.get("/").await.finds(0, logo);
    assert_eq!(upload(&mut ada, "logo", SVG).await.location().as_deref(), Some(HERE));
    let page = visitor.get("/").await;
    page.finds(0, "header .brand svg");
    let address = page.one(logo).attr("src").to_owned();
    assert!(address.starts_with("/static/logo.") && address.ends_with(".svg"), "{address}");
    let file = visitor.get(&address).await;
    assert_eq!(file.body, SVG);
    assert_eq!(file.header(CONTENT_TYPE.as_str()), "image/svg+xml");
    assert!(file.header(CACHE_CONTROL.as_str()).contains("immutable"));
    let policy = file.header(CONTENT_SECURITY_POLICY.as_str());
    assert!(policy.starts_with("sandbox; default-src 'none';"), "{policy}");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    // Another one has another address; the old one leads to it.
    upload(&mut ada, "logo", &png(64)).await;
    let old = visitor.get(&address).await;
    assert_eq!((old.header("content-type"), old.header("cache-control")), ("image/png", "no-store"));
    ada.post(&format!("{HERE}/logo/remove"), &[]).await;
    visitor.get("/").await.finds(1, "header .brand svg");
    assert_eq!(visitor.get(&address).await.status, StatusCode::NOT_FOUND);
    let logged: Vec<(String,)> =
        app.rows("select detail from moderation_log where action = 'set' order by id").await;
    assert!(logged[0].0.starts_with("logo: none became logo.") && logged[2].0.ends_with(".png became none"));
    assert_eq!(logged.len(), 3);
}

#[tokio::test]
async fn an_icon_is_named_by_every_page() {
    let app = TestApp::new().await;
    let mut ada = app.person("ada", Role::Admin).await;
    upload(&mut ada, "icon", &png(192)).await;
    let page = app.visitor().get("/").await;
    let icon = page.one("link[rel='apple-touch-icon']").attr("href").to_owned();
    assert_eq!(page.one("link[rel=icon]").attr("href"), icon);
    assert_eq!(app.visitor().get(&icon).await.header("content-type"), "image/png");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_has_its_sentence() {
    let app = TestApp::new().await;
    let (mut ada, mut mia) = (app.person("ada", Role::Admin).await, app.person("mia", Role::Moderator).await);
    for (kind, file, wrong) in [
        ("logo", &b""[..], "Please choose a file."),
        ("logo", b"GIF89a", "This is not an SVG, PNG, JPEG or WebP image."),
        ("logo", b"<html><svg></svg></html>", "This is not an SVG,"),
        ("logo", &[b' '; 110_000], "This file has 108 KB; the limit is 100 KB."),
        ("icon", SVG, "An icon must be a PNG image."),
        ("icon", &png(100), "This icon is 100 × 100 pixels;"),
    ] {
        let page = upload(&mut ada, kind, file).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let said = page.one(&format!("#{kind}-error")).text;
        assert!(said.starts_with(wrong), "{said}");
        assert!(page.says("Browsers do not keep a chosen file"));
    }
    assert_eq!(upload(&mut ada, "banner", SVG).await.status, StatusCode::NOT_FOUND);
    assert_eq!(upload(&mut mia, "logo", SVG).await.status, StatusCode::FORBIDDEN);
    assert_eq!(upload(&mut app.visitor(), "logo", SVG).await.status, StatusCode::SEE_OTHER);
    let cross = [("sec-fetch-site", "cross-site"), ("content-type", "multipart/form-data; boundary=edge")];
    let page = ada.send_raw(Method::POST, &format!("{HERE}/logo"), &cross, Some(Vec::new())).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(upload(&mut ada, "logo", &[b' '; 400_000]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.number("select count(*) from images").await, 0);
}
