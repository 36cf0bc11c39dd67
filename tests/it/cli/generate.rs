//! `stoa generate`: a made-up site that is like a real one, and the same from the same seed.

use std::collections::BTreeSet;

use stoa::cli::generate::{Generate, make};

use crate::support::app::TestApp;
use crate::votes::vote::differences;

/// A site of more items than are written at once, with a long thread.
pub async fn made(seed: u64, users: u32) -> TestApp {
    let app = TestApp::new().await;
    let asked = Generate { users, stories: 100, comments: 22_000, long: vec![400], seed };
    let made = make(&asked, &app.store, app.now()).await.expect("a site");
    assert_eq!(made, (101, 22_400));
    app
}

/// All of a site but what is random in each.
async fn whole(seed: u64) -> BTreeSet<String> {
    made(seed, 200).await.dump(&["changes", "instance", "secrets", "_sqlx_migrations"]).await
}

#[tokio::test]
async fn the_same_seed_makes_the_same_site_and_another_seed_another() {
    let (first, again, other) = tokio::join!(whole(7), whole(7), whole(8));
    assert!(first.len() > 30_000, "items, people and votes: {}", first.len());
    assert_eq!(first, again);
    let shared = first.intersection(&other).filter(|row| row.starts_with("items: ")).count();
    assert_eq!(shared, 0, "no story and no comment of another seed is the same");
}

#[tokio::test]
async fn a_made_up_site_is_voted_on_as_people_vote() {
    let app = made(1, 200).await;
    assert_eq!(differences(&app).await, 0, "scores and karma are what the votes come to");
    let comments = |what: &str| format!("select count(*) from items where kind = 'comment' and {what}");
    let shares = [
        ("score between 1 and 3", 700..950),
        ("score between 4 and 10", 30..200),
        ("score > 10", 7..60),
        ("score < 1", 20..120),
        ("ups > 0 and downs > 0", 7..60),
    ];
    for (what, expected) in shares {
        let share = app.number(&comments(what)).await * 1_000 / 22_400;
        assert!(expected.contains(&share), "{what}: {share} in a thousand");
    }
    assert_eq!(app.number(&comments("score < -4")).await, 0);
    assert!(app.number("select max(score) from items where kind = 'story'").await > 30);
    for (nobody, votes) in [
        ("votes for their own", "v.user_id = i.author_id"),
        ("votes a story down", "v.dir < 0 and i.kind = 'story'"),
        (
            "votes down what answers them",
            "v.dir < 0 and v.user_id = (select author_id from items p where p.id = i.parent_id)",
        ),
        ("votes before it was posted", "v.created_at < i.time"),
        ("has voted in the future", &format!("v.created_at > {}", app.now().0)),
    ] {
        let query = format!("select count(*) from votes v join items i on i.id = v.item_id where {votes}");
        assert_eq!(app.number(&query).await, 0, "{nobody}");
    }
    let early =
        "select count(*) from votes v join users u on u.id = v.user_id where v.created_at < u.created_at";
    assert_eq!(app.number(early).await, 0, "everybody was there when they voted");
    let best = "select score from items where kind = 'comment' order by score desc limit 30";
    let different = app.number(&format!("select count(distinct score) from ({best}) as best")).await;
    assert!(different > 8, "the best are better than others by something: {different}");
}

#[tokio::test]
async fn nobody_votes_on_a_site_of_one() {
    let app = made(1, 1).await;
    assert_eq!(app.number("select count(*) from votes").await, 0);
    assert_eq!(differences(&app).await, 0);
}
