//! The moderators' queue: what judging an item needs, each act in one place, and its undoing.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::flag;

/// A member with enough karma to flag.
async fn flagger(app: &TestApp, name: &str) -> Browser {
    let member = app.member(name).await;
    app.set_karma(name, 31).await;
    member
}

/// The reasons in the form that kills a post.
fn reasons(id: i64) -> String {
    format!("form[action='/item/{id}/kill'] select[name=reason]")
}

#[tokio::test]
async fn a_kill_begins_with_what_the_flags_mostly_say() {
    let app = TestApp::new().await;
    let (mut ann, mut ben) = (flagger(&app, "ann").await, flagger(&app, "ben").await);
    let (mut sam, mut mia) = (app.member("sam").await, app.person("mia", Role::Moderator).await);
    let rude = sam.text_story("You all are wrong", "Idiots.").await;
    flag(&mut ann, rude, "rude", "").await;
    let alone = format!("/item/{rude}/moderate");
    assert_eq!(mia.get("/mod").await.value(&reasons(rude)), "rude");
    assert_eq!(mia.get(&alone).await.value(&reasons(rude)), "rude");
    // What needs words is not chosen for a moderator who would add none.
    flag(&mut ben, rude, "other", "the third time today").await;
    let odd = sam.text_story("An odd one", "Words.").await;
    flag(&mut ben, odd, "other", "odd").await;
    let queue = mia.get("/mod").await;
    assert_eq!((queue.value(&reasons(rude)).as_str(), queue.value(&reasons(odd)).as_str()), ("rude", ""));
    let offered =
        |page: &Page| page.texts(&format!("{} option", reasons(rude))).contains(&"other".to_owned());
    assert!(!offered(&queue) && offered(&mia.get(&alone).await), "only where words can be added");
}

