//! Reading: the lists, threads, people, and what is not there.

use axum::http::StatusCode;

use crate::app::TestApp;

#[tokio::test]
async fn an_empty_forum_says_what_it_is_and_how_to_begin() {
    let app = TestApp::new().await;
    let page = app.visitor().get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("No stories yet") && page.has("Submit the first story") && page.has("/signup"), "{}", page.text());
}

#[tokio::test]
async fn a_story_stands_in_the_lists_that_it_belongs_to() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.story("A plain story", "https://example.com/plain").await;
    alice.text_story("Ask: what do you read?", "Tell me.").await;
    alice.text_story("Show: my garden", "It grows.").await;
    let mut visitor = app.visitor();
    for (path, plain, ask, show) in [
        ("/", true, true, true),
        ("/new", true, true, true),
        ("/ask", false, true, false),
        ("/show", false, false, true),
    ] {
        let page = visitor.get(path).await;
        let found = ["A plain story", "what do you read", "my garden"].map(|title| page.has(title));
        assert_eq!(found, [plain, ask, show], "{path}");
    }
}
