//! Votes that do not count: whose, that they do not notice, and what moderators see of them.

use axum::http::{HeaderValue, Method, StatusCode};
use serde_json::json;
use stoa::clock::{DAY, HOUR};
use stoa::config::Settings;
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::domain::limits::policy::Period;
use stoa::domain::votes::vote::Direction;
use stoa::jobs::KEEP;
use stoa::store::NewVote;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{behind_a_proxy, post_from, score, shadow};
use crate::votes::vote::differences;

const ALICES: &str = "203.0.113.5";
const ELSEWHERE: &str = "203.0.113.6";
const THIRD: &str = "2001:db8:1:2::7";

/// A forum behind a proxy, where alice has submitted a story from her address.
async fn forum(change: impl FnOnce(&mut Settings)) -> (TestApp, Browser, i64) {
    let app = TestApp::with(|settings| {
        behind_a_proxy(settings);
        change(settings);
    })
    .await;
    let mut alice = app.member("alice").await;
    let story = from(&mut alice, ALICES, "/submit", &[("title", "A story"), ("text", "Words.")]).await.item();
    (app, alice, story)
}

async fn from(browser: &mut Browser, address: &str, path: &str, form: &[(&str, &str)]) -> Page {
    let page = post_from(browser, address, path, form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}: {}", page.text());
    page
}

async fn vote(browser: &mut Browser, address: &str, id: i64, dir: &str) {
    from(browser, address, &format!("/item/{id}/vote"), &[("dir", dir)]).await;
}

async fn comment(browser: &mut Browser, address: &str, on: i64) -> i64 {
    let text = format!("A comment. {}", fastrand::u64(..));
    let page = from(browser, address, &format!("/item/{on}/reply"), &[("text", &text)]).await;
    let to = page.location().expect("a place");
    to.rsplit_once("#c").expect("a comment's address").1.parse().expect("an id")
}

/// Why the vote of somebody does not count; empty where it does.
async fn why(app: &TestApp, voter: &str, item: i64) -> String {
    let query = format!(
        "select coalesce(v.uncounted_reason, '') from votes v join users u on u.id = v.user_id \
         where u.name = '{voter}' and v.item_id = {item} and v.counted = (v.uncounted_reason is null)"
    );
    let why: Vec<(String,)> = app.rows(&query).await;
    assert_eq!(differences(app).await, 0);
    why.first().unwrap_or_else(|| panic!("a vote of {voter} on {item}")).0.clone()
}

#[tokio::test]
async fn of_members_with_little_karma_one_from_each_address_counts() {
    let (app, mut alice, story) = forum(|_| {}).await;
    let [mut bob, mut carl, mut dora] =
        [app.member("bob").await, app.member("carl").await, app.member("dora2").await];
    vote(&mut bob, ELSEWHERE, story, "up").await;
    vote(&mut carl, THIRD, story, "up").await;
    assert_eq!(
        (score(&app, story).await, app.karma("alice").await),
        (3, 3),
        "they have 1 karma, as everybody at first"
    );
    // The last half of an IPv6 address says nothing.
    vote(&mut dora, "2001:db8:1:2:ffff::1", story, "up").await;
    assert_eq!(why(&app, "dora2", story).await, "same-address");
    assert_eq!((score(&app, story).await, app.karma("alice").await), (3, 3));
    let other = comment(&mut alice, ALICES, story).await;
    vote(&mut dora, THIRD, other, "up").await;
    assert_eq!(
        (why(&app, "dora2", other).await.as_str(), score(&app, other).await),
        ("", 2),
        "the first there on this"
    );
    vote(&mut dora, THIRD, story, "none").await;
    assert_eq!(score(&app, story).await, 3, "as if it had never been");
    vote(&mut dora, ELSEWHERE, story, "up").await;
    assert_eq!(why(&app, "dora2", story).await, "same-address");
    vote(&mut bob, ELSEWHERE, story, "none").await;
    vote(&mut dora, ELSEWHERE, story, "none").await;
    vote(&mut dora, ELSEWHERE, story, "up").await;
    assert_eq!(
        (why(&app, "dora2", story).await.as_str(), score(&app, story).await),
        ("", 3),
        "now they are the first"
    );
}