#[tokio::test]
async fn a_reason_of_other_needs_words_and_words_go_with_any_reason() {
    let app = TestApp::new().await;
    let (mut sam, mut mia) = (app.member("sam").await, app.person("mia", Role::Moderator).await);
    let story = sam.text_story("A story", "Words.").await;
    let kill = format!("/item/{story}/kill");
    let page = mia.post(&kill, &[("on", "true"), ("reason", "other")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.wrong(), ["kill-note"]);
    assert!(page.errors()[0].1.starts_with("Add details"), "{:?}", page.errors());
    assert_eq!(page.value(&reasons(story)), "other");
    let long = "w".repeat(501);
    let page = mia.post(&kill, &[("on", "true"), ("reason", "rude"), ("note", &long)]).await;
    assert_eq!((page.status, page.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["kill-note".to_owned()]));
    assert_eq!((page.value("#kill-note"), page.value(&reasons(story)).as_str()), (long, "rude"));
    assert_eq!(app.number("select count(*) from moderation_log").await, 0);
    mia.post(&kill, &[("on", "true"), ("reason", "rude"), ("note", "to newcomers")]).await;
    assert!(sam.get("/inbox").await.notices()[0].ends_with("Reason: rude: to newcomers."));
    mia.post(&kill, &[("on", "false")]).await;
    mia.post(&kill, &[("on", "true"), ("reason", "other"), ("note", "A private address.")]).await;
    assert!(sam.get("/inbox").await.notices()[0].ends_with("Reason: A private address."));
}

#[tokio::test]
async fn an_act_comes_back_to_the_row_after_it_and_can_be_undone_there() {
    let app = TestApp::new().await;
    let (mut ann, mut sam) = (flagger(&app, "ann").await, app.member("sam").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        app.pass(60);
        ids.push(sam.text_story(&format!("Story {n}"), "Words.").await);
        flag(&mut ann, ids[n], "spam", "").await;
    }
    let queue = mia.get("/mod").await;
    // The latest first: after the second row comes the one of the first story.
    let (waiting, said) = ("article[id^='i']", "main [role=status]");
    let kill = format!("form[action='/item/{}/kill']", ids[1]);
    assert_eq!(queue.value(&format!("{kill} [name=goto]")), format!("/mod#i{}", ids[0]));
    assert_eq!(queue.number("main nav a[href='/mod']"), 3, "how much is left");
    let row = format!("#i{}", ids[1]);
    queue.finds(3, waiting);
    queue.finds(1, &row);
    queue.finds(0, said);
    let form = [("on", "true"), ("reason", "spam"), ("goto", "/mod")];
    let queue = mia.submit(&format!("/item/{}/kill", ids[1]), &form).await;
    assert!(queue.message().starts_with("You killed “Story 1”: spam"), "{}", queue.message());
    queue.finds(1, &format!("{said} a[href='/item/{}']", ids[1]));
    queue.finds(2, waiting);
    queue.finds(0, &row);
    // It stands on each page where it may be seen to be wrong, and is one's own.
    mia.get("/mod/new").await.finds(1, said);
    let mut other = app.person("moritz", Role::Moderator).await;
    other.get("/mod").await.finds(0, said);
    queue.finds(1, &format!("{said} {kill} button[name=on][value=false]"));
    assert_eq!(queue.value(&format!("{said} {kill} [name=goto]")), "/mod");
    let queue = mia.submit(&format!("/item/{}/kill", ids[1]), &[("on", "false"), ("goto", "/mod")]).await;
    assert!(queue.message().starts_with("You restored"), "{}", queue.message());
    assert_eq!(
        app.number(&format!("select count(*) from items where id = {} and dead is null", ids[1])).await,
        1
    );
    app.pass(301);
    // After five minutes it is no news.
    mia.get("/mod").await.finds(0, said);
}

#[tokio::test]
async fn what_was_done_to_an_item_is_said_on_its_page_to_who_did_it() {
    let app = TestApp::new().await;
    let (mut sam, mut mia) = (app.member("sam").await, app.person("mia", Role::Moderator).await);
    let (first, second) =
        (sam.text_story("The first", "One.").await, sam.text_story("The second", "Two.").await);
    let page =
        mia.submit(&format!("/item/{second}/merge"), &[("on", "true"), ("into", &first.to_string())]).await;
    let said = "main [role=status]";
    assert!(
        page.message().contains("You merged") && page.message().contains("The second"),
        "{}",
        page.message()
    );
    page.finds(1, &format!("{said} form[action='/item/{second}/merge'] button[name=on][value=false]"));
    sam.get(&format!("/item/{first}")).await.finds(0, said);
    mia.get(&format!("/item/{}", sam.text_story("Another", "Three.").await)).await.finds(0, said);
}

#[tokio::test]
async fn whoever_comes_second_reads_who_was_first() {
    let app = TestApp::new().await;
    let (mut ann, mut sam) = (flagger(&app, "ann").await, app.member("sam").await);
    let (mut mia, mut moritz) =
        (app.person("mia", Role::Moderator).await, app.person("moritz", Role::Moderator).await);
    let story = sam.text_story("A story", "Words.").await;
    flag(&mut ann, story, "spam", "").await;
    moritz.post(&format!("/item/{story}/kill"), &[("on", "true"), ("reason", "spam")]).await;
    app.pass(120);
    for (act, form) in [("clear", ("reason", "")), ("kill", ("on", "true"))] {
        let page = mia.post(&format!("/item/{story}/{act}"), &[form]).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{act}");
        assert!(
            page.says("This has already been done: moritz killed this 2 minutes ago: spam."),
            "{}",
            page.text()
        );
    }
    assert_eq!(app.number("select count(*) from moderation_log").await, 1, "nothing was done twice");
}

#[tokio::test]
async fn a_comment_is_judged_beside_what_it_answers_and_who_flagged_it() {
    let app = TestApp::new().await;
    let (mut ann, mut sam) = (flagger(&app, "ann").await, app.member("sam").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = ann.text_story("A story", "Words.").await;
    let question = ann.reply(story, "Is the earth flat?").await;
    let answer = sam.reply(question, "You are an idiot.").await;
    flag(&mut ann, answer, "rude", "again").await;
    for path in ["/mod".to_owned(), format!("/item/{answer}/moderate")] {
        let page = mia.get(&path).await;
        assert!(page.says("Is the earth flat?") && page.says("You are an idiot."), "{path}: {}", page.text());
        page.finds(1, &format!("main h2 a[href='/item/{answer}']"));
        page.finds(1, "main a[href='/user/sam/moderate']");
        let flag = page.one("main article ul li").text;
        assert!(flag.contains("ann") && flag.ends_with("rude (“again”)"), "{path}: {flag}");
    }
    mia.get("/mod").await.finds(1, &format!("a[href='/item/{answer}/moderate?goto=%2Fmod']"));
    let page = mia.get(&format!("/item/{answer}/moderate?goto=%2Fmod%3Fat%3D5")).await;
    assert_eq!(page.value(&format!("form[action='/item/{answer}/kill'] [name=goto]")), "/mod?at=5");
    assert!(page.one("title").text.starts_with("Moderate the comment by sam"), "{}", page.text());
    mia.post(&format!("/item/{answer}/clear"), &[("reason", "it is blunt, no more")]).await;
    let flag = mia.get(&format!("/item/{answer}/moderate")).await.one("main article ul li").text;
    assert!(flag.ends_with("rude (“again”), rejected"), "who flagged it, and what became of that: {flag}");
    let way = format!("#c{answer} a[href='/item/{answer}/moderate']");
    let any = "a[href*='/moderate']";
    let thread = mia.get(&format!("/item/{story}")).await;
    thread.finds(1, &way);
    assert!(!thread.all(any).is_empty());
    let thread = sam.get(&format!("/item/{story}")).await;
    assert!(thread.comments().contains(&answer));
    thread.finds(0, &way);
    thread.finds(0, any);
}

#[tokio::test]
async fn new_accounts_are_members_alone_and_one_tap_from_their_own_desk() {
    let app = TestApp::new().await;
    let (mut mia, mut sam) = (app.person("mia", Role::Moderator).await, app.member("sam").await);
    let story = sam.text_story("Hello", "I am new.").await;
    let page = mia.get("/mod/new").await;
    let way = |name: &str| format!("main a[href='/user/{name}/moderate']");
    page.finds(1, &way("sam"));
    page.finds(0, &way("mia"));
    page.finds(1, &format!("main a[href='/item/{story}/moderate?goto=%2Fmod%2Fnew%23usam']"));
}
