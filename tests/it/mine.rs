//! The lists that a member alone sees: what they say of one's flags and vouches.

use axum::http::StatusCode;
use stoa::domain::user::Role;

use crate::app::{Browser, TestApp};

async fn flag(browser: &mut Browser, id: i64, reason: &str) {
    let page = browser.post(&format!("/item/{id}/flag"), &[("on", "true"), ("reason", reason), ("note", "")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

async fn judge(browser: &mut Browser, id: i64, act: &str) {
    let page = browser.post(&format!("/item/{id}/{act}"), &[("on", "true"), ("reason", "")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

/// What stands on the page of an item or in the list, between its address and the next.
fn row(page: &str, id: i64) -> &str {
    let begin = [format!("id=\"i{id}\""), format!("id=\"c{id}\""), format!("<a href=\"/item/{id}\">story ")];
    let at = begin.iter().find_map(|begin| page.find(begin.as_str())).unwrap_or_else(|| panic!("{id}: {page}"));
    page[at..].split("<li class=\"story").next().expect("a row").split("<article").next().expect("a row")
}

#[tokio::test]
async fn ones_own_flags_say_why_and_when_they_were_cast_and_what_came_of_them() {
    let app = TestApp::new().await;
    let (mut sam, mut ann) = (app.member("sam").await, app.member("ann").await);
    app.set_karma("ann", 31).await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let open = sam.text_story("A story", "Words.").await;
    let cleared = sam.text_story("Another story", "Words.").await;
    let comment = sam.reply(open, "A comment.").await;
    let killed = sam.text_story("Buy my things", "Words.").await;
    for (id, reason) in [(open, "off-topic"), (cleared, "duplicate"), (comment, "rude"), (killed, "spam")] {
        flag(&mut ann, id, reason).await;
    }
    judge(&mut mia, cleared, "clear").await;
    judge(&mut mia, killed, "kill").await;
    app.pass(3 * 86_400);
    let mut ann = app.session("ann").await;
    let page = ann.get("/flagged").await.text();
    for (id, note) in [
        (open, "You flagged it as off-topic 3 days ago.</p>"),
        (cleared, "You flagged it as a duplicate 3 days ago. A moderator let it stand.</p>"),
        (comment, "You flagged it as rude 3 days ago.</p>"),
        (killed, "You flagged it as spam 3 days ago. A moderator agreed.</p>"),
    ] {
        assert!(row(&page, id).contains(note), "{note}: {page}");
    }
    assert!(page.contains("<h2>Out of sight now</h2>") && !page.contains("Buy my things"), "what it was is not told");
    assert!(
        ann.get(&format!("/item/{cleared}")).await.has("You flagged this as a duplicate. A moderator let it stand.")
    );
    assert!(!ann.get("/new").await.has("You flagged it"), "nor does it stand in other lists");
    ann.post("/settings", &[("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
    let page = ann.get("/flagged").await.text();
    assert!(row(&page, killed).contains("A moderator agreed.") && page.contains("Buy my things"), "{page}");
    assert!(ann.get(&format!("/item/{killed}")).await.has("You flagged this as spam. A moderator agreed."));
}

#[tokio::test]
async fn whoever_has_vouched_for_nothing_reads_where_dead_posts_are_shown() {
    let app = TestApp::new().await;
    let mut ann = app.member("ann").await;
    assert!(ann.get("/user/ann").await.has("<a href=\"/vouched\">vouched for</a>"));
    let page = ann.get("/vouched").await;
    assert!(page.has("<h1>Vouched for</h1>") && page.has("“Show dead stories and comments” in your settings."));
    assert!(page.has("<a href=\"/settings\">Go to the settings</a>"), "{}", page.text());
    ann.post("/settings", &[("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
    let page = ann.get("/vouched").await;
    assert!(page.has("You have vouched for nothing yet.") && !page.has("in your settings"), "{}", page.text());
}

#[tokio::test]
async fn how_many_have_to_vouch_is_said_for_one_and_for_several() {
    for (needed, said) in
        [(1, "One member who vouches for it brings it back."), (3, "3 members who vouch for it bring it back.")]
    {
        let app = TestApp::with(|settings| {
            settings.flags_to_kill = Some(1);
            settings.vouches_to_restore = Some(needed);
        })
        .await;
        let (mut sam, mut ann, mut ben) = (app.member("sam").await, app.member("ann").await, app.member("ben").await);
        app.sql("update users set karma = 31").await;
        let story = sam.text_story("A story", "Words.").await;
        flag(&mut ann, story, "spam").await;
        ben.post("/settings", &[("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
        let page = ben.get(&format!("/item/{story}")).await;
        assert!(page.has(said), "{said}: {}", page.text());
    }
}
