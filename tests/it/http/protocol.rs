//! What HTTP says of addresses, versions, methods and hosts.

use axum::http::{Method, StatusCode};

use crate::support::app::{Browser, Page, TestApp};

async fn get(browser: &mut Browser, path: &str, headers: &[(&str, &str)]) -> Page {
    browser.send(Method::GET, path, headers, None).await
}

#[tokio::test]
async fn a_version_is_known_however_its_tag_is_compared() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("A story", "https://example.com/").await;
    let mut visitor = app.visitor();
    for path in ["/".to_owned(), format!("/item/{story}"), "/feed/top.atom".to_owned()] {
        let etag = visitor.get(&path).await.header("etag").to_owned();
        let opaque = etag.trim_start_matches("W/").to_owned();
        for (known, status) in [
            (etag.clone(), StatusCode::NOT_MODIFIED),
            (opaque.clone(), StatusCode::NOT_MODIFIED),
            (format!("\"other\", {opaque}"), StatusCode::NOT_MODIFIED),
            (format!("W/\"other\",{etag} , \"more\""), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"other\"".to_owned(), StatusCode::OK),
            (opaque.trim_matches('"').to_owned(), StatusCode::OK),
        ] {
            for method in [Method::GET, Method::HEAD] {
                for encoding in ["identity", "gzip", "br"] {
                    let headers = [("if-none-match", known.as_str()), ("accept-encoding", encoding)];
                    let page = visitor.send(method.clone(), &path, &headers, None).await;
                    assert_eq!(page.status, status, "{method} {path} {known} {encoding}");
                    assert_eq!(page.header("etag"), etag, "{method} {path} {known}");
                }
            }
        }
        let lines = [("if-none-match", "\"other\""), ("if-none-match", etag.as_str())];
        assert_eq!(
            get(&mut visitor, &path, &lines).await.status,
            StatusCode::NOT_MODIFIED,
            "in a second line"
        );
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", &"Words. ".repeat(200)).await;
    let style = app.app.assets.style.clone();
    for browser in [&mut app.visitor(), &mut alice] {
        for path in [
            "/",
            &format!("/item/{story}"),
            "/item/01",
            "/nothing",
            "/feed/top.atom",
            &style,
            "/healthz",
            "/inbox",
        ] {
            for encoding in ["identity", "gzip", "br"] {
                let headers = [("accept-encoding", encoding)];
                let mut page = get(browser, path, &headers).await;
                let mut head = browser.send(Method::HEAD, path, &headers, None).await;
                assert_eq!((head.status, head.body.len()), (page.status, 0), "{path}");
                for headers in [&mut page.headers, &mut head.headers] {
                    assert!(headers.remove("x-request-id").is_some());
                }
                assert_eq!(head.headers, page.headers, "{path} in {encoding}");
                if encoding == "identity" {
                    assert_eq!(page.header("content-length"), page.body.len().to_string(), "{path}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_request_names_one_host() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.text_story("A story", "Words.").await;
    let mut visitor = app.visitor();
    for path in ["/".to_owned(), format!("/item/{story}"), "/nothing".to_owned(), "/item/01".to_owned()] {
        visitor.get(&path).await;
        for hosts in [
            &[("host", "a.example"), ("host", "a.example")][..],
            &[("host", "a.example"), ("host", "b.example")],
            &[("host", "")],
            &[("host", "a b")],
            &[("host", "a.example/path")],
            &[("host", "a.example:port")],
            &[("host", "somebody@a.example")],
            &[("host", "a.example, b.example")],
        ] {
            let page = get(&mut visitor, &path, hosts).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path} {hosts:?}");
            assert!(page.says("A request must name exactly one host"), "{}", page.text());
        }
        for host in ["a.example", "a.example:8000", "127.0.0.1", "[::1]:8000"] {
            assert_ne!(
                get(&mut visitor, &path, &[("host", host)]).await.status,
                StatusCode::BAD_REQUEST,
                "{host}"
            );
        }
    }
}

#[tokio::test]
async fn an_address_written_otherwise_leads_to_the_one_of_its_page() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    for browser in [&mut app.visitor(), &mut alice] {
        for (written, known) in [
            (format!("/item/{story}/"), format!("/item/{story}")),
            (format!("/item/{story}/?order=newest"), format!("/item/{story}?order=newest")),
            (format!("/item/0{story}"), format!("/item/{story}")),
            (format!("/item/+{story}"), format!("/item/{story}")),
            (format!("/item/%3{story}"), format!("/item/{story}")),
            (format!("/item/0{story}/reply"), format!("/item/{story}/reply")),
            ("/new/".to_owned(), "/new".to_owned()),
            ("/user/alice/".to_owned(), "/user/alice".to_owned()),
            ("/user/%61lice/comments?before=3".to_owned(), "/user/alice/comments?before=3".to_owned()),
            ("/nothing/".to_owned(), "/nothing".to_owned()),
            ("//".to_owned(), "/".to_owned()),
        ] {
            for method in [Method::GET, Method::HEAD, Method::POST] {
                let page = browser.send(method.clone(), &written, &[], None).await;
                assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT, "{method} {written}");
                assert_eq!(page.location().as_deref(), Some(known.as_str()), "{method} {written}");
            }
        }
        for path in [
            "/item/99999999999999999999",
            "/item/-1",
            "/item/1.0",
            "/item/0",
            "/item/1%20",
            "/item/",
            "/item/9223372036854775808",
        ] {
            let page = browser.visit(path).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["//evil.example/", "//evil.example//", "/\\evil.example/"] {
            let page = browser.get(path).await;
            assert!(
                (page.status, page.location()) == (StatusCode::NOT_FOUND, None),
                "{path}: {:?}",
                page.location()
            );
        }
    }
}

/// What was hung on to an address, wherever a page repeats its own.
const STRAY: &str = "[href*=stray], [value*=stray], [action*=stray]";

#[tokio::test]
async fn what_somebody_hangs_on_to_an_address_makes_no_other_page() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    alice.reply(story, "A comment.").await;
    let mut visitor = app.visitor();
    assert!(!alice.get("/search?q=stray").await.all(STRAY).is_empty());
    for (path, others) in [
        (
            format!("/item/{story}?order=newest"),
            vec![
                "order=newest&x=stray",
                "%6frder=newest",
                "order=newest&order=oldest",
                "a=&order=&order=newest&",
            ],
        ),
        (
            format!("/item/{story}"),
            vec!["x=stray", "order=", "order=sideways", "p=2", "&&", "=", "x", "fbclid=1"],
        ),
        ("/".to_owned(), vec!["p=1", "p=", "x=stray&p=0", "order=newest", "p=01"]),
        ("/new".to_owned(), vec!["p=2", "x[]=1", "before="]),
        ("/user/alice".to_owned(), vec!["saved=yes", "q=%00"]),
        ("/best?over=all".to_owned(), vec!["over=all&p=1", "x=y&over=all"]),
        ("/feed/top.atom".to_owned(), vec!["x=stray"]),
    ] {
        let plain = visitor.get(&path).await;
        let before = app.app.pages.rendered();
        let bare = path.split('?').next().expect("a path");
        for query in others {
            let other = format!("{bare}?{query}");
            let page = visitor.get(&other).await;
            assert!(page.status == StatusCode::OK && page.body == plain.body, "{other}: {}", page.text());
            let of_member = alice.get(&other).await;
            assert_eq!(of_member.status, StatusCode::OK, "{other}");
            of_member.finds(0, STRAY);
        }
        assert_eq!(app.app.pages.rendered(), before, "{path}");
    }
    let page = visitor.get(&format!("/item/{story}?x=stray")).await;
    assert_eq!(page.one("form.theme input[name=goto]").attr("value"), format!("/item/{story}"));
    assert_eq!(
        page.one("nav.account a[href^='/login']").attr("href"),
        format!("/login?goto=%2Fitem%2F{story}")
    );
}
