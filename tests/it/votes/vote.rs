//! Voting: what each vote does, who may cast it, and that no point is ever lost or doubled.

use axum::http::StatusCode;
use proptest::prelude::*;
use serde_json::json;
use stoa::clock::{DAY, HOUR};
use stoa::domain::accounts::user::{Role, UserId};
use stoa::domain::items::item::ItemId;
use stoa::domain::votes::vote::Direction;
use stoa::store::NewVote;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{kill, score, shadow};

pub const POLL: &str = include_str!("../../fixtures/import/poll.jsonl");

/// Why a vote is refused.
async fn refused(browser: &mut Browser, id: i64, dir: &str) -> String {
    let page = browser.vote(id, dir).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{dir}: {}", page.text());
    page.one("main h1 + p").text
}

/// The button of a vote on an item: up, down, or none to undo it.
fn button(id: i64, dir: &str) -> String {
    format!("form[action='/item/{id}/vote'] button[name=dir][value={dir}]")
}

const LOWEST: &str = "already has the lowest score";
const OWN: &str = "You cannot vote on your own post.";

/// A story by alice, her comment on it, and bob, who may vote down.
async fn forum() -> (TestApp, Browser, Browser, i64, i64) {
    let app = TestApp::new().await;
    let (mut alice, bob) = (app.member("alice").await, app.member("bob").await);
    app.set_karma("bob", 501).await;
    let story = alice.story("A story", "https://example.com/a").await;
    let comment = alice.reply(story, "A comment.").await;
    (app, alice, bob, story, comment)
}

#[tokio::test]
async fn a_vote_up_gives_a_point_and_its_author_karma() {
    let (app, mut alice, mut bob, story, comment) = forum().await;
    assert_eq!(alice.get("/").await.points(story), Some(1));
    let page = bob.vote(story, "up").await;
    let row = format!("/#i{story}");
    assert_eq!((page.status, page.location().as_deref()), (StatusCode::SEE_OTHER, Some(row.as_str())));
    bob.vote(story, "up").await;
    bob.vote(comment, "up").await;
    assert_eq!((score(&app, story).await, score(&app, comment).await), (2, 2), "a second click adds nothing");
    assert_eq!((app.karma("alice").await, app.karma("bob").await), (3, 501));
    let front = bob.get("/").await;
    assert_eq!((front.points(story), front.vote_on(story).as_deref()), (Some(2), Some("up")));
    front.finds(1, &button(story, "none"));
    assert_eq!(bob.get("/upvoted").await.stories(), [story]);
    assert!(alice.get("/upvoted").await.stories().is_empty());
}

