//! Rate limits: what new accounts, limited ones and crowded networks may do, and that others are undisturbed.

use axum::http::StatusCode;
use stoa::config::Settings;
use stoa::domain::accounts::signup::SignUpMode;
use stoa::domain::accounts::user::Role;
use stoa::store::ActionContext;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{behind_a_proxy, post_from};
use crate::support::sentences::BUSY;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn strict(settings: &mut Settings) {
    settings.limits = Some(true);
    behind_a_proxy(settings);
}

async fn submit(browser: &mut Browser, from: &str, title: &str) -> Page {
    post_from(browser, from, "/submit", &[("title", title), ("text", "What I typed.")]).await
}

async fn reply(browser: &mut Browser, to: i64, text: &str) -> Page {
    browser.post(&format!("/item/{to}/reply"), &[("text", text)]).await
}

fn is_held(page: &Page) -> bool {
    page.status == StatusCode::TOO_MANY_REQUESTS
        && page.header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 0)
}

#[tokio::test]
async fn a_new_account_posts_less_often_until_it_has_karma_or_age() {
    let app = TestApp::with(strict).await;
    let mut alice = app.member("alice").await;
    for number in 1..=3 {
        assert_eq!(
            submit(&mut alice, "192.0.2.1", &format!("Story {number}")).await.status,
            StatusCode::SEE_OTHER
        );
    }
    let page = submit(&mut alice, "192.0.2.1", "Story 4").await;
    let why =
        "New accounts can submit stories 3 times an hour here, until they are 14 days old or have 10 karma.";
    assert!(is_held(&page) && page.says(why), "{}", page.text());
    assert_eq!(page.one("[role=alert] h2").text, "Not sent yet", "there is nothing to mend");
    assert_eq!([page.value("[name=title]"), page.value("[name=text]")], ["Story 4", "What I typed."]);
    app.set_karma("alice", 10).await;
    let mut again = app.session("alice").await;
    assert_eq!(submit(&mut again, "192.0.2.1", "Story 4").await.status, StatusCode::SEE_OTHER, "karma helps");
    let mut bob = app.member("bob").await;
    app.pass(14 * DAY);
    for number in 5..=10 {
        let page = submit(&mut bob, "192.0.2.2", &format!("Story {number}")).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "time helps");
    }
    let mut mia = app.person("mia", Role::Moderator).await;
    for number in 11..=16 {
        let page = submit(&mut mia, "192.0.2.3", &format!("Story {number}")).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "a moderator is never new");
    }
}

