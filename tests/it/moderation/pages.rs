//! The moderators' pages, and what moderation tells those whom it concerns.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemError;
use stoa::domain::moderation::permissions::ModerationError;

use crate::support::app::{Page, TestApp};
use crate::support::fixtures::{Town, done, read_all};
use crate::support::page::Element;
use crate::support::sentences::refused;

/// The way to the desk, with how much waits there.
const DESK: &str = "header a[href='/mod']";

#[tokio::test]
async fn moderators_alone_see_the_way_to_the_desk_with_how_much_waits_there() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let title = "A story that somebody flagged";
    let story = alice.text_story(title, "Words to judge.").await;
    alice.get("/").await.finds(0, DESK);
    app.visitor().get("/").await.finds(0, DESK);
    let front = mia.get("/").await;
    front.finds(1, DESK);
    assert_eq!(front.number(DESK), 0, "nothing waits yet");
    let empty = mia.get("/mod").await;
    empty.finds_role(1, "navigation", "Moderators' pages");
    empty.finds(0, "article");
    assert!(empty.says("The queue is empty"), "{}", empty.text());

    app.sql(&format!(
        "update items set queued_at = {}, queue_reason = 'a word' where id = {story}",
        app.now().0
    ))
    .await;
    app.pass(120);
    let desk = mia.get("/mod").await;
    assert_eq!(desk.number(DESK), 1, "the header counts");
    let waiting = desk.one(&format!("article#i{story}"));
    assert_eq!(waiting.one("h2").text, title);
    for shown in ["Words to judge.", "a word", "2 minutes ago", "1 karma", "alice"] {
        assert!(waiting.text.contains(shown), "{shown}: {}", waiting.text);
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
    let titles = |page: &Page| page.texts("article h2").into_iter().collect::<BTreeSet<String>>();
    let of = |numbers: std::ops::Range<i32>| {
        numbers.map(|n| format!("Story {n} of many")).collect::<BTreeSet<String>>()
    };
    let first = mia.get("/mod").await;
    first.finds(30, "article");
    let more = first.more().expect("more");
    app.sql("update items set queued_at = null where title = 'Story 5 of many'").await;
    let second = mia.get(&more).await;
    second.finds(5, "article");
    assert_eq!((titles(&first), titles(&second)), (of(5..35), of(0..5)), "{more}");
}

#[tokio::test]
async fn whoever_wrote_something_is_told_what_became_of_it_and_why() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let story = alice.text_story("Buy my things", "Cheap.").await;
    app.pass(60);
    mia.post(&format!("/item/{story}/kill"), &[("on", "true"), ("reason", "spam")]).await;
    let unread = "header a[href='/inbox']";
    assert_eq!(alice.get("/").await.number(unread), 1, "the header counts it");

    let page = alice.get("/inbox").await;
    let notice = page.one("article");
    assert!(notice.text.contains("spam"), "why: {}", notice.text);
    notice.finds(1, "header b");
    notice.finds(1, "a[href='/contact']");
    let about = notice.one(&format!("header a[href='/item/{story}']"));
    assert_eq!(about.text, "Buy my things", "and which one");
    assert!(!page.mentions("mia"), "not by whom");
    assert_eq!(alice.get("/inbox").await.number(unread), 1, "until it is marked as read");
    read_all(&mut alice).await;
    let again = alice.get("/inbox").await;
    again.one("article").finds(0, "header b");
    assert_eq!(again.number(unread), 0, "read once, it is not new");
    mia.get("/inbox").await.finds(0, "article");
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
            app.sql(&format!(
                "insert into notifications (user_id, created_at, action) values ({id}, {at}, 'kill')"
            ))
            .await;
            app.sql(&format!(
                "insert into inbox (user_id, kind, notification_id, created_at) \
                 select {id}, 'notice', max(id), {at} from notifications"
            ))
            .await;
            app.number("select max(id) from notifications").await
        } else {
            bob.reply(story, &format!("Answer {n}.")).await
        };
        told.push(format!("{}{number}", if notice { "n" } else { "c" }));
    }
    let (mut seen, mut next) = (Vec::new(), Some("/inbox".to_owned()));
    while let Some(path) = next {
        let page = alice.get(&path).await;
        seen.extend(page.all("article").iter().map(|row| row.attr("id").to_owned()));
        next = page.more();
        assert!(seen.len() <= 100, "it ends");
    }
    told.reverse();
    assert_eq!(seen, told);
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
    let page = mia.post(&lock(story), &[("on", "true"), ("reason", " ")]).await;
    refused(&page, StatusCode::UNPROCESSABLE_ENTITY, ModerationError::NoReason);
    assert_eq!(page.wrong(), ["lock-reason"]);

    mia.post(&lock(comment), &[("on", "true"), ("reason", "it went nowhere")]).await;
    for id in [comment, below] {
        let page = alice.post(&format!("/item/{id}/reply"), &[("text", "More.")]).await;
        refused(&page, StatusCode::FORBIDDEN, ItemError::ThreadLocked);
    }
    alice.reply(story, "Beside it.").await;
    assert!(bob.get("/inbox").await.notices()[0].contains("it went nowhere"));
    assert_eq!(
        mia.post(&lock(comment), &[("on", "true"), ("reason", "again")]).await.status,
        StatusCode::CONFLICT
    );
    mia.post(&lock(comment), &[("on", "false")]).await;
    alice.reply(below, "More.").await;

    mia.post(&lock(story), &[("on", "true"), ("reason", "heated")]).await;
    let page = bob.post(&format!("/item/{story}/reply"), &[("text", "Too late.")]).await;
    refused(&page, StatusCode::FORBIDDEN, ItemError::ThreadLocked);
}

