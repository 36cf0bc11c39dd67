//! Settings that are replaced while the forum runs.

use axum::http::StatusCode;

use crate::support::app::{Browser, TestApp};

async fn names(browser: &mut Browser, paths: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for path in paths {
        let title = browser.get(path).await.one("head > title").text;
        names.push(title.rsplit("| ").next().expect("a name").to_owned());
    }
    names
}

#[tokio::test]
async fn replaced_settings_hold_from_the_next_request_on() {
    let app = TestApp::with(|settings| settings.limits = Some(true)).await;
    let (mut alice, mut bob, mut visitor) =
        (app.member("alice").await, app.member("bob").await, app.visitor());
    let story = alice.text_story("A story", "Text.").await;
    alice.reply(story, "A comment.").await;
    let (item, down) = (format!("/item/{story}"), "button[name=dir][value=down]");
    let paths = ["/", "/new", &item, "/guidelines"];
    assert_eq!(names(&mut visitor, &paths).await, ["Stoa"; 4]);
    let rendered = app.app.pages.rendered();
    assert_eq!(names(&mut visitor, &paths).await, ["Stoa"; 4]);
    assert_eq!(app.app.pages.rendered(), rendered, "they are kept");
    for _ in 0..2 {
        bob.get(&item).await.finds(0, down);
    }

    let mut config = app.config.clone();
    config.site.site_name = "Looms".to_owned();
    config.site.policy.min_karma_to_downvote = 1;
    config.site.policy.new_account_comments_per_hour = 1;
    app.app.replace_settings(config);

    assert_eq!(names(&mut visitor, &paths).await, ["Looms"; 4]);
    assert_eq!(names(&mut bob, &paths).await, ["Looms"; 4]);
    bob.get(&item).await.finds(1, down);
    let reply = async |browser: &mut Browser, text| {
        browser.post(&format!("{item}/reply"), &[("text", text)]).await.status
    };
    assert_eq!(
        reply(&mut alice, "More.").await,
        StatusCode::TOO_MANY_REQUESTS,
        "she has commented in this hour"
    );
    assert_eq!(reply(&mut bob, "One.").await, StatusCode::SEE_OTHER);
    assert_eq!(reply(&mut bob, "Two.").await, StatusCode::TOO_MANY_REQUESTS);
}
