//! The moderators' desk, and what moderation tells those whom it concerns.

use axum::http::StatusCode;
use stoa::domain::user::Role;

use crate::app::{Page, TestApp};

/// The address of the page after this one.
fn more(page: &Page) -> Option<String> {
    let text = page.text();
    let href = text.split("<p class=\"next\"><a href=\"").nth(1)?.split('"').next()?;
    Some(href.replace("&#38;", "&"))
}

#[tokio::test]
async fn moderators_alone_see_the_way_to_the_desk_with_how_much_waits_there() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let story = alice.text_story("A story that somebody flagged", "Words to judge.").await;
    assert!(!alice.get("/").await.has("href=\"/mod\""));
    assert!(!app.visitor().get("/").await.has("href=\"/mod\""));
    let front = mia.get("/").await;
    assert!(front.has("href=\"/mod\"") && !front.has(" waiting"), "nothing waits yet");
    let empty = mia.get("/mod").await;
    assert!(empty.has("Nothing waits for you") && empty.has("aria-label=\"Moderators' desk\""), "{}", empty.text());

    app.sql(&format!("update items set queued_at = {}, queued_for = 'a word' where id = {story}", app.now().0)).await;
    app.pass(120);
    let desk = mia.get("/mod").await;
    assert!(desk.has(">1<span class=\"said\"> waiting</span>"), "the header counts");
    for shown in ["A story that somebody flagged", "Words to judge.", "a word", "2 minutes ago", "1 karma", "alice"] {
        assert!(desk.has(shown), "{shown}: {}", desk.text());
    }
    assert_eq!(alice.get("/mod").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_queue_goes_on_where_its_page_ends_even_when_that_item_has_left() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    for n in 0..35 {
        let story = alice.text_story(&format!("Story {n} of many"), "Words.").await;
        // Several came at the same moment.
        app.sql(&format!("update items set queued_at = {} where id = {story}", n / 4)).await;
    }
    let first = mia.get("/mod").await;
    assert_eq!(first.count("<article class=\"waiting\""), 30);
    let more = more(&first).expect("more");
    app.sql("update items set queued_at = null where title = 'Story 5 of many'").await;
    let second = mia.get(&more).await;
    assert_eq!(second.count("<article class=\"waiting\""), 5, "{more}");
    for n in 0..35 {
        let title = format!("Story {n} of many");
        assert_eq!(first.has(&title), n >= 5, "{title} first");
        assert_eq!(second.has(&title), n < 5, "{title} second");
    }
}

#[tokio::test]
async fn whoever_wrote_something_is_told_what_became_of_it_and_why() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let story = alice.text_story("Buy my things", "Cheap.").await;
    app.pass(60);
    mia.post(&format!("/item/{story}/kill"), &[("on", "true"), ("reason", "spam")]).await;
    assert!(alice.get("/").await.has(">1<span class=\"said\"> unread</span>"), "the header counts it");

    let page = alice.get("/replies").await;
    assert!(page.has("A moderator took your story out of sight. The reason: spam."), "{}", page.text());
    assert!(page.has("<b>new</b>") && page.has("href=\"/contact\""), "and what they may do about it");
    assert!(page.has(&format!("<a href=\"/item/{story}\">Buy my things</a>")), "and which one");
    assert!(!page.has("mia"), "not by whom");
    let again = alice.get("/replies").await;
    assert!(again.has("out of sight") && !again.has("<b>new</b>") && !again.has(" unread"), "read once, it is not new");
    assert!(!mia.get("/replies").await.has("out of sight"), "nobody else is told");
}

#[tokio::test]
async fn notices_stand_among_the_replies_by_their_time_over_all_pages() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A story", "Words.").await;
    let id = app.id_of("alice").await.0;
    let mut told = Vec::new();
    for n in 0..70 {
        // Three things at each moment, of which some are notices.
        app.pass(if n % 3 == 0 { 60 } else { 0 });
        let notice = n % 5 < 2;
        let number = if notice {
            let at = app.now().0;
            app.sql(&format!("insert into notices (user_id, at, act, text) values ({id}, {at}, 'kill', 'Told.')"))
                .await;
            app.number("select max(id) from notices").await
        } else {
            bob.reply(story, &format!("Answer {n}.")).await
        };
        told.push((app.now().0, !notice, number));
    }
    told.sort_unstable();
    let expected = told.iter().rev().map(|(_, reply, id)| format!("{}{id}", if *reply { "c" } else { "n" }));
    let (mut seen, mut next) = (Vec::new(), Some("/replies".to_owned()));
    while let Some(path) = next {
        let page = alice.get(&path).await;
        let text = page.text();
        let rows = text
            .split("<article class=\"c flat")
            .skip(1)
            .filter_map(|row| row.split("id=\"").nth(1)?.split('"').next());
        seen.extend(rows.map(str::to_owned));
        next = more(&page);
        assert!(seen.len() <= 100, "it ends");
    }
    assert_eq!(seen, expected.collect::<Vec<_>>());
}