#[tokio::test]
async fn a_vote_can_be_undone_or_turned_for_an_hour() {
    let (app, _, mut bob, story, comment) = forum().await;
    bob.vote(story, "up").await;
    bob.vote(comment, "down").await;
    assert_eq!((score(&app, comment).await, app.karma("alice").await), (0, 1));
    bob.vote(comment, "up").await;
    assert_eq!((score(&app, comment).await, app.karma("alice").await), (2, 3), "turned, which is two points");
    app.pass(HOUR);
    bob.vote(story, "none").await;
    assert_eq!((score(&app, story).await, app.karma("alice").await), (1, 2));
    bob.get(&format!("/item/{story}")).await.finds(1, &button(comment, "none"));
    app.pass(1);
    let page = bob.get(&format!("/item/{story}")).await;
    assert_eq!(page.vote_on(comment).as_deref(), Some("up"));
    page.finds(0, &button(comment, "none"));
    for dir in ["none", "down"] {
        assert!(refused(&mut bob, comment, dir).await.contains("too late to undo this one"), "{dir}");
    }
    assert_eq!(score(&app, comment).await, 2);
    assert_eq!(bob.vote(comment, "sideways").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nobody_votes_for_themselves_and_everybody_logs_in_first() {
    let (app, mut alice, _, story, comment) = forum().await;
    for id in [story, comment] {
        assert_eq!(refused(&mut alice, id, "none").await, OWN);
    }
    alice.vote(story, "up").await;
    assert_eq!((score(&app, story).await, app.karma("alice").await), (1, 1));
    let page = app.visitor().vote(story, "up").await;
    assert!(page.location().is_some_and(|to| to.starts_with("/login")), "{:?}", page.location());
    assert_eq!(score(&app, story).await, 1);
}

#[tokio::test]
async fn voting_down_has_its_rules() {
    let (app, mut alice, mut bob, story, comment) = forum().await;
    let mut carl = app.member("carl").await;
    app.set_karma("carl", 500).await;
    assert!(refused(&mut carl, comment, "down").await.contains("You need 501 karma to downvote"));
    let mut mia = app.person("mia", Role::Moderator).await;
    assert_eq!(mia.vote(comment, "down").await.status, StatusCode::SEE_OTHER, "moderators need no karma");
    assert!(refused(&mut bob, story, "down").await.contains("Only comments can be downvoted"));
    let bobs = bob.reply(story, "Bob's.").await;
    let answer = alice.reply(bobs, "An answer to Bob.").await;
    assert!(refused(&mut bob, answer, "down").await.contains("You cannot downvote replies to you"));
    app.sql(&format!("update items set base_points = -4, score = -4 where id = {comment}")).await;
    assert!(refused(&mut bob, comment, "down").await.contains(LOWEST));
    app.sql(&format!("update items set base_points = -2, score = -2 where id = {comment}")).await;
    let (fresh, down) = (alice.reply(story, "Another comment.").await, "button[name=dir][value=down]");
    // Buttons for allowed votes only: on the two recent comments that are no replies to bob.
    let page = bob.get(&format!("/item/{story}")).await;
    page.finds(2, down);
    for id in [comment, fresh] {
        page.finds(1, &button(id, "down"));
    }
    app.pass(DAY + 1);
    assert!(refused(&mut bob, comment, "down").await.contains("24 hours"));
    assert_eq!(bob.vote(comment, "up").await.status, StatusCode::SEE_OTHER, "up is always open");

    bob.get(&format!("/item/{story}")).await.finds(0, down);
}

#[tokio::test]
async fn arrows_stand_only_where_they_work() {
    let (app, mut alice, mut bob, story, comment) = forum().await;
    let thread = format!("/item/{story}");
    let page = bob.get(&thread).await;
    for (id, dir, label) in [
        (story, "up", "Upvote A story"),
        (comment, "up", "Upvote the comment by alice"),
        (comment, "down", "Downvote the comment by alice"),
    ] {
        assert_eq!(page.one(&button(id, dir)).attr("aria-label"), label);
    }
    let (up, down) = ("button[name=dir][value=up]", "button[name=dir][value=down]");
    page.finds(2, up);
    // None stands at the story.
    page.finds(1, down);
    alice.get(&thread).await.finds(0, up);
    app.visitor().get(&thread).await.finds(0, up);
    let page = app.member("carl").await.get(&thread).await;
    page.finds(2, up);
    page.finds(0, down);
    bob.vote(comment, "down").await;
    assert_eq!(bob.get(&thread).await.vote_on(comment).as_deref(), Some("down"));
}

#[tokio::test]
async fn what_is_dead_deleted_or_a_job_takes_no_votes() {
    let (app, mut alice, mut bob, story, comment) = forum().await;
    app.import(POLL).await;
    assert!(refused(&mut bob, 2010, "up").await.contains("Job posts cannot be voted on"));
    let mut mia = app.person("mia", Role::Moderator).await;
    kill(&mut mia, story, true).await;
    assert_eq!(bob.vote(story, "up").await.status, StatusCode::NOT_FOUND);
    assert!(refused(&mut mia, story, "up").await.contains("you cannot vote on it"));
    alice.post(&format!("/item/{comment}/delete"), &[]).await;
    assert_eq!(bob.vote(comment, "up").await.status, StatusCode::GONE);
    assert_eq!(score(&app, story).await + score(&app, comment).await, 2);
}

#[tokio::test]
async fn the_vote_of_somebody_banned_or_shadow_banned_is_not_counted() {
    let (app, _, mut bob, story, _) = forum().await;
    shadow(&app, "bob").await;
    assert_eq!(bob.vote(story, "up").await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.get("/").await.vote_on(story).as_deref(), Some("up"), "they do not notice");
    assert_eq!((score(&app, story).await, app.karma("alice").await), (1, 1));
    let kept = format!("select count(*) from votes where item_id = {story} and not counted and not own");
    assert_eq!(app.number(&kept).await, 1);
    bob.vote(story, "none").await;
    assert_eq!((score(&app, story).await, app.number(&kept).await), (1, 0), "undone, it takes nothing away");

    let mut carl = app.member("carl").await;
    app.ban("carl").await;
    assert!(carl.vote(story, "up").await.location().is_some_and(|to| to.starts_with("/login")));
    assert_eq!(score(&app, story).await, 1);
}

#[tokio::test]
async fn an_option_of_a_poll_takes_votes_which_give_no_karma() {
    let (app, _, mut bob, ..) = forum().await;
    app.import(POLL).await;
    let before = app.karma("ada").await;
    bob.vote(2002, "up").await;
    assert_eq!((score(&app, 2002).await, app.karma("ada").await), (4, before));
    bob.vote(2001, "up").await;
    assert_eq!(
        (score(&app, 2001).await, app.karma("ada").await),
        (6, before + 1),
        "the poll itself gives karma"
    );
    let page = bob.get("/item/2001").await;
    assert_eq!(page.points(2002), Some(4));
    page.in_order("#i2001 ol > li", &["Cards", "Tape"]);
}

#[tokio::test]
async fn the_script_is_answered_with_figures_and_sentences() {
    let (_app, mut alice, mut bob, story, comment) = forum().await;
    let vote = |id: i64| format!("/item/{id}/vote");
    assert_eq!(bob.post_json(&vote(story), &[("dir", "up")]).await, json!({ "points": 2, "dir": "up" }));
    assert_eq!(bob.post_json(&vote(story), &[("dir", "none")]).await, json!({ "points": 1, "dir": "none" }));
    let hidden = json!({ "points": null, "dir": "down" });
    assert_eq!(
        bob.post_json(&vote(comment), &[("dir", "down")]).await,
        hidden,
        "a comment's points are its author's"
    );
    let error = alice.post_json(&vote(story), &[("dir", "none")]).await;
    assert_eq!(error, json!({ "error": OWN }));
    assert_eq!(bob.post_json(&format!("/item/{story}/save"), &[("on", "true")]).await, json!({ "on": true }));
}

#[tokio::test]
async fn the_points_of_a_comment_are_seen_by_its_author_only() {
    let (app, mut alice, mut bob, story, comment) = forum().await;
    bob.vote(comment, "up").await;
    for path in [format!("/item/{story}"), format!("/item/{comment}"), "/comments".to_owned()] {
        assert_eq!(alice.get(&path).await.points(comment), Some(2), "{path}");
        for other in [&mut bob, &mut app.visitor()] {
            assert_eq!(other.get(&path).await.points(comment), None, "{path}");
        }
    }
    let open = TestApp::with(|settings| settings.show_comment_points = Some(true)).await;
    let mut alice = open.member("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    let comment = alice.reply(story, "A comment.").await;
    assert_eq!(open.visitor().get(&format!("/item/{story}")).await.points(comment), Some(1));
}

#[tokio::test]
async fn a_comment_fades_as_its_score_falls_to_the_floor() {
    let (app, mut alice, mut bob, story, comment) = forum().await;
    let thread = format!("/item/{story}");
    // How faint it is, a class says: another at each step.
    let faint = |page: &Page| page.one(&format!("#c{comment} > details > div")).attr("class").to_owned();
    let mut steps = vec![faint(&app.visitor().get(&thread).await)];
    for (number, low) in [false, false, false, true, true].into_iter().enumerate() {
        app.person(&format!("moderator{number}"), Role::Moderator).await.vote(comment, "down").await;
        let page = app.visitor().get(&thread).await;
        assert_eq!(page.comment(comment), "A comment.");
        steps.push(faint(&page));
        assert_eq!(
            page.marks(comment).contains(&"below threshold".to_owned()),
            low,
            "{number}: in words too"
        );
    }
    assert_eq!(steps[5], steps[4], "it gets no fainter than at the floor");
    steps.dedup();
    assert_eq!(steps.len(), 5, "{steps:?}");
    for (step, class) in steps.iter().enumerate().skip(1) {
        assert!(class.contains(&step.to_string()), "{step}: {class}");
    }
    assert!(refused(&mut bob, comment, "down").await.contains(LOWEST));
    assert_eq!(alice.get(&thread).await.points(comment), Some(-4));
}

/// A vote: user, item, direction, and whether from a shared address, so that it may not count.
type Cast = (usize, usize, Option<Direction>, bool);

fn cast() -> impl Strategy<Value = Cast> {
    let dir = prop_oneof![Just(Some(Direction::Up)), Just(Some(Direction::Down)), Just(None)];
    (0..6_usize, 0..7_usize, dir, prop::bool::weighted(0.4))
}

/// Two native items and the imported ones, some with points of their own.
async fn board() -> (TestApp, Vec<UserId>, [i64; 7]) {
    let app = TestApp::new().await;
    app.import(POLL).await;
    let mut voters = Vec::new();
    for name in ["alice", "bob", "carl", "dora2", "eve", "fred"] {
        voters.push(app.account(name, Role::Member).await);
    }
    let mut alice = app.log_in("alice").await;
    let story = alice.story("A story", "https://example.com/a").await;
    let comment = app.log_in("bob").await.reply(story, "A comment.").await;
    (app, voters, [story, comment, 2001, 2002, 2003, 2005, 2006])
}

/// What of items and people differs from their base and the votes table.
pub async fn differences(app: &TestApp) -> i64 {
    let items = "select count(*) from items i left join (select item_id, sum(dir) as score, \
                 count(*) filter (where dir = 1 and not own) as ups, \
                 count(*) filter (where dir = -1 and not own) as downs \
                 from votes where counted group by item_id) v on v.item_id = i.id \
                 where i.score <> i.base_points + coalesce(v.score, 0) or i.ups <> coalesce(v.ups, 0) \
                 or i.downs <> coalesce(v.downs, 0)";
    let people = "select count(*) from users u left join (select i.author_id, sum(v.dir) as karma \
                  from votes v join items i on i.id = v.item_id where v.user_id <> i.author_id and v.counted \
                  and i.kind <> 'pollopt' group by i.author_id) k on k.author_id = u.id \
                  where u.karma <> u.karma_base + coalesce(k.karma, 0)";
    app.number(items).await + app.number(people).await
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 20, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn the_score_is_the_imported_base_and_the_votes_after_any_mix_of_concurrent_votes(
        casts in prop::collection::vec(cast(), 1..80)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let wrong = runtime.block_on(async {
            let (app, voters, items) = board().await;
            shadow(&app, "eve").await;
            let (at, address) = (app.now(), "203.0.113.5".parse().expect("an address"));
            let shared = app.store.ip_hash_key().hashes(address);
            let tasks: Vec<_> = casts
                .iter()
                .map(|&(who, what, dir, from_there)| {
                    let ip_hashes = Some(shared).filter(|_| from_there);
                    let vote = NewVote { user: voters[who], item: ItemId(items[what]), dir, ip_hashes };
                    let (store, policy) = (app.store.clone(), app.policy());
                    // An author's own point stays: that refusal is one of the outcomes.
                    tokio::spawn(async move { store.vote(vote, &policy, at).await.is_ok() })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
            differences(&app).await
        });
        prop_assert_eq!(wrong, 0);
    }
}