#[tokio::test]
async fn a_vote_from_the_authors_own_address_counts_from_a_little_karma_on() {
    let (app, _, story) = forum(|_| {}).await;
    for (name, karma, role, expected) in [
        ("bob", 4, Role::Member, "same-address"),
        ("carl", 5, Role::Member, ""),
        ("mia", 1, Role::Moderator, ""),
        ("dora2", 200, Role::Member, ""),
    ] {
        let mut member = app.person(name, role).await;
        app.set_karma(name, karma).await;
        app.sql(&format!("update users set karma_base = {karma} where name = '{name}'")).await;
        vote(&mut member, ALICES, story, "up").await;
        assert_eq!(why(&app, name, story).await, expected, "{name} of {karma} karma");
    }
    assert_eq!(score(&app, story).await, 4, "a household that takes part counts as others do");
}

#[tokio::test]
async fn an_address_of_a_private_network_is_nobodys() {
    let (app, mut alice, _) = forum(|_| {}).await;
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    for address in ["10.0.0.7", "192.168.1.2", "fd00::5"] {
        let id = comment(&mut alice, address, 1).await;
        vote(&mut bob, address, id, "up").await;
        vote(&mut carl, address, id, "up").await;
        assert_eq!(
            (score(&app, id).await, app.number("select count(ip_hash) from votes").await),
            (3, 0),
            "{address}"
        );
    }
}

