//! What a visitor is answered holds nothing of those who looked before: no cookie, no token, no name.

use axum::http::{Method, StatusCode};
use stoa::config::Settings;
use stoa::domain::accounts::user::Role;

use crate::store::query_counts::pages;
use crate::support::app::{Browser, TestApp};

/// Members without visible posts, so that their names appear only in the list of members.
const QUIET: [(&str, Role); 3] =
    [("quillfeather", Role::Member), ("brindlewick", Role::Moderator), ("thistledown", Role::Admin)];
/// Where everybody's name stands.
const EVERYBODY: &str = "/leaders";

const ENCODINGS: [&str; 3] = ["", "gzip", "br"];

async fn get(browser: &mut Browser, path: &str, encoding: &str) -> crate::support::app::Page {
    let headers = [("accept-encoding", encoding)];
    browser.send(Method::GET, path, if encoding.is_empty() { &[] } else { &headers }, None).await
}

/// A link's last part, wherever it stands in a page.
fn tokens(page: &str, before: &str) -> Vec<String> {
    let parts = page.split(before).skip(1);
    parts
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect())
        .collect()
}

#[tokio::test]
async fn no_page_that_a_visitor_gets_holds_anything_of_who_looked_before() {
    let app = TestApp::with(|settings: &mut Settings| settings.min_karma_to_flag = Some(1)).await;
    let link = app.app.setup.path();
    let mut secrets = vec![link.rsplit_once('/').expect("a token").1.to_owned()];
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::OK);
    app.account("alice", Role::Member).await;
    let mut alice = app.session("alice").await;
    let story = alice.story("A story", "https://example.com/").await;
    let comment = alice.reply(story, "A comment.").await;
    let mut viewers = Vec::new();
    for (name, role) in QUIET {
        app.account(name, role).await;
        // With the cookie by which its browser is known, too.
        let mut viewer = app.log_in(name).await;
        secrets.extend(viewer.cookies.values().cloned());
        if role > Role::Member {
            let made = viewer.post("/invitations", &[]).await;
            let found = tokens(&made.text(), "/invitation/");
            assert!(!found.is_empty(), "{}", made.text());
            secrets.extend(found);
        }
        for id in [story, comment] {
            viewer.vote(id, "up").await;
            viewer.post(&format!("/item/{id}/save"), &[("on", "true"), ("goto", "/")]).await;
            viewer
                .post(&format!("/item/{id}/flag"), &[("on", "true"), ("reason", "rude"), ("note", name)])
                .await;
        }
        viewer
            .post("/settings", &[("about", "About quillfeather."), ("theme", "dark"), ("order", "newest")])
            .await;
        viewers.push(viewer);
    }
    let pages: Vec<String> = pages(&[story, comment], "alice");
    for path in &pages {
        for (viewer, encoding) in viewers.iter_mut().zip(["gzip, br, zstd", "", "gzip"]) {
            get(viewer, path, encoding).await;
        }
    }
    let mut seen = 0;
    for path in &pages {
        for encoding in ENCODINGS {
            let page = get(&mut app.visitor(), path, encoding).await;
            assert!(!page.headers.contains_key("set-cookie"), "{path} sets a cookie");
            if page.header("content-type").starts_with("image/") {
                continue;
            }
            let text = format!("{:?}\n{}", page.headers, page.unpacked());
            let named = |role| path == EVERYBODY || (path == "/contact" && role > Role::Member);
            let names = QUIET.iter().filter(|(_, role)| !named(*role)).map(|(name, _)| *name);
            for secret in secrets.iter().map(String::as_str).chain(names) {
                assert!(!text.contains(secret), "{path} in “{encoding}” holds {secret}: {text}");
            }
            assert!(!text.contains("log out"), "{path} is a visitor's");
            seen += usize::from(page.status == StatusCode::OK);
        }
    }
    assert!(secrets.len() >= 9 && secrets.iter().all(|secret| secret.len() > 20), "{secrets:?}");
    assert!(seen > ENCODINGS.len() * 30, "only {seen} pages were read");
    assert!(
        get(&mut app.visitor(), EVERYBODY, "br").await.unpacked().contains("quillfeather"),
        "names are found"
    );
}
