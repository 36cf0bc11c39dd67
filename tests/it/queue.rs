//! The moderators' queue: what judging an item needs, each act in one place, and its undoing.

use axum::http::StatusCode;
use stoa::domain::user::Role;

use crate::app::{Browser, TestApp};

/// A member with enough karma to flag.
async fn flagger(app: &TestApp, name: &str) -> Browser {
    let member = app.member(name).await;
    app.set_karma(name, 31).await;
    member
}

async fn flag(member: &mut Browser, id: i64, reason: &str, note: &str) {
    let form = [("on", "true"), ("reason", reason), ("note", note)];
    assert_eq!(member.post(&format!("/item/{id}/flag"), &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_kill_begins_with_what_the_flags_mostly_say() {
    let app = TestApp::new().await;
    let (mut ann, mut ben) = (flagger(&app, "ann").await, flagger(&app, "ben").await);
    let (mut sam, mut mia) = (app.member("sam").await, app.person("mia", Role::Moderator).await);
    let rude = sam.text_story("You all are wrong", "Idiots.").await;
    flag(&mut ann, rude, "rude", "").await;
    let queue = mia.get("/mod").await;
    assert!(queue.has("<option selected>rude</option>"), "{}", queue.text());
    assert!(mia.get(&format!("/item/{rude}/moderate")).await.has("<option selected>rude</option>"));
    // What needs words is not chosen for a moderator who would add none.
    flag(&mut ben, rude, "other", "the third time today").await;
    let odd = sam.text_story("An odd one", "Words.").await;
    flag(&mut ben, odd, "other", "odd").await;
    let queue = mia.get("/mod").await;
    assert_eq!(queue.count(" selected>"), 2, "the theme's and one reason: {}", queue.text());
    assert!(!queue.has("<option>other</option>"));
}

#[tokio::test]
async fn a_reason_of_other_needs_words_and_words_go_with_any_reason() {
    let app = TestApp::new().await;
    let (mut sam, mut mia) = (app.member("sam").await, app.person("mia", Role::Moderator).await);
    let story = sam.text_story("A story", "Words.").await;
    let kill = format!("/item/{story}/kill");
    let page = mia.post(&kill, &[("on", "true"), ("reason", "other")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("Say in your words why") && page.has("<option selected>other</option>"), "{}", page.text());
    let long = "w".repeat(501);
    let page = mia.post(&kill, &[("on", "true"), ("reason", "rude"), ("note", &long)]).await;
    assert!(page.has("500 characters are enough") && page.has(&long) && page.has("<option selected>rude</option>"));
    assert_eq!(app.number("select count(*) from moderation").await, 0);
    mia.post(&kill, &[("on", "true"), ("reason", "rude"), ("note", "to newcomers")]).await;
    assert!(sam.get("/replies").await.has("The reason: rude: to newcomers."));
    mia.post(&kill, &[("on", "false")]).await;
    mia.post(&kill, &[("on", "true"), ("reason", "other"), ("note", "A private address.")]).await;
    assert!(sam.get("/replies").await.has("The reason: A private address."));
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
    assert!(queue.has(&format!("name=\"goto\" value=\"/mod#i{}\"", ids[0])), "{}", queue.text());
    assert!(queue.has("queue <b class=\"count\">3"), "how much is left");
    assert!(!queue.has("role=\"status\""), "nothing was done yet");
    let form = [("on", "true"), ("reason", "spam"), ("goto", "/mod")];
    let queue = mia.submit(&format!("/item/{}/kill", ids[1]), &form).await;
    assert!(queue.has("You killed") && queue.has(">“Story 1”</a>: spam"), "{}", queue.text());
    assert!(!queue.has(&format!("id=\"i{}\"", ids[1])));
    assert!(mia.get("/mod/new").await.has("You killed"), "on each page where it may be seen to be wrong");
    let mut other = app.person("moritz", Role::Moderator).await;
    assert!(!other.get("/mod").await.has("You killed"), "it is one's own");
    let undo = format!(
        "action=\"/item/{}/kill\"><input type=\"hidden\" name=\"goto\" value=\"/mod\"><button type=\"submit\" name=\"on\" value=\"false\">Bring back",
        ids[1]
    );
    assert!(queue.has(&undo), "{}", queue.text());
    let queue = mia.submit(&format!("/item/{}/kill", ids[1]), &[("on", "false"), ("goto", "/mod")]).await;
    assert!(queue.has("You brought back"));
    assert_eq!(app.number(&format!("select count(*) from items where id = {} and dead is null", ids[1])).await, 1);
    app.pass(301);
    assert!(!mia.get("/mod").await.has("You brought back"), "after five minutes it is no news");
}

#[tokio::test]
async fn what_was_done_to_an_item_is_said_on_its_page_to_who_did_it() {
    let app = TestApp::new().await;
    let (mut sam, mut mia) = (app.member("sam").await, app.person("mia", Role::Moderator).await);
    let (first, second) = (sam.text_story("The first", "One.").await, sam.text_story("The second", "Two.").await);
    let page = mia.submit(&format!("/item/{second}/merge"), &[("on", "true"), ("into", &first.to_string())]).await;
    assert!(page.has("You merged") && page.has("The second"), "{}", page.text());
    assert!(page.has(&format!("action=\"/item/{second}/merge\"")) && page.has(">Take it out again</button>"));
    assert!(!sam.get(&format!("/item/{first}")).await.has("role=\"status\""));
    assert!(!mia.get(&format!("/item/{}", sam.text_story("Another", "Three.").await)).await.has("You merged"));
}

#[tokio::test]
async fn whoever_comes_second_reads_who_was_first() {
    let app = TestApp::new().await;
    let (mut ann, mut sam) = (flagger(&app, "ann").await, app.member("sam").await);
    let (mut mia, mut moritz) = (app.person("mia", Role::Moderator).await, app.person("moritz", Role::Moderator).await);
    let story = sam.text_story("A story", "Words.").await;
    flag(&mut ann, story, "spam", "").await;
    moritz.post(&format!("/item/{story}/kill"), &[("on", "true"), ("reason", "spam")]).await;
    app.pass(120);
    for (act, form) in [("clear", ("reason", "")), ("kill", ("on", "true"))] {
        let page = mia.post(&format!("/item/{story}/{act}"), &[form]).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{act}");
        assert!(page.has("It is so already: moritz killed this 2 minutes ago: spam."), "{}", page.text());
    }
    assert_eq!(app.number("select count(*) from moderation").await, 1, "nothing was done twice");
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
        assert!(page.has("Is the earth flat?") && page.has("You are an idiot."), "{path}: {}", page.text());
        assert!(page.has(&format!("<a href=\"/item/{answer}\">Comment</a>")), "{path}");
        assert!(page.has("rude (“again”)") && page.has("href=\"/user/sam/moderate\""), "{path}");
    }
    assert!(mia.get("/mod").await.has(&format!("/item/{answer}/moderate?goto=%2Fmod")));
    let page = mia.get(&format!("/item/{answer}/moderate?goto=%2Fmod%3Fat%3D5")).await;
    assert!(
        page.has("name=\"goto\" value=\"/mod?at=5\"") && page.has("<title>Moderate the comment by sam"),
        "{}",
        page.text()
    );
    mia.post(&format!("/item/{answer}/clear"), &[("reason", "it is blunt, no more")]).await;
    let decided = mia.get(&format!("/item/{answer}/moderate")).await;
    assert!(decided.has("rude (“again”), rejected"), "who flagged it, and what became of that: {}", decided.text());
    let thread = mia.get(&format!("/item/{story}")).await;
    let way = format!("href=\"/item/{answer}/moderate\">moderate");
    assert!(thread.has(&way), "{}", thread.text());
    assert!(!sam.get(&format!("/item/{story}")).await.has("/moderate"));
}

#[tokio::test]
async fn new_accounts_are_members_alone_and_one_tap_from_their_own_desk() {
    let app = TestApp::new().await;
    let (mut mia, mut sam) = (app.person("mia", Role::Moderator).await, app.member("sam").await);
    let story = sam.text_story("Hello", "I am new.").await;
    let page = mia.get("/mod/new").await;
    assert!(page.has("href=\"/user/sam/moderate\"") && !page.has("href=\"/user/mia/moderate\""), "{}", page.text());
    assert!(page.has(&format!("/item/{story}/moderate?goto=%2Fmod%2Fnew%23usam")));
}
