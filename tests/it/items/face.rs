//! What lists, their rows and the head of a story show.

use stoa::domain::accounts::signup::SignUpMode;
use stoa::domain::accounts::user::Role;

use crate::support::app::TestApp;

#[tokio::test]
async fn a_visitor_reads_what_the_forum_is_above_the_first_list_and_how_to_sign_up() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.text_story("A story", "Words.").await;
    let page = app.visitor().get("/").await;
    assert_eq!(page.one("main .tagline").text, "A forum for one community");
    assert_eq!(page.one("header a[href='/signup?goto=%2F']").text, "sign up");
    for list in ["/new", "/best", "/?p=2"] {
        app.visitor().get(list).await.finds(0, "main .tagline");
    }
    let page = alice.get("/").await;
    page.finds(0, "main .tagline");
    page.finds(0, "header a[href^='/signup']");
    for (mode, links) in [(SignUpMode::Request, 1), (SignUpMode::Invitation, 0), (SignUpMode::Closed, 0)] {
        let app = TestApp::with(|settings| settings.signup_mode = Some(mode)).await;
        app.visitor().get("/").await.finds(links, "header a[href^='/signup']");
    }
}

#[tokio::test]
async fn a_row_has_its_site_points_author_age_and_comments() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    app.pass(30 * 86_400);
    let story = alice.story("A story", "https://looms.example/build").await;
    let row = |page: crate::support::app::Page| page.one(&format!("li#i{story} > div + div")).text;
    assert_eq!(row(app.visitor().get("/").await), "looms.example 1 point by alice just now");
    let talk = format!("li#i{story} > a.talk[href='/item/{story}']");
    assert_eq!(app.visitor().get("/").await.one(&talk).text, "0 comments");
    bob.get(&format!("/item/{story}")).await;
    alice.reply(story, "A comment.").await;
    assert_eq!(app.visitor().get("/").await.one(&talk).text, "1 comment");
    app.sql(&format!("update items set score = 1808, descendants = 12345 where id = {story}")).await;
    let page = app.without_memory().visitor().get("/").await;
    assert_eq!(page.one(&talk).text, "12,345 comments");
    assert!(page.one(&format!("li#i{story} .points")).text.contains("1,808 points"));
}

#[tokio::test]
async fn the_head_of_a_story_has_its_outside_link_and_what_one_may_do_in_one_row() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let first = alice.story("A story", "https://looms.example/build").await;
    alice.reply(first, "A comment.").await;
    app.pass(40 * 86_400);
    let story = alice.story("The same story", "https://looms.example/build?again=1").await;
    app.sql(&format!("update items set url_key = 'the same' where id in ({first}, {story})")).await;
    let address = format!("/item/{story}");
    let page = app.visitor().get(&address).await;
    let out = page.one("article.lead a[href='https://looms.example/build?again=1']:not(h1 a)");
    assert!(out.text.starts_with("looms.example"), "{}", out.text);
    page.finds(1, "article.lead a[href='/from/looms.example']");
    assert_eq!(page.one("article.lead .earlier").text, "Discussed before: 1 month ago (1 comment)");
    page.finds(0, "article.lead .meta > details > summary");
    page.finds(0, "main form textarea");
    assert_eq!(page.one("main a[href$='/reply']").text, "log in to comment");
    let mut mona = app.person("mona", Role::Moderator).await;
    let page = mona.get(&address).await;
    assert_eq!(page.one("article.lead .meta #panel summary").text, "flag");
    assert_eq!(page.one("article.lead .meta > details > summary").text, "moderate");
    page.finds(1, &format!("main form[action='/item/{story}/reply'] textarea[name=text]"));
    page.finds(1, "main a[href$='/reply']");
}

#[tokio::test]
async fn what_destroys_is_marked_as_such() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let mut ada = app.person("ada", Role::Admin).await;
    let delete = alice.get(&format!("/item/{story}/delete")).await;
    assert_eq!(delete.one("button.danger").text, "Delete this story");
    ada.get(&format!("/item/{story}")).await.finds(1, "form[action$='/kill'] button.danger");
    ada.get("/user/alice/moderate").await.finds(2, "button.danger");
    ada.get("/mod/sites").await.finds(2, "button.danger");
    alice.get("/settings/sessions").await.finds(1, "button.danger");
}