#[tokio::test]
async fn a_new_account_posts_few_links() {
    let app = TestApp::with(|settings| {
        strict(settings);
        settings.new_account_links_per_hour = Some(2);
    })
    .await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "No link, but a mention of @bob and of /item/1.").await;
    let three = "https://a.example/1, [b](https://b.example/2) and https://c.example/3";
    let page = reply(&mut alice, story, three).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.says("New accounts can post 2 links an hour; this has 3. Please remove some."));
    assert_eq!(page.value("[name=text]"), three);
    assert_eq!(reply(&mut alice, story, "https://a.example/1").await.status, StatusCode::SEE_OTHER);
    let own = alice.reply(story, "https://a.example/2").await;
    let two = "https://a.example/2 and https://a.example/3";
    let page = alice.post(&format!("/item/{own}/edit"), &[("text", two)]).await;
    assert!(is_held(&page), "nor can links be put in afterwards");
    assert!(page.value("[name=text]") == two && page.says("Your text has been kept"), "{}", page.text());
    let same = alice.post(&format!("/item/{own}/edit"), &[("text", "https://a.example/2 indeed")]).await;
    assert_eq!(same.status, StatusCode::SEE_OTHER, "what was there is not counted again");
    let profile = [("about", "https://me.example/"), ("theme", "system"), ("order", "best")];
    let page = alice.post("/settings", &profile).await;
    assert!(is_held(&page) && page.value("[name=about]") == "https://me.example/", "nor in the profile");
    app.set_karma("alice", 10).await;
    let mut alice = app.session("alice").await;
    assert_eq!(reply(&mut alice, story, three).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_site_may_let_new_accounts_read_and_vote_only() {
    let app = TestApp::with(|settings| {
        strict(settings);
        settings.new_account_stories_per_hour = Some(0);
        settings.new_account_links_per_hour = Some(0);
    })
    .await;
    let mut alice = app.member("alice").await;
    let page = submit(&mut alice, "192.0.2.1", "A story").await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::FORBIDDEN, ""));
    assert!(
        page.says("New accounts cannot submit stories here until they are 14 days old or have 10 karma.")
    );
    assert_eq!(page.value("[name=text]"), "What I typed.");
    let story = app.person("mia", Role::Moderator).await.story("Hers", "https://example.com/").await;
    let page = reply(&mut alice, story, "See https://a.example/").await;
    assert!(page.says("New accounts cannot post links here yet."), "{}", page.text());
    assert_eq!(reply(&mut alice, story, "I see.").await.status, StatusCode::SEE_OTHER);
    assert_eq!(alice.vote(story, "up").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whom_a_moderator_limited_posts_five_times_in_four_hours() {
    let app = TestApp::with(strict).await;
    let story = app.member("bob").await.story("A story", "https://example.com/").await;
    app.account("alice", Role::Member).await;
    app.set_karma("alice", 100).await;
    app.pass(20 * DAY);
    let act = ActionContext { actor: None, reason: "too much heat", at: app.now() };
    app.store.limit(app.id_of("alice").await, Some(app.now().plus(3 * DAY)), act).await.expect("limited");
    let mut alice = app.log_in("alice").await;
    for number in 1..=4 {
        alice.reply(story, &format!("Comment {number}.")).await;
    }
    alice.text_story("My own", "Text.").await;
    let page = reply(&mut alice, story, "What I typed.").await;
    assert!(
        is_held(&page) && page.says("A moderator limited your account: you can post 5 times in 4 hours.")
    );
    assert!(
        page.says("Please wait 49 minutes") && page.value("[name=text]") == "What I typed.",
        "{}",
        page.text()
    );
    assert!(
        is_held(&submit(&mut alice, "192.0.2.1", "Another").await),
        "stories and comments count together"
    );
    assert_eq!(alice.vote(story, "up").await.status, StatusCode::SEE_OTHER, "votes are none of it");
    let page = alice.post("/invitations", &[]).await;
    assert!(
        page.status == StatusCode::FORBIDDEN
            && page.says("A moderator limited your account, so you cannot invite")
    );
    app.pass(48 * 60);
    alice.reply(story, "After the wait.").await;
    app.pass(3 * DAY);
    for number in 1..=8 {
        alice.reply(story, &format!("Free again {number}.")).await;
    }
}

/// Makes an account from an address; whether it was made.
async fn signs_up(app: &TestApp, name: &str, from: &str) -> Result<Browser, Page> {
    let mut browser = app.visitor();
    let form = [("name", name), ("password", PASSWORD)];
    let page = post_from(&mut browser, from, "/signup", &form).await;
    if page.status == StatusCode::SEE_OTHER { Ok(browser) } else { Err(page) }
}

#[tokio::test]
async fn a_burst_from_one_network_meets_the_brakes_and_others_go_on() {
    let app = TestApp::with(|settings| {
        strict(settings);
        settings.signups_per_hour_per_ip = Some(2);
        settings.signups_per_hour_per_subnet = Some(4);
        settings.posts_per_hour_per_subnet = Some(5);
    })
    .await;
    let mut old = app.member("oldhand").await;
    app.set_karma("oldhand", 40).await;
    let mut burst = Vec::new();
    for (nth, from) in ["203.0.113.1", "203.0.113.1", "203.0.113.2", "203.0.113.3"].into_iter().enumerate() {
        burst.push(
            signs_up(&app, &format!("sock{nth}"), from).await.map_err(|page| page.text()).expect("let in"),
        );
    }
    let page = signs_up(&app, "sock4", "203.0.113.1").await.err().expect("held");
    assert!(
        is_held(&page) && page.says("Several accounts were created from your address"),
        "{}",
        page.text()
    );
    assert_eq!([page.value("[name=name]"), page.value("[name=password]")], ["sock4", ""]);
    assert!(!page.mentions(PASSWORD), "the name is kept and the password is not");
    let page = signs_up(&app, "sock4", "203.0.113.9").await.err().expect("held");
    assert!(is_held(&page) && page.says("Many accounts were created from your network"), "{}", page.text());
    assert!(signs_up(&app, "neighbour", "203.0.114.9").await.is_ok(), "the next network is another one");

    let mut posted = 0;
    for (nth, sock) in burst.iter_mut().enumerate() {
        for story in 0..2 {
            let from = format!("203.0.113.{}", 20 + nth);
            let page = submit(sock, &from, &format!("Buy {nth} {story}")).await;
            posted += usize::from(page.status == StatusCode::SEE_OTHER);
            if page.status != StatusCode::SEE_OTHER {
                assert!(is_held(&page) && page.says("from new accounts on your network"), "{}", page.text());
            }
        }
    }
    assert_eq!(posted, 5);
    let mut old = post_all(&mut old, "203.0.113.77").await;
    assert_eq!(submit(&mut old, "203.0.113.77", "From an old hand").await.status, StatusCode::SEE_OTHER);
    let mut newcomer =
        signs_up(&app, "newcomer", "198.51.100.1").await.map_err(|page| page.text()).expect("let in");
    let page = submit(&mut newcomer, "198.51.100.1", "From elsewhere").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "a new account elsewhere goes on too");
}

