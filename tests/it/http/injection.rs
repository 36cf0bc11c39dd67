//! Whatever is typed, pasted or forged: an answer in the site's own words, nothing broken, nothing that runs.

use axum::http::{Method, StatusCode};
use stoa::domain::items::item::ItemId;
use stoa::domain::items::thread::MAX_DEPTH;
use stoa::store::NewComment;

use crate::support::app::{Page, TestApp};
use crate::support::fixtures::members;

/// Texts that have broken other forums.
pub fn inputs() -> Vec<String> {
    let mut inputs: Vec<String> = [
        "<script>alert(1)</script>",
        "</title></textarea></pre><script>alert(1)</script>",
        "\"><script>alert(1)</script>",
        "'\"><img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)\" x=\"",
        "' autofocus onfocus='alert(1)",
        "<svg/onload=alert(1)><math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://example.com",
        "data:text/html,<script>alert(1)</script>",
        "[click](javascript:alert(1)) [data](data:text/html;base64,PHNjcmlwdD4=) <javascript:alert(1)>",
        "[a](https://example.com \"\\\" onmouseover=alert(1)\")",
        "![i](https://example.com/a.png) `<script>` <!-- <script> --> &lt;script&gt;",
        "https://example.com/\"><script>alert(1)</script>",
        "https://user:pass@example.com/%00%ff?<script>#'\"",
        "{{ 7 * 7 }} ${7*7} {% include \"base.html\" %} %s%n",
        "' or '1'='1'; drop table items; --",
        "%_\\%\\_ \" * NEAR( ^ AND OR NOT",
        "../../../../etc/passwd",
        "\u{202e}gpj.exe\u{2066}\u{feff}",
        "nul\0byte and \u{1}\u{7}\u{8}\u{b}\u{1b}[31m\u{7f}\u{85}",
        "a\r\nSet-Cookie: x=y\r\n\r\n<script>alert(1)</script>",
        "\u{fffe}\u{ffff}\u{e000}\u{10ffff}",
        "-9223372036854775809",
        "99999999999999999999999999",
        "-1",
        "1e9",
        "",
    ]
    .map(str::to_owned)
    .into();
    inputs.push(format!("Z{}", "\u{301}".repeat(5_000)));
    inputs.push(format!("https://example.com/{}", "a".repeat(30_000)));
    inputs.push("> ".repeat(10_000));
    inputs.push((0..150).map(|n| format!("{}- item\n", "  ".repeat(n))).collect());
    inputs.push("[".repeat(20_000));
    inputs.push("*_`".repeat(6_000));
    inputs
}

