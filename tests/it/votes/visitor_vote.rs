//! A visitor's arrow leads to the log-in, which says what it is for and casts the vote.

use axum::http::header::REFERER;
use axum::http::{Method, StatusCode};
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::store::ActionContext;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};

/// A forum with a story of alice's and a comment of bob's, and carol, who is not logged in.
async fn forum() -> (TestApp, i64, i64) {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("A story", "https://example.com/").await;
    let comment = app.member("bob").await.reply(story, "A comment.").await;
    app.account("carol", Role::Member).await;
    (app, story, comment)
}

async fn from(browser: &mut Browser, page: &str, path: &str) -> Page {
    let referer = format!("http://127.0.0.1:8080{page}");
    browser.send(Method::GET, path, &[(REFERER.as_str(), &referer), ("host", "127.0.0.1:8080")], None).await
}

/// Fills the log-in form that a page has in and sends it.
async fn log_in(browser: &mut Browser, page: &Page, name: &str, password: &str) -> Page {
    let hidden = page.all("form[action='/login'] input[type=hidden]");
    let mut form: Vec<(&str, &str)> =
        hidden.iter().map(|field| (field.attr("name"), field.attr("value"))).collect();
    form.extend([("name", name), ("password", password)]);
    browser.post("/login", &form).await
}

const NOT_YET: &str = "Your vote has not been cast yet. You can vote here.";
const FOR_THE_STORY: &str = "Log in to upvote “A story”.";

async fn votes(app: &TestApp) -> i64 {
    app.number("select count(*) from votes where not own").await
}

#[tokio::test]
async fn a_visitors_arrow_names_the_vote_and_the_log_in_casts_it() {
    let (app, story, comment) = forum().await;
    for (list, selector, id, said, back) in [
        ("/", format!("#i{story} .v a"), story, FOR_THE_STORY, format!("/#i{story}")),
        (
            &format!("/item/{story}"),
            format!("#c{comment} > details > footer > a[href^='/login?vote=']"),
            comment,
            "Log in to upvote bob’s comment.",
            format!("/item/{story}#c{comment}"),
        ),
    ] {
        let mut carol = app.visitor();
        let arrow = carol.get(list).await.one(&selector);
        let page = from(&mut carol, list, arrow.attr("href")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.one("main [role=status]").text, said);
        let before = votes(&app).await;
        let wrong = log_in(&mut carol, &page, "carol", "not her password").await;
        assert_eq!(wrong.one("main [role=status]").text, said, "a mistyped password loses nothing");
        assert_eq!(votes(&app).await, before, "nothing is cast before");
        let done = log_in(&mut carol, &wrong, "carol", PASSWORD).await;
        assert_eq!(done.location(), Some(back), "{}", done.text());
        assert_eq!(
            app.number(&format!("select count(*) from votes where item_id = {id} and not own and dir = 1"))
                .await,
            1
        );
    }
}

#[tokio::test]
async fn no_address_that_is_opened_votes() {
    let (app, story, _) = forum().await;
    let mut carol = app.log_in("carol").await;
    let page = carol.get(&format!("/login?vote={story}")).await;
    assert!(page.location().is_some_and(|to| to.starts_with(&format!("/item/{story}"))));
    carol.visit(&format!("/login?vote={story}")).await;
    assert_eq!(votes(&app).await, 0);
    let form = [("name", "carol"), ("password", PASSWORD), ("vote", &story.to_string()), ("dir", "up")];
    let foreign = [("sec-fetch-site", "cross-site")];
    let page = app.visitor().send(Method::POST, "/login", &foreign, Some(&form)).await;
    assert_eq!((page.status, votes(&app).await), (StatusCode::FORBIDDEN, 0), "nor does another site’s form");
}