/// A member's ordinary afternoon, on the network that the burst comes from.
async fn post_all(member: &mut Browser, from: &str) -> Browser {
    for number in 1..=6 {
        let page = submit(member, from, &format!("Undisturbed {number}")).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{number}: {}", page.text());
    }
    member.clone()
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_network_are_one() {
    let app = TestApp::with(|settings| {
        strict(settings);
        settings.signups_per_hour_per_ip = Some(2);
    })
    .await;
    for (name, from, made) in [
        ("one", "2001:db8:1:2::1", true),
        ("two", "2001:db8:1:2:ffff::2", true),
        ("three", "2001:db8:1:2:abcd:ef01:2345:6789", false),
        ("four", "2001:db8:1:3::1", true),
    ] {
        assert_eq!(signs_up(&app, name, from).await.is_ok(), made, "{name}");
    }
}

#[tokio::test]
async fn what_was_typed_is_kept_wherever_a_brake_holds() {
    let app = TestApp::with(|settings| {
        strict(settings);
        settings.signup_mode = Some(SignUpMode::Request);
        settings.signups_per_hour_per_ip = Some(1);
        settings.flags_per_hour = Some(1);
        settings.edits_per_hour = Some(1);
        settings.invitations_per_hour = Some(1);
    })
    .await;
    for (name, status) in [("ann", StatusCode::SEE_OTHER), ("ben", StatusCode::TOO_MANY_REQUESTS)] {
        let form = [("name", name), ("password", PASSWORD), ("text", "I weave and dye.")];
        let page = app.visitor().post("/signup", &form).await;
        assert_eq!(page.status, status);
        assert!(page.status == StatusCode::SEE_OTHER || page.value("[name=text]") == "I weave and dye.");
    }
    app.account("alice", Role::Member).await;
    app.set_karma("alice", 50).await;
    app.pass(20 * DAY);
    let mut alice = app.log_in("alice").await;
    let mut bob = app.member("bob").await;
    let (one, two) = (bob.text_story("One", "Text.").await, bob.text_story("Two", "Text.").await);
    let flag = |note| [("on", "true"), ("reason", "other"), ("note", note)];
    assert_eq!(alice.post(&format!("/item/{one}/flag"), &flag("Odd.")).await.status, StatusCode::SEE_OTHER);
    let page = alice.post(&format!("/item/{two}/flag"), &flag("What I typed.")).await;
    assert!(is_held(&page) && page.value("[name=note]") == "What I typed.", "{}", page.text());
    let own = alice.text_story("Mine", "Text.").await;
    let edit = |text| [("title", "Mine"), ("text", text)];
    assert_eq!(alice.post(&format!("/item/{own}/edit"), &edit("Once.")).await.status, StatusCode::SEE_OTHER);
    let page = alice.post(&format!("/item/{own}/edit"), &edit("What I typed.")).await;
    assert!(is_held(&page) && page.value("[name=text]") == "What I typed.", "{}", page.text());
    assert_eq!(alice.post("/invitations", &[]).await.status, StatusCode::OK);
    let page = alice.post("/invitations", &[]).await;
    assert!(is_held(&page) && page.says("You have invited a lot of people"));
}

#[tokio::test]
async fn a_wave_of_searches_stands_in_line_and_the_rest_of_the_site_answers() {
    let app = TestApp::new().await;
    app.member("alice").await.story("A story", "https://example.com/").await;
    assert_eq!(app.visitor().get("/search?q=story").await.status, StatusCode::OK);
    let router = stoa::web::router(app.app.clone()).expect("a router");
    let turns = [
        app.app.admission.slow_pages.acquire(None).await.expect("free"),
        app.app.admission.slow_pages.acquire(None).await.expect("free"),
    ];
    let searches: Vec<_> = (0..100)
        .map(|nth| {
            let mut visitor = app.visitor().on(router.clone());
            tokio::spawn(async move { visitor.get(&format!("/search?q=story{nth}")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(app.visitor().get("/").await.status, StatusCode::OK);
    drop(turns);
    let mut busy = 0;
    for search in searches {
        let page = search.await.expect("an answer");
        if page.status == StatusCode::SERVICE_UNAVAILABLE {
            assert!(page.header("retry-after") == "2" && page.says(BUSY));
            busy += 1;
        } else {
            assert_eq!(page.status, StatusCode::OK);
        }
    }
    assert!((1..100).contains(&busy), "{busy} were told to come back");
    assert_eq!(app.visitor().get("/search?q=story").await.status, StatusCode::OK, "the line is free again");
}

#[tokio::test]
async fn what_one_brake_holds_up_uses_nothing_of_another() {
    let app = TestApp::with(|settings| {
        strict(settings);
        settings.new_account_links_per_hour = Some(2);
        settings.new_account_comments_per_hour = Some(1);
        settings.new_account_stories_per_hour = Some(1);
    })
    .await;
    let mut alice = app.member("alice").await;
    let three = "https://a.example/1 https://b.example/2 https://c.example/3";
    let page = alice.post("/submit", &[("title", "A story"), ("text", three)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "there are too many links in it");
    let story = alice.text_story("A story", "None.").await;
    let comment = alice.reply(story, "No link.").await;
    let two = "https://a.example/1 https://b.example/2";
    assert!(is_held(&reply(&mut alice, story, two).await), "one comment an hour");
    let page = alice.post(&format!("/item/{comment}/edit"), &[("text", two)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "its links were not posted: {}", page.text());
}
