//! What crawlers and other programs ask by well-known names.

use axum::http::StatusCode;
use scraper::Html;
use serde_json::Value;
use stoa::clock::DAY;
use stoa::config::Readers;
use stoa::domain::accounts::user::Role;

use crate::support::app::TestApp;

const BASE: &str = "https://forum.example";

async fn forum() -> TestApp {
    TestApp::with(|settings| settings.base_url = Some(BASE.to_owned())).await
}

async fn text(app: &TestApp, path: &str) -> String {
    let page = app.visitor().get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text());
    page.unpacked()
}

/// The addresses that a sitemap or an index of them lists.
fn locations(xml: &str) -> Vec<String> {
    let read = Html::parse_document(xml);
    let loc = scraper::Selector::parse("loc").expect("a selector");
    read.select(&loc).map(|found| found.text().collect()).collect()
}

#[tokio::test]
async fn sitemaps_list_each_story_that_everybody_sees_under_its_month() {
    let app = forum().await;
    let index = async || locations(&text(&app, "/sitemap.xml").await);
    assert!(index().await.is_empty(), "there is no story yet");
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let first = alice.text_story("The first", "Words.").await;
    alice.reply(first, "A comment has no place there.").await;
    let killed = alice.text_story("A killed one", "Words.").await;
    mia.post(&format!("/item/{killed}/kill"), &[("on", "true"), ("reason", "Spam.")]).await;
    app.pass(31 * DAY);
    let second = alice.text_story("The second", "Words.").await;
    let months = index().await;
    assert_eq!(months.len(), 2, "{months:?}");
    for (month, story) in months.iter().zip([first, second]) {
        let path = month.strip_prefix(BASE).expect("an address of the site");
        assert_eq!(locations(&text(&app, path).await), [format!("{BASE}/item/{story}")]);
    }
    assert!(text(&app, "/robots.txt").await.contains(&format!("\nSitemap: {BASE}/sitemap.xml\n")));
    for wrong in ["/sitemaps/2026-13.xml", "/sitemaps/2026-11", "/sitemaps/2026-1.xml", "/sitemaps/.xml"] {
        assert_eq!(app.visitor().get(wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let closed = TestApp::with(|settings| settings.reading = Some(Readers::Members)).await;
    assert_ne!(closed.visitor().get("/sitemap.xml").await.status, StatusCode::OK);
}

/// What robots.txt tells the crawler of that name.
fn told<'a>(robots: &'a str, name: &str) -> Vec<&'a str> {
    let mut groups = robots.split("\n\n");
    let group = groups.find(|group| group.lines().any(|line| line == format!("User-agent: {name}")));
    group.into_iter().flat_map(str::lines).filter_map(|line| line.strip_prefix("Disallow: ")).collect()
}

#[tokio::test]
async fn crawlers_for_ai_are_allowed_unless_the_community_chooses_otherwise() {
    let open = text(&forum().await, "/robots.txt").await;
    assert!(told(&open, "GPTBot").is_empty() && told(&open, "*").contains(&"/submit"), "{open}");
    let app = TestApp::with(|settings| settings.ai_crawlers = Some(false)).await;
    let closed = text(&app, "/robots.txt").await;
    for name in ["GPTBot", "ClaudeBot", "CCBot", "Google-Extended"] {
        assert_eq!(told(&closed, name), ["/"], "{closed}");
    }
    assert_eq!(told(&closed, "*"), told(&open, "*"), "search engines are told the same");
}

#[tokio::test]
async fn programs_find_the_form_for_a_password_and_the_contact_for_security() {
    let app = forum().await;
    let page = app.visitor().get("/.well-known/change-password").await;
    assert_eq!(page.location().as_deref(), Some("/settings/password"));
    let said = text(&app, "/.well-known/security.txt").await;
    let fields: Vec<(&str, &str)> = said.lines().filter_map(|line| line.split_once(": ")).collect();
    let contact = format!("{BASE}/contact");
    let canonical = format!("{BASE}/.well-known/security.txt");
    assert_eq!(fields[0], ("Contact", contact.as_str()));
    assert!(fields[1].0 == "Expires" && fields[1].1.ends_with("T00:00:00Z"), "{said}");
    assert_eq!(fields[3], ("Canonical", canonical.as_str()));
    for (setting, expected) in [
        ("ops@example.org", "mailto:ops@example.org"),
        ("https://example.org/report", "https://example.org/report"),
    ] {
        let app = TestApp::with(|settings| settings.security_contact = Some(setting.to_owned())).await;
        assert!(text(&app, "/.well-known/security.txt").await.starts_with(&format!("Contact: {expected}\n")));
    }
}

#[tokio::test]
async fn a_story_describes_itself_to_search_engines_in_a_way_that_ends_no_element() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let title = "Looms & </script><b>more</b>";
    let story = alice.text_story(title, "A *text* of words.").await;
    let comment = alice.reply(story, "A comment.").await;
    let mut visitor = app.visitor();
    let data = visitor.get(&format!("/item/{story}")).await.one("script[type='application/ld+json']").text;
    let data: Value = serde_json::from_str(&data).expect("JSON");
    let ours = format!("{BASE}/item/{story}");
    let author = format!("{BASE}/user/alice");
    for (at, expected) in [
        ("/@type", "DiscussionForumPosting"),
        ("/url", &*ours),
        ("/headline", title),
        ("/text", "A text of words."),
        ("/author/name", "alice"),
        ("/author/url", &*author),
    ] {
        assert_eq!(data.pointer(at).and_then(Value::as_str), Some(expected), "{at} of {data}");
    }
    assert_eq!(data["commentCount"], 1);
    let link = alice.story("A page elsewhere", "https://example.com/a").await;
    let page = visitor.get(&format!("/item/{link}")).await;
    assert!(page.one("script[type='application/ld+json']").text.contains("\"https://example.com/a\""));
    visitor.get(&format!("/item/{comment}")).await.finds(0, "script[type='application/ld+json']");
}