#[tokio::test]
async fn of_many_votes_from_one_address_at_one_moment_one_counts() {
    let (app, _, story) = forum(|_| {}).await;
    let mut tasks = Vec::new();
    for nth in 0..12 {
        let user = app.account(&format!("puppet{nth}"), Role::Member).await;
        let ip_hashes = Some(app.store.ip_hash_key().hashes(ELSEWHERE.parse().expect("an address")));
        let vote = NewVote { user, item: ItemId(story), dir: Some(Direction::Up), ip_hashes };
        let (store, policy, now) = (app.store.clone(), app.policy(), app.now());
        tasks.push(tokio::spawn(async move { store.vote(vote, &policy, now).await.expect("voted") }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    assert_eq!(score(&app, story).await, 2);
    assert_eq!(app.number("select count(*) from votes where uncounted_reason = 'same-address'").await, 11);
    assert_eq!(differences(&app).await, 0);
}

#[tokio::test]
async fn submitting_the_same_address_again_is_a_vote_by_the_same_rules() {
    let (app, mut alice, _) = forum(|_| {}).await;
    let link = [("title", "A link"), ("url", "https://example.com/a"), ("text", "")];
    let story = from(&mut alice, ALICES, "/submit", &link).await.item();
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    assert_eq!(from(&mut bob, ALICES, "/submit", &link).await.item(), story);
    assert_eq!(from(&mut carl, ELSEWHERE, "/submit", &link).await.item(), story);
    assert_eq!(
        (why(&app, "bob", story).await.as_str(), why(&app, "carl", story).await.as_str()),
        ("same-address", "")
    );
    assert_eq!(score(&app, story).await, 2);
}

#[tokio::test]
async fn where_votes_came_from_is_forgotten_after_30_days() {
    let (app, _, story) = forum(|_| {}).await;
    let mut bob = app.member("bob").await;
    app.account("carl", Role::Member).await;
    vote(&mut bob, ELSEWHERE, story, "up").await;
    for (passed, kept) in [(30 * DAY, 1), (1, 0)] {
        app.pass(passed);
        app.store.purge(KEEP, app.now()).await.expect("purged");
        assert_eq!(app.number("select count(ip_hash) from votes").await, kept, "{passed}");
    }
    let mut carl = app.session("carl").await;
    vote(&mut carl, ELSEWHERE, story, "up").await;
    assert_eq!(
        (why(&app, "carl", story).await.as_str(), score(&app, story).await),
        ("", 3),
        "the vote itself stays"
    );
}

/// Comments by alice and carl in turn, and bob, who has the karma to vote them down.
async fn discussion(app: &TestApp, alice: &mut Browser, story: i64, many: usize) -> (Browser, Vec<i64>) {
    let (mut carl, bob) = (app.member("carl").await, app.member("bob").await);
    app.sql("update users set karma = 900, karma_base = 900 where name = 'bob'").await;
    let mut ids = Vec::new();
    for nth in 0..many {
        ids.push(comment(if nth % 2 == 0 { alice } else { &mut carl }, ALICES, story).await);
    }
    (bob, ids)
}

#[tokio::test]
async fn who_mostly_votes_down_is_not_counted_voting_down() {
    let (app, mut alice, story) = forum(|_| {}).await;
    let (mut bob, ids) = discussion(&app, &mut alice, story, 23).await;
    for (nth, id) in ids.iter().take(20).enumerate() {
        vote(&mut bob, ELSEWHERE, *id, if nth % 10 < 3 { "up" } else { "down" }).await;
        assert_eq!(why(&app, "bob", *id).await, "", "{nth}");
        app.pass(1);
    }
    vote(&mut bob, ELSEWHERE, ids[20], "down").await;
    assert_eq!((why(&app, "bob", ids[20]).await.as_str(), score(&app, ids[20]).await), ("always-down", 1));
    vote(&mut bob, ELSEWHERE, ids[20], "up").await;
    assert_eq!(
        (why(&app, "bob", ids[20]).await.as_str(), score(&app, ids[20]).await),
        ("", 2),
        "turned, it is judged anew"
    );
    for id in &ids[21..] {
        vote(&mut bob, ELSEWHERE, *id, "up").await;
        assert_eq!(why(&app, "bob", *id).await, "");
    }
}

#[tokio::test]
async fn three_votes_down_on_one_author_are_enough_for_a_grudge() {
    let (app, mut alice, story) = forum(|_| {}).await;
    let (mut bob, ids) = discussion(&app, &mut alice, story, 10).await;
    let (alices, carls): (Vec<i64>, Vec<i64>) =
        (ids[..].iter().step_by(2).copied().collect(), vec![ids[1], ids[3]]);
    for id in &alices[..3] {
        vote(&mut bob, ELSEWHERE, *id, "down").await;
        assert_eq!(why(&app, "bob", *id).await, "");
        app.pass(1);
    }
    vote(&mut bob, ELSEWHERE, alices[3], "down").await;
    assert_eq!((why(&app, "bob", alices[3]).await.as_str(), score(&app, alices[3]).await), ("grudge", 1));
    assert_eq!(app.karma("alice").await, -2);
    app.pass(1);
    vote(&mut bob, ELSEWHERE, carls[0], "down").await;
    assert_eq!(why(&app, "bob", carls[0]).await, "", "somebody else");
    app.pass(1);
    vote(&mut bob, ELSEWHERE, alices[4], "down").await;
    assert_eq!(why(&app, "bob", alices[4]).await, "", "the last three were not all on her");
}

#[tokio::test]
async fn votes_for_nobody_but_one_author_are_a_ring() {
    let (app, mut alice, story) = forum(|settings| settings.vote_ring_window = Some(4)).await;
    let (mut bob, ids) = discussion(&app, &mut alice, story, 14).await;
    let mut others = app.member("others").await;
    for _ in 0..30 {
        comment(&mut others, THIRD, story).await;
    }
    let votes: Vec<i64> = ids[..].iter().step_by(2).copied().collect();
    for (id, expected) in votes.iter().zip(["", "", "", "", "ring", "ring"]) {
        vote(&mut bob, ELSEWHERE, *id, "up").await;
        assert_eq!(why(&app, "bob", *id).await, expected);
        app.pass(1);
    }
    vote(&mut bob, ELSEWHERE, ids[1], "up").await;
    assert_eq!(why(&app, "bob", ids[1]).await, "", "carl is not of it");
    app.pass(1);
    vote(&mut bob, ELSEWHERE, votes[6], "up").await;
    assert_eq!(why(&app, "bob", votes[6]).await, "", "three of four are not nearly all");
}

#[tokio::test]
async fn who_votes_for_the_few_that_there_are_is_in_no_ring() {
    let app = TestApp::with(|settings| settings.vote_ring_window = Some(2)).await;
    for (name, role) in [("chief", Role::Admin), ("alice", Role::Member)] {
        let (mut writer, mut reader) =
            (app.person(name, role).await, app.member(&format!("for-{name}")).await);
        for nth in 0..5 {
            let story = writer.text_story(&format!("Story {nth}"), "Words.").await;
            reader.vote(story, "up").await;
            assert_eq!(why(&app, &reader.name, story).await, "", "{nth}");
        }
    }
    // Others come to write, and a reader of the operator alone is still none of theirs.
    let (mut carl, mut chief) = (app.member("carl").await, app.session("chief").await);
    for nth in 0..50 {
        carl.text_story(&format!("Carl's {nth}"), "Words.").await;
    }
    let story = chief.text_story("The operator's", "Words.").await;
    app.session("for-chief").await.vote(story, "up").await;
    assert_eq!(why(&app, "for-chief", story).await, "");
    let story = app.session("alice").await.text_story("One more", "Words.").await;
    app.session("for-alice").await.vote(story, "up").await;
    assert_eq!(why(&app, "for-alice", story).await, "ring");
}

#[tokio::test]
async fn the_first_votes_of_a_young_account_wait_only_where_a_forum_says_so() {
    let (app, _, story) =
        forum(|settings| settings.min_account_age_to_count_votes_hours = Some(Period(24))).await;
    let mut bob = app.member("bob").await;
    vote(&mut bob, ELSEWHERE, story, "up").await;
    assert_eq!((why(&app, "bob", story).await.as_str(), score(&app, story).await), ("young", 1));
    app.pass(24 * HOUR);
    let mut bob = app.session("bob").await;
    vote(&mut bob, ELSEWHERE, story, "up").await;
    assert_eq!(why(&app, "bob", story).await, "young", "a vote is judged when it is cast");
    app.sql("update users set created_at = created_at + 86400 where name = 'alice'").await;
    let carl = app.account("carl", Role::Member).await;
    app.sql(&format!("update users set karma = 2, karma_base = 2 where id = {}", carl.0)).await;
    vote(&mut app.session("carl").await, THIRD, story, "up").await;
    assert_eq!(why(&app, "carl", story).await, "", "who has brought something in is known");
    let dora = app.account("dora2", Role::Member).await;
    app.pass(24 * HOUR);
    vote(&mut app.session("dora2").await, "198.51.100.1", story, "up").await;
    assert_eq!(why(&app, "dora2", story).await, "", "{dora:?} is a day old");
    assert_eq!(score(&app, story).await, 3);
}

#[tokio::test]
async fn whoever_casts_a_vote_that_does_not_count_sees_one_that_does() {
    let (app, mut alice, story) = forum(|_| {}).await;
    let said = comment(&mut alice, ALICES, story).await;
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    let path = format!("/item/{story}/vote");
    let headers = |address| {
        [("sec-fetch-site", "same-origin"), ("accept", "application/json"), ("x-forwarded-for", address)]
    };
    let mut answers = Vec::new();
    for (voter, address, nth) in [(&mut bob, ELSEWHERE, 2), (&mut carl, ALICES, 3)] {
        let page = voter.send(Method::POST, &path, &headers(address), Some(&[("dir", "up")])).await;
        let answer: serde_json::Value = serde_json::from_slice(&page.body).expect("JSON");
        assert_eq!(answer, json!({ "points": nth, "dir": "up" }));
        answers.push(page.headers);
    }
    assert_eq!(why(&app, "carl", story).await, "same-address");
    for headers in &mut answers {
        headers.remove("x-request-id");
        // On PostgreSQL each names its own write.
        if let Some(cookie) = headers.get_mut("set-cookie") {
            let (name, attributes) = cookie.to_str().expect("ASCII").split_once(';').expect("attributes");
            assert!(name.starts_with("written="), "{name}");
            *cookie = HeaderValue::from_str(attributes).expect("a header");
        }
    }
    assert_eq!(answers[0], answers[1]);
    vote(&mut carl, ALICES, said, "up").await;
    for kept in [true, false] {
        let shown = if kept { app.browser_of(&carl) } else { app.without_memory().browser_of(&carl) };
        let mut carl = shown;
        for path in ["/", "/new", "/upvoted", &format!("/item/{story}")] {
            let page = carl.get(path).await;
            assert_eq!((page.points(story), page.vote_on(story).as_deref()), (Some(3), Some("up")), "{path}");
            page.finds(1, &format!("form[action='/item/{story}/vote'] button[name=dir][value=none]"));
        }
    }
    for other in [&mut bob, &mut alice, &mut app.visitor()] {
        for path in ["/", "/new", &format!("/item/{story}")] {
            assert_eq!(other.get(path).await.points(story), Some(2), "{path} to {}", other.name);
        }
    }
    vote(&mut carl, ALICES, story, "none").await;
    assert_eq!((carl.get("/").await.points(story), score(&app, story).await), (Some(2), 2));
}

#[tokio::test]
async fn moderators_see_whose_votes_do_not_count_on_what_and_why() {
    let (app, mut alice, story) = forum(|_| {}).await;
    let mut mia = app.person("mia", Role::Moderator).await;
    mia.get("/mod").await.finds(1, "main nav a[href='/mod/votes']");
    let votes = "main article";
    for (path, words) in [
        ("/mod/votes", "Every vote counts so far"),
        ("/mod/votes?at=1&voter=1&before=1", "Go to the first page"),
    ] {
        let page = mia.get(path).await;
        page.finds(0, votes);
        assert!(page.says(words), "{path}: {}", page.text());
    }
    let said = comment(&mut alice, ELSEWHERE, story).await;
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    app.sql("update users set karma = 900, karma_base = 900 where name = 'carl'").await;
    shadow(&app, "carl").await;
    vote(&mut bob, ALICES, story, "up").await;
    app.pass(3_000);
    vote(&mut carl, THIRD, said, "down").await;
    let page = mia.get("/mod/votes").await;
    page.finds(2, votes);
    let shown = page.all(votes);
    let expected = [
        (
            vec![format!("/item/{said}"), "/user/carl".to_owned(), "/user/alice".to_owned()],
            [
                "Comment on A story",
                "voted down by carl",
                "written by alice",
                "The voter is shadow-banned.",
                "A comment.",
            ],
        ),
        (
            vec![format!("/item/{story}"), "/user/bob".to_owned(), "/user/alice".to_owned()],
            [
                "A story",
                "voted up by bob",
                "written by alice",
                "50 minutes ago",
                "came from the same IP address",
            ],
        ),
    ];
    for (vote, (links, parts)) in shown.iter().zip(expected) {
        let shown: Vec<_> = vote.all("a").iter().map(|link| link.attr("href").to_owned()).collect();
        assert_eq!(shown, links, "{}", vote.text);
        for part in parts {
            assert!(vote.text.contains(part), "{part}: {}", vote.text);
        }
    }
    for who in [&mut alice, &mut bob, &mut app.visitor()] {
        assert_ne!(who.get("/mod/votes").await.status, StatusCode::OK, "{}", who.name);
    }
    let bobs = format!("{votes} a[href='/user/bob']");
    mia.get("/mod/votes").await.finds(1, &bobs);
    vote(&mut bob, ALICES, story, "none").await;
    // A vote that was taken back is gone.
    let page = mia.get("/mod/votes").await;
    page.finds(1, votes);
    page.finds(0, &bobs);
}

#[tokio::test]
async fn the_list_of_votes_that_do_not_count_goes_on_page_by_page() {
    let (app, _, story) = forum(|_| {}).await;
    let mut mia = app.person("mia", Role::Moderator).await;
    for nth in 0..70 {
        app.account(&format!("puppet{nth}"), Role::Member).await;
    }
    // Several at each moment.
    let insert = format!(
        "insert into votes (user_id, item_id, dir, counted, uncounted_reason, created_at) \
         select id, {story}, 1, false, 'ring', {} - id / 7 from users where name like 'puppet%'",
        app.now().0
    );
    app.sql(&insert).await;
    let (mut path, mut names) = (Some("/mod/votes".to_owned()), Vec::new());
    let mut pages = 0;
    while let Some(at) = path {
        let page = mia.get(&at).await;
        names.extend(page.texts("main article a[href^='/user/puppet']"));
        path = page.all("a[rel=next]").pop().map(|next| next.attr("href").to_owned());
        pages += 1;
    }
    names.sort();
    names.dedup();
    assert_eq!((names.len(), pages), (70, 3), "each once");
    for odd in ["?at=x", "?at=1&voter=2", "?before=99999999999999999999", "?at=-1&voter=-1&before=-1"] {
        let page = mia.get(&format!("/mod/votes{odd}")).await;
        assert!(
            page.status == StatusCode::OK || page.status == StatusCode::BAD_REQUEST,
            "{odd}: {}",
            page.status
        );
    }
}