#[tokio::test]
async fn a_day_is_chosen_by_its_date_and_one_without_stories_leads_to_the_nearest() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let empty = app.visitor().get("/past?day=2020-01-01").await;
    assert_eq!(empty.one(".empty a").attr("href"), "/submit");
    alice.text_story("A story", "Words.").await;
    let day = app.visitor().get("/past").await;
    let today = day.one("input[type=date][name=day]").attr("max").to_owned();
    let page = app.visitor().get(&format!("/past?day={today}")).await;
    page.finds(1, "li.story");
    assert_eq!(page.one("form[action='/past'] input[type=date]").attr("value"), today);
    for far in ["2001-02-03", "2199-01-01"] {
        let page = app.visitor().get(&format!("/past?day={far}")).await;
        assert_eq!(page.one(".empty a").attr("href"), format!("/past?day={today}"));
        assert!(page.one(".empty a").text.starts_with("Nearest day with stories: "));
    }
    app.pass(5 * 86_400);
    alice.text_story("Another", "Words.").await;
    let near = app.visitor().get(&day_after(&today)).await;
    assert_eq!(near.one(".empty a").attr("href"), format!("/past?day={today}"), "the nearer of two");
    assert_eq!(app.visitor().get("/past?day=").await.status, 200, "an empty field is no mistake");
}

#[tokio::test]
async fn a_member_keeps_their_header_on_a_page_that_says_what_went_wrong() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    alice.post("/theme", &[("theme", "dark")]).await;
    for address in ["/nothing/here", "/item/999", "/user/nobody", "/mod"] {
        let page = alice.get(address).await;
        assert!(page.status.is_client_error(), "{address}");
        page.finds(1, "header a[href='/user/alice']");
        page.finds(1, "html[data-theme=dark]");
        app.visitor().get(address).await.finds(0, "header a[href='/user/alice']");
    }
    let page = alice.post(&format!("/item/{story}/vote"), &[("dir", "sideways")]).await;
    page.finds(1, "header form[action='/logout']");
    // Without a page of its own to go back to.
    assert_eq!(page.one("form.theme [name=goto]").attr("value"), "/");
}

/// The page of the day after one.
fn day_after(day: &str) -> String {
    let day: jiff::civil::Date = day.parse().expect("a date");
    format!("/past?day={}", day.tomorrow().expect("a day"))
}

const NOTHING: &str = "There is nothing at this address.";

#[tokio::test]
async fn an_unknown_user_or_item_is_named_and_can_be_searched_for() {
    let app = TestApp::new().await;
    app.member("alice").await;
    for (address, says, name) in [
        ("/user/nobody", "There is no user named “nobody”.", "nobody"),
        ("/user?id=no+body", "A user’s name has only letters, digits, dashes and underscores.", ""),
        ("/user/someone/comments", "There is no user named “someone”.", "someone"),
        // What can be nobody's name is not repeated.
        ("/user/no%3Cb%3E/comments", NOTHING, ""),
        ("/user/%E2%80%AEnobody", NOTHING, ""),
        ("/item/99999999999999999999", NOTHING, ""),
        ("/item/999", "There is no item 999.", ""),
        ("/nothing/here", NOTHING, ""),
    ] {
        let page = app.visitor().get(address).await;
        assert_eq!(page.status, 404, "{address}");
        assert!(page.says(says), "{address}: {}", page.words());
        let (wanted, other) = if address.starts_with("/user") && says != NOTHING {
            ("main form[action='/user'] input[name=id]", "main form[action='/search']")
        } else {
            ("main form[action='/search'] input[name=q]", "main form[action='/user']")
        };
        assert_eq!(page.one(wanted).attr("value"), name, "{address}");
        page.finds(0, other);
    }
}

#[tokio::test]
async fn a_single_mistake_is_told_at_its_field_and_several_are_summed_up() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let one = alice.post("/submit", &[("title", "Hm"), ("url", "https://example.com/"), ("text", "")]).await;
    one.finds(0, "#errors");
    one.finds(1, "[role=alert]");
    one.finds(1, "#title[aria-invalid=true][autofocus][aria-describedby~=title-error]");
    assert_eq!(one.one("[role=alert]").attr("id"), "title-error");
    let two = alice.post("/submit", &[("title", "Hm"), ("url", "no address"), ("text", "")]).await;
    two.finds(1, "#errors");
    two.finds(2, "#errors a[href^='#']");
    two.finds(1, "[role=alert]");
    two.finds(2, "[aria-invalid=true]:not([autofocus])");
}
