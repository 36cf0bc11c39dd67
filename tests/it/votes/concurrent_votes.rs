//! Votes that come at the same moment: each comes to what it would by itself, after those before it.

use stoa::clock::Timestamp;
use stoa::domain::accounts::user::{Role, UserId};
use stoa::domain::items::item::ItemId;
use stoa::domain::limits::policy::Policy;
use stoa::domain::votes::vote::Direction;
use stoa::store::{NewVote, Store};

use crate::support::app::TestApp;
use crate::votes::vote::{POLL, differences};

/// User, item, direction, and whether from a shared address, so that the vote may not count.
type Cast = (UserId, ItemId, Option<Direction>, bool);

/// Two stories, a comment and a poll option by alice; four other members; a story and a member that do not
/// exist.
async fn board() -> (TestApp, Vec<UserId>, Vec<ItemId>) {
    let app = TestApp::new().await;
    app.import(POLL).await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carl", "dora2", "eve"] {
        people.push(app.account(name, Role::Member).await);
    }
    let mut alice = app.session("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let other = alice.text_story("Another story", "Words.").await;
    let comment = alice.reply(story, "A comment.").await;
    people.push(UserId(9_999));
    (app, people, [story, other, comment, 2002, 9_999].map(ItemId).to_vec())
}

/// The same mix each time: votes, turns, undoing, authors on their own posts, strangers and what is missing.
fn mix(people: &[UserId], items: &[ItemId], many: usize) -> Vec<Cast> {
    let mut rng = fastrand::Rng::with_seed(7);
    let dirs = [Some(Direction::Up), Some(Direction::Up), Some(Direction::Down), None];
    let one = |_| {
        let (who, what) = (people[rng.usize(..people.len())], items[rng.usize(..items.len())]);
        (who, what, dirs[rng.usize(..4)], rng.u8(..3) == 0)
    };
    (0..many).map(one).collect()
}

async fn cast(store: &Store, (user, item, dir, shared): Cast, at: Timestamp) -> String {
    let shared = shared.then(|| store.ip_hash_key().hashes([203, 0, 113, 5].into()));
    let vote = NewVote { user, item, dir, ip_hashes: shared };
    format!("{:?}", store.vote(vote, &Policy::default(), at).await)
}

/// Casts concurrently in this order: on one thread, each vote starts before the first is written.
async fn cast_at_once(app: &TestApp, casts: &[Cast]) -> Vec<String> {
    let at = app.now();
    let tasks: Vec<_> = casts
        .iter()
        .map(|one| {
            let (store, one) = (app.store.clone(), *one);
            tokio::spawn(async move { cast(&store, one, at).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

#[tokio::test]
async fn votes_at_one_moment_come_to_what_they_come_to_one_after_another() {
    let ((together, people, items), (apart, ..)) = (board().await, board().await);
    let casts = mix(&people, &items, 300);
    let outcomes = cast_at_once(&together, &casts).await;
    assert_eq!(differences(&together).await, 0);
    for refusal in ["Err(Refused(", "Err(NotFound)", "Ok("] {
        assert!(outcomes.iter().filter(|outcome| outcome.starts_with(refusal)).count() > 9, "{refusal}");
    }
    assert!(together.number("select count(*) from votes where uncounted_reason = 'same-address'").await > 0);
    if together.store.has_nodes() {
        // Votes of different members go on side by side, in any order.
        return;
    }
    for (one, outcome) in casts.iter().zip(&outcomes) {
        assert_eq!(&cast(&apart.store, *one, apart.now()).await, outcome, "{one:?}");
    }
    // Each forum has a key of its own for the hashes of addresses.
    let made_at_random =
        ["changes", "instance", "ip_hashes", "secrets", "sessions", "users.password", "votes.ip_hash"];
    let except: Vec<&str> = made_at_random.into_iter().chain(["_sqlx_migrations"]).collect();
    assert_eq!(together.dump(&except).await, apart.dump(&except).await);
}

#[tokio::test]
async fn a_vote_is_news_to_its_voter_and_its_author_alone() {
    let (app, people, items) = board().await;
    let before = app.store.generation();
    let own: Vec<u64> = people.iter().map(|who| app.store.own_generation(*who)).collect();
    let outcome = cast(&app.store, (people[1], items[0], Some(Direction::Up), false), app.now()).await;
    assert!(outcome.starts_with("Ok("), "{outcome}");
    assert_eq!(app.store.generation(), before + 1);
    let outcome = cast(&app.store, (people[1], items[0], Some(Direction::Up), false), app.now()).await;
    assert!(outcome.starts_with("Ok("), "{outcome}");
    assert_eq!(app.store.generation(), before + 1, "the same vote again is no news");
    for (who, before) in people.iter().zip(own) {
        let concerned = [people[0], people[1]].contains(who);
        assert_eq!(app.store.own_generation(*who), before + u64::from(concerned), "{who:?}");
    }
    assert_eq!(differences(&app).await, 0);
}