#[tokio::test]
async fn a_vote_sent_after_the_session_has_ended_is_cast_by_the_log_in() {
    let (app, story, comment) = forum().await;
    app.set_karma("carol", 600).await;
    for (id, dir, said) in [
        (story, "up", FOR_THE_STORY),
        (comment, "down", "Log in to downvote bob’s comment."),
        (comment, "none", "Log in to undo your vote on bob’s comment."),
    ] {
        let mut carol = app.visitor();
        let goto = format!("/item/{story}#c{comment}");
        let page = carol.post(&format!("/item/{id}/vote"), &[("dir", dir), ("goto", &goto)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let page = carol.get(&page.location().expect("the log-in")).await;
        assert_eq!(page.one("main [role=status]").text, said);
        let done = log_in(&mut carol, &page, "carol", PASSWORD).await;
        assert!(
            done.location().is_some_and(|to| to.starts_with(&format!("/item/{story}#"))),
            "{:?}",
            done.location()
        );
    }
    let cast = "select count(*) from votes where not own and item_id";
    assert_eq!(app.number(&format!("{cast} = {story} and dir = 1")).await, 1);
    assert_eq!(app.number(&format!("{cast} = {comment}")).await, 0, "cast, and taken back");
}

#[tokio::test]
async fn a_vote_that_cannot_be_cast_any_more_says_why_on_the_items_page() {
    let (app, story, comment) = forum().await;
    let asked = async |id: i64| {
        let mut browser = app.visitor();
        let page = browser.get(&format!("/login?vote={id}")).await;
        (browser, page)
    };
    let (mut alice, page) = asked(story).await;
    let done = log_in(&mut alice, &page, "alice", PASSWORD).await;
    let page = alice.visit(&done.location().expect("the story")).await;
    let said = page.one("main [role=status]").text;
    assert!(said.contains("You cannot vote on your own post"), "{said}");

    app.log_in("carol").await.vote(story, "up").await;
    let (mut carol, page) = asked(story).await;
    let done = log_in(&mut carol, &page, "carol", PASSWORD).await;
    let page = carol.visit(&done.location().expect("the story")).await;
    let said = page.one("main [role=status]").text;
    assert!(said.contains("already voted") && said.contains("Your vote is unchanged."), "{said}");

    let (mut carol, page) = asked(comment).await;
    let act = ActionContext { actor: None, reason: "rude", at: app.now() };
    app.store.kill(ItemId(comment), true, act).await.expect("killed");
    let done = log_in(&mut carol, &page, "carol", PASSWORD).await;
    assert!(carol.cookies.contains_key("session"), "the log-in holds all the same");
    let page = carol.visit(&done.location().expect("the comment")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.text());
    assert!(page.says("a moderator killed this"), "{}", page.text());
    assert_eq!(votes(&app).await, 1);
}

#[tokio::test]
async fn a_vote_for_what_was_merged_meanwhile_is_not_lost_in_silence() {
    let (app, story, _) = forum().await;
    let mut mia = app.person("mia", stoa::domain::accounts::user::Role::Moderator).await;
    let other = mia.text_story("The better story", "Words.").await;
    let form = [("on", "true"), ("into", &other.to_string()), ("reason", "the same")];
    assert_eq!(mia.post(&format!("/item/{story}/merge"), &form).await.status, StatusCode::SEE_OTHER);
    let mut carol = app.log_in("carol").await;
    let page = carol.visit(&format!("/item/{story}?vote=up")).await;
    assert_eq!(page.one("main [role=status]").text, NOT_YET);
    page.finds(1, &format!("#i{other} button[name=dir][value=up]"));
}

#[tokio::test]
async fn what_a_visitor_may_not_see_is_not_named() {
    let (app, story, comment) = forum().await;
    app.visitor()
        .get(&format!("/item/{story}"))
        .await
        .finds(1, &format!("#c{comment} a[href^='/login?vote=']"));
    let act = ActionContext { actor: None, reason: "rude", at: app.now() };
    app.store.kill(ItemId(comment), true, act).await.expect("killed");
    for path in [format!("/login?vote={comment}"), "/login?vote=999".to_owned()] {
        let page = app.visitor().get(&path).await;
        assert_eq!(page.one("main [role=status]").text, "Log in to vote.");
    }
    app.visitor()
        .get(&format!("/item/{story}"))
        .await
        .finds(0, &format!("#c{comment} a[href^='/login?vote=']"));
}

#[tokio::test]
async fn whoever_signs_up_instead_lands_where_they_can_vote() {
    let (app, story, _) = forum().await;
    let mut dora = app.visitor();
    let page = dora.get(&format!("/login?vote={story}")).await;
    let href =
        page.all("main a").into_iter().find(|a| a.attr("href").starts_with("/signup")).expect("a way in");
    let page = dora.get(href.attr("href")).await;
    let goto = page.one("main input[name=goto]").attr("value").to_owned();
    let page = dora.submit("/signup", &[("name", "dora"), ("password", PASSWORD), ("goto", &goto)]).await;
    let said = page.one("main [role=status]").text;
    assert!(said.contains(NOT_YET), "{said}");
    page.finds(1, &format!("#i{story} button[name=dir][value=up]"));
}

#[tokio::test]
async fn every_log_in_page_that_nobody_asked_for_says_why_it_is_there() {
    let (app, story, comment) = forum().await;
    let mut visitor = app.visitor();
    let posts = [
        (format!("/item/{story}/save"), vec![("on", "true")], "Log in to save this."),
        (format!("/item/{story}/hide"), vec![("on", "true")], "Log in to hide this."),
        (format!("/item/{comment}/vouch"), vec![("on", "true")], "Log in to vouch for this."),
        (format!("/item/{story}/order"), vec![("order", "newest")], "Log in to save your comment order."),
        ("/invitations".to_owned(), vec![], "Log in to invite people."),
        (
            "/settings/password".to_owned(),
            vec![("current", "a"), ("password", "b")],
            "Log in to see and change",
        ),
    ];
    for (path, form, said) in posts {
        let page = visitor.submit(&path, &form).await;
        assert!(page.one("main [role=status]").text.starts_with(said), "{path}: {}", page.text());
        let again = log_in(&mut visitor, &page, "carol", "not her password").await;
        assert!(again.one("main [role=status]").text.starts_with(said), "{path}: {}", again.text());
    }
    for (path, said) in [
        ("/submit", "Log in to submit a story."),
        (&format!("/item/{story}/reply"), "Log in to comment."),
        (&format!("/item/{story}/flag"), "Log in to flag this."),
        (&format!("/item/{story}/edit"), "Log in to change what you wrote."),
        ("/settings", "Log in to see and change your settings."),
        ("/inbox", "Log in to see your inbox."),
        ("/saved", "Log in to see your own list."),
    ] {
        let page = visitor.visit(path).await;
        assert_eq!(page.one("main [role=status]").text, said, "{path}");
    }
    for path in ["/mod", "/user/alice/moderate"] {
        let page = visitor.visit(path).await;
        assert_eq!(page.one("main [role=status]").text, "Log in as a moderator to do this.", "{path}");
    }
    visitor.get("/login").await.finds(0, "main [role=status]");
    visitor.get(&format!("/login?goto=%2Fitem%2F{story}")).await.finds(0, "main [role=status]");
}
