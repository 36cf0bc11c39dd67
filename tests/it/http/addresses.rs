//! Arbitrary values in paths, queries and redirect targets: a proper response, and never an open redirect.

use axum::http::{Method, StatusCode};

use crate::http::form_fuzz::fields;
use crate::http::injection::{check, inputs, short};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::fixtures::members;

/// Where the log-in page leads afterwards.
const GOTO: &str = "form[action='/login'] [name=goto]";

/// Every route with the value as each path parameter and each query parameter.
fn targets(value: &str, story: i64) -> Vec<(Method, String)> {
    let mut targets =
        vec![(Method::GET, format!("/{value}")), (Method::GET, format!("/item/{story}/{value}"))];
    for ((method, path), names) in fields() {
        if let Some((before, rest)) = path.split_once('{') {
            let after = rest.split_once('}').map_or("", |(_, after)| after);
            targets.push((method.clone(), format!("{before}{value}{after}")));
        }
        let whole = path
            .replace("{id}", &story.to_string())
            .replace("{name}", "alice")
            .replace("{feed}", "top.atom")
            .replace("{*feed}", "a.example.rss")
            .replace("{*site}", "a.example");
        let asked =
            names.iter().filter(|_| method == Method::GET).map(|name| format!("{whole}?{name}={value}"));
        targets.extend(asked.map(|target| (Method::GET, target)));
    }
    targets.into_iter().map(|(method, target)| (method, target.replace(' ', "%20"))).collect()
}

#[tokio::test]
async fn no_address_breaks_a_page_or_leads_elsewhere() {
    let app = TestApp::new().await;
    let (alice, chief, story, _) = members(&app).await;
    let mut visitor = app.visitor();
    let raw = [
        "%",
        "%zz",
        "%ff%fe",
        "%00",
        "%c0%af",
        "%2e%2e%2f",
        "%0d%0aSet-Cookie:x=y",
        "%2f%2fevil.example",
        "//evil.example",
        "%5cevil.example",
        "1;2",
        "[]",
        "a&a=b&a=c",
    ];
    let encoded: Vec<String> = inputs()
        .iter()
        .map(|input| url::form_urlencoded::byte_serialize(short(input).as_bytes()).collect())
        .collect();
    let mut browsers = [visitor.clone(), alice.clone(), chief.clone()];
    let values = raw.iter().map(|text| (*text).to_owned()).chain(encoded);
    for (nth, value) in values.enumerate() {
        for (at, (method, target)) in targets(&value, story).into_iter().enumerate() {
            if target.parse::<axum::http::Uri>().is_err() {
                continue;
            }
            // By turns, so that each is asked by all of them with some of the values.
            let browser = &mut browsers[(nth + at) % 3];
            let form: Option<&[(&str, &str)]> = (method == Method::POST).then_some(&[("on", "true")]);
            let page =
                browser.send(method.clone(), &target, &[("sec-fetch-site", "same-origin")], form).await;
            check(&page, &format!("{method} {target}"));
        }
    }
    for (path, answered) in [
        ("/?p=1000000", true),
        ("/new?before=9223372036854775808", true),
        ("/item/9223372036854775808", false),
        ("/item/-1", false),
        ("/past?day=2999-12-31", true),
        ("/past?day=9999-12-31", false),
        ("/past?day=0001-01-01", false),
    ] {
        let page = visitor.get(path).await;
        let refused = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND].contains(&page.status);
        assert!(if answered { page.status == StatusCode::OK } else { refused }, "{path}: {}", page.status);
        check(&page, path);
    }
}

#[tokio::test]
async fn an_address_longer_than_any_of_the_sites_own_is_refused_with_a_page() {
    let app = TestApp::new().await;
    let (mut alice, mut chief, story, _) = members(&app).await;
    let with = |length: usize, start: &str| format!("{start}{}", "a".repeat(length - start.len()));
    for path in [
        with(60_000, "/search?q="),
        with(2_001, "/search?q="),
        with(2_001, "/"),
        format!("/item/{story}?{}", "a=b&".repeat(10_000)),
    ] {
        for browser in [&mut chief, &mut app.visitor()] {
            let page = browser.get(&path).await;
            assert_eq!(page.status, StatusCode::URI_TOO_LONG, "{} bytes", path.len());
            assert!(page.says("That address is too long") && page.body.len() < 10_000);
            check(&page, "a long address");
        }
        let posted = alice.post(&path, &[("text", "words")]).await;
        assert_eq!(posted.status, StatusCode::URI_TOO_LONG, "{} bytes", path.len());
    }
    assert_eq!(chief.get(&with(2_000, "/search?q=")).await.status, StatusCode::OK);
    let followed = format!("/?fbclid={}", "a".repeat(3_000));
    assert_eq!(
        chief.get(&followed).await.status,
        StatusCode::OK,
        "what was hung on to it to follow people goes first"
    );
}

#[tokio::test]
async fn the_way_over_the_log_in_page_is_never_too_long() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let page = visitor.get("/submit?title=Words").await;
    assert_eq!(page.location().as_deref(), Some("/login?goto=%2Fsubmit%3Ftitle%3DWords"));
    let long = format!("/submit?title={}", "%C3%A4".repeat(300));
    assert_eq!(visitor.visit(&long).await.status, StatusCode::OK);
    let page = visitor.get(&long.replace("/submit", "/new")).await;
    let link = page.one("header a[href^='/login']");
    assert_eq!(visitor.get(link.attr("href")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn going_back_after_an_act_never_leaves_the_site() {
    let app = TestApp::new().await;
    let (mut alice, ..) = members(&app).await;
    for goto in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "/\t/evil.example",
        "/%0d%0aLocation: https://evil.example\r\nX: y",
        " //evil.example",
        "javascript:alert(1)",
        "\u{2f}\u{2f}evil.example",
        "evil.example",
    ] {
        let query: String = url::form_urlencoded::byte_serialize(goto.as_bytes()).collect();
        let theme = alice.post("/theme", &[("theme", "dark"), ("goto", goto)]).await;
        let logged_in = alice.get(&format!("/login?goto={query}")).await;
        let mut visitor = app.visitor();
        let form = visitor.get(&format!("/login?goto={query}")).await;
        assert_eq!(form.value(GOTO), "/", "{goto:?}");
        let all = form.all("[name=goto]");
        assert!(
            all.len() == 2 && all.iter().all(|field| !field.value.starts_with("//")),
            "{goto:?}: {all:?}"
        );
        let login =
            visitor.post("/login", &[("name", "alice"), ("password", PASSWORD), ("goto", goto)]).await;
        for page in [theme, logged_in, login] {
            assert_eq!(page.location().as_deref(), Some("/"), "{goto:?}");
        }
    }
    let headers = [("sec-fetch-site", "same-origin"), ("referer", "http://forum.test//evil.example/x")];
    let page = app.visitor().send(Method::POST, "/item/1/save", &headers, Some(&[("on", "true")])).await;
    check(&app.visitor().visit(&page.location().expect("to log in")).await, "a forged referer");
    assert_eq!(app.visitor().visit(&page.location().expect("to log in")).await.value(GOTO), "/");
    // What stays on the site is kept.
    assert_eq!(app.visitor().get("/login?goto=%2Fnew").await.value(GOTO), "/new");
}