#[tokio::test]
async fn a_moderator_changes_title_and_address_and_what_it_was_is_kept() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let bait = "You will not believe this";
    let story = alice.story(bait, "https://example.com/a?utm_source=x").await;
    let edit = format!("/item/{story}/edit");
    // An address is for moderators to change.
    alice.get(&edit).await.finds(0, "[name=url]");
    mia.get(&edit).await.finds(1, "[name=url]");
    let wrong = [("title", "A plain title"), ("url", "nonsense"), ("text", ""), ("reason", "bait")];
    let page = mia.post(&edit, &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!([page.value("[name=url]"), page.value("[name=reason]")], ["nonsense", "bait"]);
    let form =
        [("title", "A plain title"), ("url", "https://other.example/a"), ("text", ""), ("reason", "bait")];
    assert_eq!(mia.post(&edit, &form).await.status, StatusCode::SEE_OTHER);

    let mut visitor = app.visitor();
    assert_eq!(visitor.get("/from/other.example").await.titles(), ["A plain title"]);
    assert!(visitor.get("/from/example.com").await.titles().is_empty());
    let told = alice.get("/inbox").await.notices().concat();
    assert!([bait, "A plain title", "bait."].iter().all(|words| told.contains(words)), "{told}");
    let logged = visitor.get(&format!("/log?item={story}")).await.one("main ol > li").text;
    assert!(logged.contains("to https://other.example/a"), "{logged}");
    let before = mia.get(&format!("/item/{story}/history")).await.one("article").text;
    assert!(before.contains(bait) && before.contains("https://example.com/a"), "{before}");
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
    assert_eq!(
        (empty.status, empty.wrong()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["pin-text".to_owned()])
    );
    mia.post(&pin, &[("on", "true"), ("text", "Please *stay* kind.")]).await;
    let page = app.visitor().get(&format!("/item/{story}")).await;
    let notice = page.one_role("complementary", "From the moderators");
    assert_eq!(
        (notice.one(".t").text.as_str(), notice.one("em").text.as_str()),
        ("Please stay kind.", "stay")
    );
    mia.post(&pin, &[("on", "false"), ("text", "")]).await;
    assert!(app.visitor().get(&format!("/item/{story}")).await.roles("complementary").is_empty());
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
    let place = |page: &Page| page.stories().iter().position(|id| *id == old);
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
    let hers = page.one("#ualice");
    // Three of each are enough to judge by.
    hers.finds(4, "form[action$='/kill']");
    for shown in ["My first story", "Hello there.", "My first comment.", "Story number 2", "Story number 3"] {
        assert!(hers.text.contains(shown), "{shown}: {}", hers.text);
    }
    let silent = page.one("#usilent");
    silent.finds(0, "form[action$='/kill']");
    assert!(silent.text.contains("nothing posted yet"), "{}", silent.text);
}

