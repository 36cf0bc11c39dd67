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

#[tokio::test]
async fn a_locked_thread_takes_no_comments_until_it_is_unlocked() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.text_story("A story", "Words.").await;
    let comment = bob.reply(story, "A comment.").await;
    let below = alice.reply(comment, "An answer.").await;
    let lock = |id: i64| format!("/item/{id}/lock");
    let refused = mia.post(&lock(story), &[("on", "true"), ("reason", " ")]).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.has("Say why"), "{}", refused.text());

    mia.post(&lock(comment), &[("on", "true"), ("reason", "it went nowhere")]).await;
    for id in [comment, below] {
        let page = alice.post(&format!("/item/{id}/reply"), &[("text", "More.")]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "a lock holds for all below");
    }
    alice.reply(story, "Beside it.").await;
    assert!(bob.get("/replies").await.has("no more replies. The reason: it went nowhere."));
    assert_eq!(mia.post(&lock(comment), &[("on", "true"), ("reason", "again")]).await.status, StatusCode::CONFLICT);
    mia.post(&lock(comment), &[("on", "false")]).await;
    alice.reply(below, "More.").await;

    mia.post(&lock(story), &[("on", "true"), ("reason", "heated")]).await;
    let page = bob.post(&format!("/item/{story}/reply"), &[("text", "Too late.")]).await;
    assert!(page.status == StatusCode::FORBIDDEN && page.has("This thread is locked"));
}

#[tokio::test]
async fn a_moderator_changes_title_and_address_and_what_it_was_is_kept() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.story("You will not believe this", "https://example.com/a?utm_source=x").await;
    let edit = format!("/item/{story}/edit");
    assert!(!alice.get(&edit).await.has("name=\"url\""), "an address is for moderators to change");
    let wrong = [("title", "A plain title"), ("url", "nonsense"), ("text", ""), ("reason", "bait")];
    let page = mia.post(&edit, &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("value=\"nonsense\"") && page.has("value=\"bait\""), "what was typed is kept");
    let form = [("title", "A plain title"), ("url", "https://other.example/a"), ("text", ""), ("reason", "bait")];
    assert_eq!(mia.post(&edit, &form).await.status, StatusCode::SEE_OTHER);

    let mut visitor = app.visitor();
    assert!(visitor.get("/from/other.example").await.has("A plain title"));
    assert!(!visitor.get("/from/example.com").await.has("A plain title"));
    let told = alice.get("/replies").await;
    assert!(told.has("“You will not believe this” became “A plain title”") && told.has("The reason: bait."));
    assert!(visitor.get(&format!("/log?item={story}")).await.has("became https://other.example/a"));
    let history = mia.get(&format!("/item/{story}/history")).await;
    assert!(history.has("You will not believe this") && history.has("https://example.com/a"), "{}", history.text());
    assert_eq!(alice.get(&format!("/item/{story}/history")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_notice_stands_above_the_thread_until_it_is_taken_off() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.text_story("A story", "Words.").await;
    let pin = format!("/item/{story}/pin");
    let empty = mia.post(&pin, &[("on", "true"), ("text", " ")]).await;
    assert!(empty.status == StatusCode::UNPROCESSABLE_ENTITY && empty.has("Write something first."));
    mia.post(&pin, &[("on", "true"), ("text", "Please *stay* kind.")]).await;
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert!(page.has("Please <em>stay</em> kind.") && page.has("From the moderators"));
    mia.post(&pin, &[("on", "false"), ("text", "")]).await;
    assert!(!app.visitor().get(&format!("/item/{story}")).await.has("From the moderators"));
    assert_eq!(mia.post(&pin, &[("on", "false"), ("text", "")]).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_second_chance_places_a_story_low_on_the_front_page() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let mut bob = app.member("bob").await;
    let old = alice.story("An old story", "https://example.com/old").await;
    bob.vote(old, "up").await;
    mia.vote(old, "up").await;
    app.pass(3 * 86_400);
    for n in 0..40 {
        let story = alice.story(&format!("Story {n}"), &format!("https://example.com/{n}")).await;
        bob.vote(story, "up").await;
        app.pass(60);
    }
    let place = |page: &Page| {
        let text = page.text();
        text.split("<li class=\"story").skip(1).position(|row| row.contains("An old story"))
    };
    assert_eq!(place(&app.visitor().get("/").await), None);
    let give = format!("/item/{old}/second-chance");
    assert_eq!(mia.post(&give, &[("on", "true"), ("reason", "missed")]).await.status, StatusCode::SEE_OTHER);
    let at = place(&app.visitor().get("/").await).expect("it is on the front page");
    assert!((20..30).contains(&at), "low on it: {at}");
    let again = mia.post(&format!("/item/{old}/second-chance"), &[("on", "false")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(place(&app.visitor().get("/").await), None, "it can be taken back");
}

#[tokio::test]
async fn moderators_see_the_first_posts_of_new_accounts() {
    let app = TestApp::new().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let mut alice = app.member("alice").await;
    app.member("silent").await;
    let story = alice.text_story("My first story", "Hello there.").await;
    alice.reply(story, "My first comment.").await;
    for n in 2..6 {
        app.pass(60);
        alice.text_story(&format!("Story number {n}"), "Words.").await;
    }
    let page = mia.get("/mod/new").await;
    for shown in ["My first story", "Hello there.", "My first comment.", "Story number 3", "nothing posted yet"] {
        assert!(page.has(shown), "{shown}: {}", page.text());
    }
    assert!(!page.has("Story number 4"), "three of each are enough to judge by");
}

#[tokio::test]
async fn whether_it_was_a_mistake_is_asked_under_bad_news_alone() {
    let app = TestApp::new().await;
    let (mut bob, mut mia) = (app.member("bob").await, app.person("mia", Role::Moderator).await);
    let mut ada = app.person("ada", Role::Admin).await;
    for (what, form, words, mistake) in [
        ("warn", vec![("warning", "be kind")], "A moderator warns you", true),
        ("slow", vec![("on", "true"), ("slow_days", "1"), ("slow_reason", "why")], "slowed you down", true),
        ("slow", vec![("on", "false"), ("slow_reason", "why")], "as often as others again", false),
        ("ban", vec![("on", "true"), ("ban_days", "1"), ("ban_reason", "why")], "A moderator banned you", true),
        ("ban", vec![("on", "false"), ("ban_reason", "why")], "lifted the ban", false),
    ] {
        app.pass(60);
        assert_eq!(mia.post(&format!("/user/bob/{what}"), &form).await.status, StatusCode::SEE_OTHER, "{what}");
        if words.contains("banned you") {
            continue;
        }
        if words.contains("lifted") {
            bob = app.log_in("bob").await;
        }
        let page = bob.get("/replies").await.text();
        let notice =
            page.split("<article").find(|row| row.contains(words)).unwrap_or_else(|| panic!("{words}: {page}"));
        assert_eq!(notice.contains("Was this a mistake?"), mistake, "{notice}");
        assert!(!notice.contains("See what you can do"), "there is no post to look at: {notice}");
    }
    ada.post("/mod/team", &[("name", "bob"), ("role", "moderator"), ("reason", "more hands")]).await;
    let page = bob.get("/replies").await.text();
    for (words, mistake) in [("An admin made you a moderator", false), ("A moderator banned you", true)] {
        let notice =
            page.split("<article").find(|row| row.contains(words)).unwrap_or_else(|| panic!("{words}: {page}"));
        assert_eq!(notice.contains("Was this a mistake?"), mistake, "{notice}");
    }
}
