//! Texts that take long to render keep nobody waiting but those who read them.

use axum::http::StatusCode;
use tokio::task::JoinHandle;

use crate::support::app::{Browser, Page, TestApp};

/// A text that renders to much more than itself, or at least takes long: quotes within quotes.
fn heavy(nth: usize) -> String {
    format!("Text {nth}\n\n{}", ">>>>>>>>>>>>>>>>#\n\n".repeat(400))
}

/// A thread of such texts, none of which has been rendered yet.
async fn heavy_thread(app: &TestApp) -> i64 {
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A heavy thread", "Words.").await;
    for n in 0..12 {
        alice.reply(story, &heavy(n)).await;
    }
    story
}

fn reading(browser: &Browser, path: String) -> JoinHandle<Page> {
    let mut browser = browser.clone();
    tokio::spawn(async move { browser.get(&path).await })
}

/// All of these tests answer on one thread: whatever was done there at once would hold everybody up.
#[tokio::test]
async fn a_heavy_page_holds_nobody_up() {
    let app = TestApp::new().await;
    let story = heavy_thread(&app).await;
    let mut bob = app.member("bob").await;
    let mut other = bob.clone();
    let preview = async move {
        let form = [("title", "A title"), ("url", ""), ("text", &heavy(99)), ("preview", "yes")];
        other.post("/submit", &form).await
    };
    bob.get("/").await;
    let heavy = [
        reading(&app.visitor(), format!("/item/{story}")),
        reading(&bob, format!("/item/{story}")),
        reading(&bob, "/comments".to_owned()),
        tokio::spawn(preview),
    ];
    assert_eq!(app.visitor().get("/").await.status, StatusCode::OK);
    assert_eq!(bob.get("/new").await.status, StatusCode::OK);
    assert!(
        heavy.iter().any(|page| !page.is_finished()),
        "others are answered while the heavy pages are made"
    );
    for page in heavy {
        let page = page.await.expect("an answer");
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.says("Text 1") || page.says("Text 99"), "{}", page.text().len());
    }
}

#[tokio::test]
async fn a_heavy_page_is_made_once_for_all_who_ask_for_it_whatever_they_hang_on_to_its_address() {
    // Too large to be kept, too.
    for cache_mb in [1, 48] {
        let app = TestApp::with(|settings| settings.cache_mb = Some(cache_mb)).await;
        let story = heavy_thread(&app).await;
        let before = app.app.pages.rendered();
        let readers: Vec<_> =
            (0..20).map(|n| reading(&app.visitor(), format!("/item/{story}?x={n}&utm_source={n}"))).collect();
        let mut first = None;
        for page in readers {
            let page = page.await.expect("an answer");
            assert_eq!(page.status, StatusCode::OK);
            page.finds(12, "article.c");
            assert!(*first.get_or_insert_with(|| page.body.clone()) == page.body, "all read the same");
        }
        assert_eq!(app.app.pages.rendered() - before, 1, "with {cache_mb} MB");
    }
}
