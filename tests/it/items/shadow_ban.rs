//! Shadow bans: the author sees every page as without the ban; others see none of their posts.

use axum::http::StatusCode;
use stoa::config::Settings;
use stoa::domain::accounts::signup::SignUpMode;
use stoa::domain::accounts::user::Role;
use stoa::domain::limits::policy::Period;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};

/// A forum with a story of alice's, and bob, who is shadow-banned; mia moderates.
struct Town {
    app: TestApp,
    alice: Browser,
    bob: Browser,
    mia: Browser,
    story: i64,
}

impl Town {
    async fn with(change: impl FnOnce(&mut Settings)) -> Town {
        let app = TestApp::with(change).await;
        let (mut alice, bob) = (app.member("alice").await, app.member("bob").await);
        let mut mia = app.person("mia", Role::Moderator).await;
        let story = alice.story("Looms of old", "https://looms.example.com/old").await;
        app.pass(60);
        let done = mia.post("/user/bob/shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
        assert!(done.status.is_redirection(), "{}", done.words());
        Town { app, alice, bob, mia, story }
    }

    async fn new() -> Town {
        Town::with(|_| {}).await
    }
}

/// How a list says how many comments a story has.
fn talk(list: &Page, story: i64) -> Option<String> {
    list.all(&format!("li#i{story} a.talk")).pop().map(|talk| talk.text)
}

const LISTS: [&str; 9] = [
    "/",
    "/new",
    "/active",
    "/best?over=all",
    "/best?over=day",
    "/past?day=2026-11-23",
    "/from/example.com",
    "/search?q=looms",
    "/user/alice/submissions",
];

#[tokio::test]
async fn the_comments_of_a_thread_are_as_many_on_every_page_that_says_it() {
    let mut town = Town::new().await;
    let (story, thread) = (town.story, format!("/item/{}", town.story));
    let comment = town.bob.reply(story, "Mine is older.").await;
    town.bob.reply(comment, "And blue.").await;
    town.app.pass(60);
    town.alice.reply(story, "This one is red.").await;
    town.bob.post(&format!("{thread}/save"), &[("on", "true")]).await;
    for (who, lists, count) in [
        (town.bob.clone(), [&LISTS[..], &["/saved"]].concat(), "3 comments"),
        (town.alice.clone(), LISTS.to_vec(), "1 comment"),
        (town.app.visitor(), LISTS.to_vec(), "1 comment"),
    ] {
        let mut who = who;
        for list in lists {
            let page = who.get(list).await;
            let said = talk(&page, story).unwrap_or_else(|| panic!("{list}: {}", page.words()));
            assert!(said.starts_with(count), "{list} says {said}, not {count}");
        }
        let page = who.get(&thread).await;
        assert_eq!(
            (page.one(".lead .talk").text, page.one("#count").text),
            (count.to_owned(), count.to_owned())
        );
        assert_eq!(page.all("article.c").len().to_string(), count[..1]);
    }
    let page = town.bob.get(&format!("/item/{comment}")).await;
    assert_eq!((page.one("#count").text.as_str(), page.all(".thread article.c").len()), ("1 reply", 1));
}

#[tokio::test]
async fn earlier_discussions_count_the_comments_that_their_page_shows() {
    let mut town = Town::with(|settings| settings.duplicate_url_hours = Some(Period(1))).await;
    town.bob.reply(town.story, "Mine is older.").await;
    town.app.pass(7_200);
    let again = town.alice.story("Looms, again", "https://looms.example.com/old").await;
    for (who, said) in [(&mut town.bob, "(1 comment)"), (&mut town.alice, "(0 comments)")] {
        let page = who.get(&format!("/item/{again}")).await;
        assert!(page.one(".earlier").text.contains(said), "{}", page.words());
    }
}

#[tokio::test]
async fn an_authors_own_story_stands_in_every_list_where_it_would() {
    let mut town = Town::new().await;
    let story = town.bob.story("Ask: Looms of wool?", "https://looms.example.com/wool").await;
    let talked = town.bob.reply(story, "Mine.").await;
    let lists = ["/ask", "/user/bob/submissions"];
    for list in LISTS.iter().filter(|list| **list != "/user/alice/submissions").chain(&lists) {
        let page = town.bob.get(list).await;
        assert_eq!(talk(&page, story).as_deref(), Some("1 comment"), "{list}: {}", page.words());
        assert!(page.all("b.flag").is_empty(), "{list}");
        for mut other in [town.alice.clone(), town.app.visitor()] {
            let page = other.get(list).await;
            assert!(talk(&page, story).is_none() && !page.says("Looms of wool"), "{list}: {}", page.words());
        }
    }
    for list in ["/comments", "/comments/best", "/user/bob/comments"] {
        town.bob.get(list).await.finds(1, &format!("#c{talked}"));
        town.alice.get(list).await.finds(0, &format!("#c{talked}"));
    }
    // Where it stands is where it would: the newer of two that nobody voted for.
    let order =
        |page: Page| page.all("li.story").iter().map(|row| row.attr("id").to_owned()).collect::<Vec<_>>();
    for list in ["/", "/new", "/best?over=all", "/active"] {
        let expected = [format!("i{story}"), format!("i{}", town.story)];
        let shown = order(town.bob.get(list).await);
        assert!(shown == expected || list == "/active" && shown[0] == expected[0], "{list}: {shown:?}");
    }
    assert_eq!(town.app.visitor().get("/feed/top.atom").await.text().matches("<entry>").count(), 1);
}

#[tokio::test]
async fn a_vote_shows_its_point_to_its_voter_on_every_page() {
    let mut town = Town::new().await;
    town.bob.vote(town.story, "up").await;
    let points = |page: Page, at: &str| page.one(&format!("{at} .points")).text;
    for (mut who, expected) in [(town.bob.clone(), "2 points"), (town.alice.clone(), "1 point")] {
        for list in LISTS.iter().filter(|list| **list != "/active") {
            assert_eq!(points(who.get(list).await, &format!("#i{}", town.story)), expected, "{list}");
        }
        assert_eq!(points(who.get(&format!("/item/{}", town.story)).await, ".lead"), expected);
    }
}

#[tokio::test]
async fn an_invitation_of_theirs_is_as_good_as_another() {
    let mut town = Town::with(|settings| {
        settings.signup_mode = Some(SignUpMode::Invitation);
        settings.new_account_days = Some(Period(0));
    })
    .await;
    let made = town.bob.post("/invitations", &[]).await;
    let link = made.one("#link").attr("value").split_once("/invitation/").expect("a link").1.to_owned();
    let link = format!("/invitation/{link}");
    assert!(town.bob.get("/invitations").await.says("open until"));
    let mut carol = town.app.visitor();
    assert!(carol.get(&link).await.says("bob invites you to Stoa"));
    let answer = carol.post(&link, &[("name", "carol"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.words());
    let list = town.bob.get("/invitations").await;
    assert!(list.says("used by carol"), "{}", list.words());
    assert!(town.app.visitor().get("/user/carol").await.says("invited by bob"));
    let story = carol.text_story("A story of carol's", "Words.").await;
    assert_eq!(
        town.app.visitor().get(&format!("/item/{story}")).await.status,
        StatusCode::OK,
        "carol did nothing"
    );
    // Moderators see whose friend she is.
    let desk = town.mia.get("/mod/new").await;
    assert!(desk.one("#ucarol .meta").text.contains("invited by bob shadow-banned"), "{}", desk.words());
}

#[tokio::test]
async fn a_request_by_such_an_invitation_tells_moderators_alone() {
    let mut town = Town::with(|settings| {
        settings.signup_mode = Some(SignUpMode::Request);
        settings.invited_need_approval = Some(true);
        settings.new_account_days = Some(Period(0));
    })
    .await;
    let made = town.bob.post("/invitations", &[]).await;
    let link = made.one("#link").attr("value").split_once("/invitation/").expect("a link").1.to_owned();
    let form = [("name", "carol"), ("password", PASSWORD), ("text", "I weave.")];
    let sent = town.app.visitor().post(&format!("/invitation/{link}"), &form).await;
    assert!(sent.status.is_success() || sent.status.is_redirection(), "{}", sent.words());
    assert!(town.mia.get("/mod/requests").await.says("invited by bob shadow-banned"));
    assert!(town.bob.get("/invitations").await.says("used for a request that awaits approval"));
}