#[tokio::test]
async fn whether_it_was_a_mistake_is_asked_under_bad_news_alone() {
    let Town { app, mut bob, mut mia, mut ada, .. } = Town::new().await;
    // Whether a notice leads to where a mistake is told, and nowhere else: there is no post to look at.
    let asks = |notice: &Element| {
        let links = notice.all("a");
        assert!(links.iter().all(|link| link.attr("href") == "/contact"), "{links:?}");
        links.len() == 1
    };
    for (what, form, words, mistake) in [
        ("warn", vec![("warning", "be kind")], "A moderator warned you", true),
        (
            "limit",
            vec![("on", "true"), ("limit_days", "1"), ("limit_reason", "why")],
            "limited how often you can post",
            true,
        ),
        ("limit", vec![("on", "false"), ("limit_reason", "why")], "as often as others again", false),
        (
            "ban",
            vec![("on", "true"), ("ban_days", "1"), ("ban_reason", "why")],
            "A moderator banned you",
            true,
        ),
        ("ban", vec![("on", "false"), ("ban_reason", "why")], "lifted the ban", false),
    ] {
        app.pass(60);
        assert_eq!(
            mia.post(&format!("/user/bob/{what}"), &form).await.status,
            StatusCode::SEE_OTHER,
            "{what}"
        );
        if words.contains("banned you") {
            continue;
        }
        if words.contains("lifted") {
            bob = app.log_in("bob").await;
        }
        let page = bob.get("/inbox").await;
        let latest = &page.all("article")[0];
        assert!(latest.text.contains(words), "{words}: {}", latest.text);
        assert_eq!(asks(latest), mistake, "{}", latest.text);
    }
    ada.post("/mod/team", &[("name", "bob"), ("role", "moderator"), ("reason", "more hands")]).await;
    let notices = bob.get("/inbox").await.all("article");
    let asked: Vec<bool> = notices.iter().map(asks).collect();
    assert_eq!(asked, [false, false, true, false, true, true], "the latest first: {notices:#?}");
    assert!(notices[0].text.contains("An admin made you a moderator"), "{}", notices[0].text);
    assert!(notices[2].text.contains("A moderator banned you"), "{}", notices[2].text);
}

#[tokio::test]
async fn a_mistake_is_told_once_whether_or_not_the_item_still_has_the_form() {
    let app = TestApp::new().await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let story = alice.text_story("A story", "Words.").await;
    let comment = alice.reply(story, "A comment.").await;
    let long = "a".repeat(501);
    let mistaken: [(&str, &[(&str, &str)]); 6] = [
        ("kill", &[("on", "true"), ("reason", "other"), ("note", "")]),
        ("clear", &[("reason", &long)]),
        ("lock", &[("on", "true"), ("reason", "")]),
        ("merge", &[("on", "true"), ("into", "nowhere")]),
        ("detach", &[("on", "true"), ("reason", "")]),
        ("second-chance", &[("on", "true"), ("reason", &long)]),
    ];
    let (mut at_a_field, mut on_top) = (0, 0);
    for (act, reason) in [("", ""), ("lock", "Enough"), ("kill", "spam")] {
        for id in [story, comment] {
            if !act.is_empty() {
                done(&mut mia, &format!("/item/{id}/{act}"), &[("on", "true"), ("reason", reason)]).await;
            }
            for (form, typed) in mistaken {
                let page = mia.post(&format!("/item/{id}/{form}"), typed).await;
                if page.status == StatusCode::UNPROCESSABLE_ENTITY {
                    let told = (page.all("main p.error").len(), page.all("main #errors li").len());
                    assert!(matches!(told, (1, 0) | (0, 1)), "{form} after {act}: {told:?}");
                    (at_a_field, on_top) = (at_a_field + told.0, on_top + told.1);
                }
            }
        }
    }
    assert!(at_a_field > 5 && on_top > 3, "{at_a_field} and {on_top}");
}