/// What holds of every answer, to whomever and for whatever.
pub fn check(page: &Page, what: &str) {
    assert!(!page.status.is_server_error(), "{what}: {}", page.status);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{what}");
    assert!(!page.header("content-security-policy").contains("unsafe"), "{what}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(page.header("x-frame-options"), "DENY", "{what}");
    assert_eq!(page.header("referrer-policy"), "same-origin", "{what}");
    if page.header("content-type").starts_with("text/html") {
        check_elements(&page.text(), what);
    } else {
        assert!(!page.header("content-type").is_empty() || page.body.is_empty(), "{what} has no type");
    }
    if let Some(to) = page.location() {
        let local = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\');
        assert!(local, "{what} leads to {to}");
    }
}

/// Reads the page as a browser would, and looks at every element and attribute.
fn check_elements(html: &str, what: &str) {
    let mut scripts = 0;
    let look = lol_html::element!("*", |element| {
        let name = element.tag_name();
        let forbidden = ["iframe", "object", "embed", "math", "style", "base", "frame", "template"];
        assert!(!forbidden.contains(&name.as_str()), "{what} has <{name}>: {html}");
        if name == "img" {
            let from = element.get_attribute("src").unwrap_or_default();
            let is_own = ["/static/logo.", "/static/icon."].iter().any(|own| from.starts_with(own));
            assert!(is_own, "{what} has an image that no admin uploaded: {html}");
        }
        // Data that no browser runs.
        let is_data = element.get_attribute("type").as_deref() == Some("application/ld+json");
        if name == "script" && !is_data {
            let (kind, from) =
                (element.get_attribute("type"), element.get_attribute("src").unwrap_or_default());
            let own = kind.as_deref() == Some("module") && from.starts_with("/static/script.");
            assert!(own, "{what}: a script that is not the site's own: {html}");
            scripts += 1;
        }
        for attribute in element.attributes() {
            let (key, value) = (attribute.name(), attribute.value().to_lowercase());
            assert!(!key.starts_with("on") && key != "style" && key != "srcdoc", "{what} has {key}=: {html}");
            if ["href", "src", "action", "formaction"].contains(&key.as_str()) {
                let local = value.starts_with('#') || (value.starts_with('/') && !value.starts_with("//"));
                let web = name == "a" || name == "link";
                let web = web && (value.starts_with("https://") || value.starts_with("http://"));
                let bookmarklet =
                    what.contains("bookmarklet") && value.starts_with("javascript:location.href=");
                assert!(local || web || bookmarklet, "{what} has {key}={value}: {html}");
            }
        }
        Ok(())
    });
    let settings = lol_html::RewriteStrSettings::new().append_element_content_handler(look);
    lol_html::rewrite_str(html, settings).expect("a page");
    for data in html.split("<script type=\"application/ld+json\">").skip(1) {
        let data = data.split("</script>").next().expect("a beginning");
        assert!(serde_json::from_str::<serde_json::Value>(data).is_ok(), "{what}: {data} is whole: {html}");
    }
    assert_eq!(scripts, 1, "{what}: the site's own script and no other: {html}");
}

pub fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[tokio::test]
async fn no_typed_text_breaks_a_page_or_runs_in_one() {
    let app = TestApp::new().await;
    let (mut alice, mut chief, story, comment) = members(&app).await;
    let (reply, edit) = (format!("/item/{story}/reply"), format!("/item/{comment}/edit"));
    let (order, vote, save) =
        (format!("/item/{story}/order"), format!("/item/{story}/vote"), format!("/item/{story}/save"));
    for input in inputs() {
        let text = input.as_str();
        let forms: [(&str, &[(&str, &str)]); 17] = [
            ("/submit", &[("title", text), ("url", ""), ("text", "words")]),
            ("/submit", &[("title", "A title"), ("url", text), ("text", "")]),
            ("/submit", &[("title", "A title"), ("url", ""), ("text", text)]),
            ("/submit", &[("title", text), ("url", text), ("text", text), ("preview", "true")]),
            ("/submit", &[("title", text), ("url", text), ("text", text), ("suggest", "true")]),
            (&reply, &[("text", text)]),
            (&reply, &[("text", text), ("preview", text)]),
            (&edit, &[("text", text)]),
            ("/settings", &[("about", text), ("theme", "dark"), ("order", "best")]),
            ("/settings", &[("about", text), ("theme", text), ("order", text), ("show_dead", text)]),
            ("/settings/sessions", &[("end", text)]),
            ("/settings/password", &[("current", text), ("password", text)]),
            (&order, &[("order", text)]),
            (&vote, &[("dir", text), ("goto", text)]),
            (&save, &[("on", text), ("goto", text)]),
            (&save, &[("on", "true"), ("goto", text)]),
            ("/theme", &[("theme", text), ("goto", text)]),
        ];
        for (path, form) in forms {
            let fields: Vec<&str> =
                form.iter().filter(|(_, value)| *value == text).map(|(name, _)| *name).collect();
            let what = format!("POST {path} {fields:?} {:?}", short(text));
            let page = alice.post(path, form).await;
            check(&page, &what);
            let page = alice.visit(page.location().as_deref().unwrap_or("/")).await;
            check(&page, &format!("after {what}"));
        }
        for (path, form) in [
            ("/login", [("name", text), ("password", "x"), ("goto", text)]),
            ("/signup", [("name", text), ("password", text), ("goto", text)]),
        ] {
            let page = app.visitor().post(path, &form).await;
            check(&page, &format!("POST {path} {:?}", short(text)));
        }
        for path in [
            "/",
            "/new",
            "/comments",
            "/user/alice",
            "/user/alice/comments",
            "/feed/top.atom",
            &format!("/item/{story}"),
        ] {
            let page = chief.get(path).await;
            check(&page, &format!("{path} with {:?}", short(text)));
            let body = page.text();
            assert!(!body.contains(['\0', '\u{202e}']), "{path} with {:?}", short(text));
        }
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_a_sentence() {
    let app = TestApp::new().await;
    let (mut alice, _, story, _) = members(&app).await;
    let huge = "a".repeat(1_000_000);
    let reply = format!("/item/{story}/reply");
    for (path, field) in [
        ("/submit", "title"),
        ("/submit", "text"),
        (reply.as_str(), "text"),
        ("/settings", "about"),
        ("/login", "name"),
    ] {
        let page = alice.post(path, &[(field, &huge)]).await;
        check(&page, path);
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(page.says("Please shorten it"), "{}", page.text());
    }
    let page = alice.post(&reply, &[("text", &"ä".repeat(20_001))]).await;
    assert!(
        page.status == StatusCode::UNPROCESSABLE_ENTITY && page.says("That is 20,001 characters"),
        "{}",
        page.status
    );
}

#[tokio::test]
async fn forms_that_no_browser_sends_are_answered() {
    let app = TestApp::new().await;
    let (mut alice, ..) = members(&app).await;
    let types = [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
        "\u{ff}",
    ];
    for kind in types.into_iter().filter(|kind| kind.is_ascii()) {
        for body in [
            &b"title=%ff%fe&text=%00%zz"[..],
            b"\xff\xfe\x00",
            b"",
            b"&&&===",
            b"title=a&title=b&text=x&score=99&role=admin",
            b"{\"title\":1}",
        ] {
            let headers = [("sec-fetch-site", "same-origin"), ("content-type", kind)];
            let page = alice.send_raw(Method::POST, "/submit", &headers, Some(body.to_vec())).await;
            check(&page, &format!("{kind} {body:?}"));
        }
    }
}

#[tokio::test]
async fn cookies_of_garbage_are_a_visitors() {
    let app = TestApp::new().await;
    let many: String = (0..2_000).map(|n| format!("c{n}=v; ")).collect();
    let long = format!("session={}", "a".repeat(20_000));
    for cookie in [
        "session",
        "session=",
        "session=%00",
        "=;=;;;",
        "session=a; session=b",
        "theme=\"><script>",
        "browser=x",
        many.as_str(),
        long.as_str(),
    ] {
        let page = app.visitor().send(Method::GET, "/", &[("cookie", cookie)], None).await;
        check(&page, cookie);
        assert_eq!(page.status, StatusCode::OK, "{}", short(cookie));
        page.finds(1, "header a[href^='/login']");
    }
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let (mut alice, _, story, comment) = members(&app).await;
    let typed = "Kept: <b>\"words\"</b> & more";
    let long = "x".repeat(20_001);
    let too_long = format!("{typed} {long}");
    let forms: [(&str, &[(&str, &str)]); 8] = [
        ("/submit", &[("title", typed), ("url", "nonsense"), ("text", "")]),
        ("/submit", &[("title", ""), ("url", ""), ("text", typed)]),
        ("/submit", &[("title", ""), ("url", typed), ("text", "")]),
        (&format!("/item/{story}/reply"), &[("text", &too_long)]),
        (&format!("/item/{comment}/edit"), &[("text", &too_long)]),
        ("/settings", &[("about", typed), ("theme", "none"), ("order", "best")]),
        ("/login", &[("name", typed), ("password", "x")]),
        ("/signup", &[("name", typed), ("password", "x")]),
    ];
    for (path, form) in forms {
        let page = alice.post(path, form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        page.finds(1, "[role=alert]");
        let (name, sent) = form.iter().find(|(_, value)| value.starts_with(typed)).expect("something typed");
        assert_eq!(page.value(&format!("main [name='{name}']")), *sent, "{path}");
        check(&page, path);
    }
}

#[tokio::test]
async fn a_thread_a_thousand_deep_can_be_read_to_its_end() {
    let app = TestApp::new().await;
    let (_, _, story, _) = members(&app).await;
    let author = app.id_of("alice").await;
    let mut parent = ItemId(story);
    let mut chain = Vec::new();
    for n in 0..1_000 {
        let text = format!("Level number {n}.");
        let policy = &app.policy();
        let comment = NewComment { author, parent, text: &text, ip_hashes: None, stopped: None, policy };
        parent = app.store.comment(comment, app.now()).await.expect("a comment").id;
        chain.push(parent);
    }
    let mut visitor = app.visitor();
    let (mut path, mut next, mut pages) = (format!("/item/{story}"), 0, 0);
    while next < chain.len() {
        let page = visitor.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        check(&page, &path);
        let last = (next + MAX_DEPTH).min(chain.len()) - 1;
        assert_eq!(page.comment(chain[last].0), format!("Level number {last}."), "{path} goes to {last}");
        assert_eq!(page.comments().last(), Some(&chain[last].0), "{path} goes no further");
        pages += 1;
        next = last + 1;
        if next < chain.len() {
            path = format!("/item/{}", chain[last]);
            page.finds(1, &format!("#c{} > details > p > a[href='{path}']", chain[last]));
        }
    }
    assert_eq!(pages, 20);
    check(&visitor.get("/user/alice/comments").await, "the list of deep comments");
}
