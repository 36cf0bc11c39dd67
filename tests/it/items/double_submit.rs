//! What is sent twice, by a double click, the back button or a browser that tries again, is posted once.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;
use stoa::domain::limits::policy::Period;
use stoa::store::ActionContext;

use crate::support::app::{Browser, TestApp};

const MINUTE: i64 = 60;

async fn reply(browser: &mut Browser, to: i64, text: &str) -> String {
    let page = browser.post(&format!("/item/{to}/reply"), &[("text", text)]).await;
    page.location().unwrap_or_else(|| panic!("a comment: {} {}", page.status, page.text()))
}

async fn submit(browser: &mut Browser, title: &str, url: &str, text: &str) -> String {
    let page = browser.post("/submit", &[("title", title), ("url", url), ("text", text)]).await;
    page.location().unwrap_or_else(|| panic!("a story: {} {}", page.status, page.text()))
}

#[tokio::test]
async fn a_comment_sent_twice_is_one_and_both_answers_lead_to_it() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Text.").await;
    let first = reply(&mut alice, story, "The same words.").await;
    app.pass(9 * MINUTE);
    assert_eq!(
        reply(&mut alice, story, "The same words.\r\n\r\n").await,
        first,
        "as it is kept, it is the same"
    );
    assert_eq!(app.number("select count(*) from items where kind = 'comment'").await, 1);
    assert_eq!(app.number("select descendants from items where kind = 'story'").await, 1);
    assert_ne!(reply(&mut alice, story, "Other words.").await, first);
    assert_ne!(reply(&mut app.member("bob").await, story, "The same words.").await, first, "somebody else’s");
    let deeper: i64 = first.rsplit_once("#c").expect("an anchor").1.parse().expect("an id");
    assert_ne!(reply(&mut alice, deeper, "The same words.").await, first, "another place");
    app.pass(2 * MINUTE);
    assert_ne!(reply(&mut alice, story, "The same words.").await, first, "ten minutes later it is meant");
}

#[tokio::test]
async fn two_at_once_make_one() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Text.").await;
    let sent: Vec<_> = (0..8)
        .map(|nth| {
            let mut browser = alice.clone();
            tokio::spawn(async move {
                match nth % 2 {
                    0 => reply(&mut browser, story, "At once.").await,
                    _ => submit(&mut browser, "Another story", "", "At once.").await,
                }
            })
        })
        .collect();
    let mut places = std::collections::BTreeSet::new();
    for answer in sent {
        places.insert(answer.await.expect("an answer"));
    }
    assert_eq!(places.len(), 2, "{places:?}");
    assert_eq!(app.number("select count(*) from items where text = 'At once.'").await, 2);
}

#[tokio::test]
async fn a_story_sent_twice_is_one() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let text = submit(&mut alice, "Ask: why?", "", "Text.").await;
    assert_eq!(submit(&mut alice, "Ask: why?", "", "Text.").await, text);
    assert_ne!(submit(&mut alice, "Ask: why?", "", "Another text.").await, text);
    let link = submit(&mut alice, "A link", "https://example.com/a", "").await;
    assert_eq!(submit(&mut alice, "A link", "https://example.com/a", "").await, link);
    let both = submit(&mut alice, "A link", "https://example.com/b", "With words.").await;
    assert_eq!(submit(&mut alice, "A link", "https://example.com/b", "With words.").await, both);
    assert_eq!(app.number("select count(*) from items").await, 4);
    assert_eq!(app.number("select count(*) from votes where not own").await, 0, "no vote comes of it");
}

#[tokio::test]
async fn a_story_sent_twice_is_one_where_addresses_may_come_again_at_once() {
    let app = TestApp::with(|settings| {
        settings.duplicate_url_hours = Some(Period(0));
        settings.duplicate_url_days = Some(Period(0));
    })
    .await;
    let mut alice = app.member("alice").await;
    let link = submit(&mut alice, "A link", "https://example.com/a", "").await;
    assert_eq!(submit(&mut alice, "A link", "https://example.com/a", "").await, link);
    app.pass(11 * MINUTE);
    assert_ne!(submit(&mut alice, "A link", "https://example.com/a", "").await, link);
}

#[tokio::test]
async fn what_is_gone_can_be_sent_again() {
    let app = TestApp::new().await;
    app.account("mia", Role::Moderator).await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Text.").await;
    let deleted = alice.reply(story, "Said and deleted.").await;
    alice.post(&format!("/item/{deleted}/delete"), &[]).await;
    assert_ne!(alice.reply(story, "Said and deleted.").await, deleted);
    let killed = alice.reply(story, "Said and killed.").await;
    let act = ActionContext { actor: Some(app.id_of("mia").await), reason: "rude", at: app.now() };
    app.store.kill(stoa::domain::items::item::ItemId(killed), true, act).await.expect("killed");
    assert_ne!(alice.reply(story, "Said and killed.").await, killed);
}

#[tokio::test]
async fn somebody_shadow_banned_notices_nothing() {
    let app = TestApp::new().await;
    let mut eve = app.member("eve").await;
    let story = app.member("bob").await.text_story("A story", "Text.").await;
    let act = ActionContext { actor: None, reason: "", at: app.now() };
    app.store.shadow(app.id_of("eve").await, act).await.expect("shadow-banned");
    let first = eve.reply(story, "Unheard.").await;
    assert_eq!(eve.reply(story, "Unheard.").await, first);
    let link = submit(&mut eve, "A link", "https://example.com/e", "").await;
    assert_eq!(submit(&mut eve, "A link", "https://example.com/e", "").await, link);
    assert_eq!(app.number("select count(*) from items where dead = 'shadow'").await, 2);
}

#[tokio::test]
async fn what_comes_twice_counts_once() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        settings.new_account_comments_per_hour = Some(2);
        settings.new_account_stories_per_hour = Some(2);
    })
    .await;
    let mut alice = app.member("alice").await;
    for _ in 0..3 {
        submit(&mut alice, "One", "", "Text.").await;
    }
    let story = app.person("mia", Role::Moderator).await.text_story("A story", "Text.").await;
    for _ in 0..3 {
        alice.reply(story, "One.").await;
    }
    submit(&mut alice, "Two", "", "Text.").await;
    for _ in 0..3 {
        alice.reply(story, "Two.").await;
    }
    let page = alice.post(&format!("/item/{story}/reply"), &[("text", "Three.")]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
}
