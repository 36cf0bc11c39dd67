//! Concurrent edits do not silently overwrite each other, and emptying an answered item is visible to
//! moderators.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;
use stoa::domain::limits::policy::Period;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};

const HOUR: i64 = 3_600;

/// The form for an edit as a browser has it open: its hidden fields, and what is typed into it.
async fn open(browser: &mut Browser, path: &str) -> Vec<(String, String)> {
    fields(&browser.get(path).await)
}

fn fields(page: &Page) -> Vec<(String, String)> {
    let within = |selector: &str| page.all(&format!("form.write:not(.entry) {selector}"));
    let inputs = within("input").into_iter().filter(|input| input.attr("type") != "checkbox");
    let inputs = inputs.map(|input| (input.attr("name").to_owned(), input.attr("value").to_owned()));
    let texts = within("textarea").into_iter().map(|text| (text.attr("name").to_owned(), text.text));
    let chosen = within("select").into_iter().map(|select| {
        let option = select.all("option[selected]").pop().expect("a choice");
        (select.attr("name").to_owned(), option.attr("value").to_owned())
    });
    inputs.chain(texts).chain(chosen).collect()
}

async fn send(
    browser: &mut Browser,
    path: &str,
    mut form: Vec<(String, String)>,
    typed: &[(&str, &str)],
) -> Page {
    for (field, value) in &mut form {
        if let Some((_, new)) = typed.iter().find(|(name, _)| *name == field.as_str()) {
            (*new).clone_into(value);
        }
    }
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &form).await
}

