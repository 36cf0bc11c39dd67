//! A reply deep in a thread is held back a little, save on the comment's own page.

use axum::http::StatusCode;

use crate::support::app::TestApp;

const MINUTE: i64 = 60;

#[tokio::test]
async fn a_reply_that_is_held_back_says_when_it_opens_and_where_it_is_open() {
    let app = TestApp::new().await;
    let mut bob = app.member("bob").await;
    let mut alice = app.member("alice").await;
    let story = bob.text_story("A story", "Text.").await;
    let first = bob.reply(story, "One.").await;
    let second = bob.reply(first, "Two.").await;
    let third = bob.reply(second, "Three.").await;
    let fourth = bob.reply(third, "Four.").await;
    let thread = format!("/item/{story}");
    let row = format!("#c{fourth} > details > footer > a");

    let link = alice.get(&thread).await.one(&row);
    assert_eq!(
        (link.text.as_str(), link.attr("href")),
        ("reply in 4 minutes", format!("/item/{fourth}").as_str())
    );
    app.pass(61);
    assert_eq!(alice.get(&thread).await.one(&row).text, "reply in 3 minutes", "never less than is left");

    let page = alice.get(&format!("/item/{fourth}/reply")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("Reply in 3 minutes"), "{}", page.text());
    page.finds(0, "main textarea");
    page.finds(1, &format!("main p a[href='/item/{fourth}']"));

    let page = alice.get(&format!("/item/{fourth}")).await;
    page.finds(1, &format!("main form[action='/item/{fourth}/reply'] textarea[name=text]"));
    let answer = alice.post(&format!("/item/{fourth}/reply"), &[("text", "From its own page.")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());

    app.pass(4 * MINUTE);
    let link = alice.get(&thread).await.one(&row);
    assert_eq!((link.text.as_str(), link.attr("href")), ("reply", format!("/item/{fourth}/reply").as_str()));
    alice.get(&format!("/item/{fourth}/reply")).await.finds(1, "main textarea");
    assert_eq!(
        app.visitor().get(&thread).await.one(&format!("{row}[href$=reply]")).text,
        "reply",
        "a visitor logs in first"
    );
}