#[tokio::test]
async fn two_editors_see_each_others_text_and_neither_is_lost() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.text_story("A story", "As it was.").await;
    let path = format!("/item/{story}/edit");
    let (hers, mias) = (open(&mut alice, &path).await, open(&mut mia, &path).await);
    let page = send(&mut mia, &path, mias, &[("title", "A better title"), ("text", "By mia.")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let page = send(&mut alice, &path, hers, &[("title", "Her title"), ("text", "By alice.")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.says("It was changed while you were writing"), "{}", page.text());
    assert_eq!(page.one("#now-title").attr("value"), "A better title");
    assert_eq!(page.one("#now-text").text, "By mia.");
    assert_eq!(
        (page.one("#title").attr("value"), page.one("textarea#text").text.as_str()),
        ("Her title", "By alice.")
    );
    let count = format!(
        "select count(*) from items where id = {story} and text = 'By mia.' and title = 'A better title'"
    );
    assert_eq!(app.number(&count).await, 1, "what stands is untouched");
    let page = send(&mut alice, &path, fields(&page), &[("text", "By both.")]).await;
    assert_eq!(
        page.status,
        StatusCode::SEE_OTHER,
        "from there it is an edit of the newest version: {}",
        page.text()
    );
    assert_eq!(app.number("select count(*) from revisions").await, 2);
    assert_eq!(
        app.number("select count(*) from items where text = 'By both.' and title = 'Her title'").await,
        1
    );
}

#[tokio::test]
async fn an_address_that_was_changed_meanwhile_is_not_overwritten_unseen() {
    let app = TestApp::new().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = app.member("alice").await.story("A story", "https://example.com/one").await;
    let path = format!("/item/{story}/edit");
    let (one, two) = (open(&mut mia, &path).await, open(&mut mia, &path).await);
    send(&mut mia, &path, one, &[("url", "https://example.com/two")]).await;
    let page = send(&mut mia, &path, two, &[("url", "https://example.com/three")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_eq!(page.one("#now-url").attr("value"), "https://example.com/two");
    assert_eq!(page.one("#url").attr("value"), "https://example.com/three");
}

#[tokio::test]
async fn an_edit_sent_twice_is_one() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "As it was.").await;
    let path = format!("/item/{story}/edit");
    let form = open(&mut alice, &path).await;
    for _ in 0..2 {
        let page = send(&mut alice, &path, form.clone(), &[("text", "As it is.")]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }
    assert_eq!(app.number("select count(*) from revisions").await, 1);
}

#[tokio::test]
async fn a_preview_or_a_log_in_in_between_makes_it_no_edit_of_what_came_meanwhile() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.text_story("A story", "As it was.").await;
    let path = format!("/item/{story}/edit");
    let mut form = open(&mut alice, &path).await;
    let mias = open(&mut mia, &path).await;
    send(&mut mia, &path, mias, &[("text", "By mia.")]).await;
    form.push(("preview".to_owned(), "true".to_owned()));
    let page = send(&mut alice, &path, form, &[("text", "By alice.")]).await;
    page.finds(1, ".preview");
    app.sql("delete from sessions").await;
    app.store.detect_external_writes().await.expect("noticed");
    let page = send(&mut alice, &path, fields(&page), &[]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let mut log_in: Vec<(String, String)> = page
        .all("form[action='/login'] input, form[action='/login'] textarea")
        .into_iter()
        .map(|field| {
            let value =
                if field.has_attr("value") { field.attr("value").to_owned() } else { field.text.clone() };
            (field.attr("name").to_owned(), value)
        })
        .collect();
    for (field, value) in &mut log_in {
        match field.as_str() {
            "name" => "alice".clone_into(value),
            "password" => PASSWORD.clone_into(value),
            _ => {}
        }
    }
    let page = send(&mut alice, "/login", log_in, &[]).await;
    let page = send(&mut alice, &path, fields(&page), &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.text());
    assert_eq!(page.one("textarea#text").text, "By alice.");
}

#[tokio::test]
async fn two_windows_on_the_own_profile_lose_nothing() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let (one, two) = (open(&mut alice, "/settings").await, open(&mut alice, "/settings").await);
    let reading = open(&mut alice, "/settings").await;
    let page = send(&mut alice, "/settings", one, &[("about", "From one window.")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let page = send(&mut alice, "/settings", two, &[("about", "From the other.")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_eq!(page.one("#now-about").text, "From one window.");
    assert_eq!(page.one("textarea#about").text, "From the other.");
    let page = send(&mut alice, "/settings", fields(&page), &[]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let page =
        send(&mut alice, "/settings", reading, &[("about", "From the other."), ("order", "newest")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "what says the same overwrites nothing: {}", page.text());
}

#[tokio::test]
async fn whoever_empties_what_was_answered_comes_before_the_moderators() {
    let app = TestApp::with(|settings| settings.post_edit_minutes = Some(Period(600))).await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let mut alice = app.member("alice").await;
    let mut bob = app.member("bob").await;
    let text =
        "A claim that is long enough to be answered, with reasons, with figures and with a source of each.";
    let story = alice.text_story("A story", text).await;
    let answered = alice.reply(story, text).await;
    let alone = alice.reply(story, &format!("{text} And more.")).await;
    bob.reply(answered, "An answer.").await;
    let early = alice.reply(story, &format!("{text} Early.")).await;
    bob.reply(early, "Another answer.").await;
    let edit = async |browser: &mut Browser, id: i64, text: &str| {
        let page = browser.post(&format!("/item/{id}/edit"), &[("title", "A story"), ("text", text)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    };
    edit(&mut alice, early, "Never mind.").await;
    app.pass(HOUR);
    edit(&mut alice, alone, "Never mind.").await;
    edit(&mut alice, answered, &format!("{text} Corrected.")).await;
    assert_eq!(mia.get("/mod").await.texts("article.waiting"), Vec::<String>::new());
    edit(&mut alice, answered, ".").await;
    let queue = mia.get("/mod").await;
    queue.finds(1, &format!("article.waiting#i{answered}"));
    assert!(queue.says("its author took away nearly all of a text that has replies"), "{}", queue.text());
    // Little by little, and hidden where no reader sees it.
    let (staged, hidden) = (
        alice.reply(story, &format!("{text} Staged.")).await,
        alice.reply(story, &format!("{text} Hidden.")).await,
    );
    for id in [staged, hidden] {
        bob.reply(id, "An answer to it.").await;
    }
    app.pass(HOUR);
    let words: Vec<&str> = text.split(' ').collect();
    for left in [10, 5, 2] {
        mia.get("/mod").await.finds(0, &format!("article.waiting#i{staged}"));
        edit(&mut alice, staged, &words[..left].join(" ")).await;
    }
    edit(&mut alice, hidden, &format!("[.](/x \"{text}\")")).await;
    let queue = mia.get("/mod").await;
    queue.finds(1, &format!("article.waiting#i{staged}"));
    queue.finds(1, &format!("article.waiting#i{hidden}"));
    edit(
        &mut alice,
        story,
        "Something else altogether, written at an equal length in place of what stood here before.",
    )
    .await;
    mia.get("/mod").await.finds(1, &format!("article.waiting#i{story}"));
}

#[tokio::test]
async fn an_edit_that_comes_too_late_keeps_its_text() {
    let app = TestApp::with(|settings| settings.post_edit_minutes = Some(Period(120))).await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A story", "As it was.").await;
    let path = format!("/item/{story}/edit");
    let form = open(&mut alice, &path).await;
    app.pass(2 * HOUR + 60);
    let typed = "What she wrote for an hour.";
    for preview in [false, true] {
        let mut form = form.clone();
        if preview {
            form.push(("preview".to_owned(), "true".to_owned()));
        }
        let page = send(&mut alice, &path, form, &[("text", typed)]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.says("This can no longer be edited"), "{}", page.text());
        assert_eq!(page.texts("main textarea[readonly]"), ["A story", typed]);
    }
    assert_eq!(alice.get(&path).await.status, StatusCode::FORBIDDEN);
    let page = send(&mut bob, &path, form, &[("text", "By bob.")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.texts("main textarea[readonly]"), ["A story", "By bob."]);
    let page = alice.post(&path, &[("title", "New title"), ("text", ""), ("url", "a.io")]).await;
    assert_eq!(page.texts("main textarea[readonly]"), ["New title", "a.io"], "however short they are");
}
