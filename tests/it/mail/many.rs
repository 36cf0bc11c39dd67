//! Digests for many members, with votes going on meanwhile. A measurement with `STOA_TEST_DIGESTS=10000` and
//! `cargo test --release --test it -- --nocapture mail::many`.

use std::time::{Duration, Instant};

use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::domain::votes::vote::Direction;
use stoa::store::NewVote;

use crate::support::app::TestApp;

const MEMBERS: i64 = 300;
const VOTES: usize = 300;

fn members() -> i64 {
    std::env::var("STOA_TEST_DIGESTS").map_or(MEMBERS, |many| many.parse().expect("a number"))
}

#[expect(clippy::disallowed_methods, reason = "this measures how long something takes")]
fn stopwatch() -> Instant {
    Instant::now()
}

/// How long votes take, the shortest first, until `done` or so many.
async fn votes(app: &TestApp, first: i64, done: &std::sync::atomic::AtomicBool) -> Vec<Duration> {
    let mut taken = Vec::new();
    for nth in 0..i64::MAX {
        if done.load(std::sync::atomic::Ordering::Relaxed) || first + nth > members() {
            break;
        }
        let begin = stopwatch();
        let (user, dir) = (stoa::domain::accounts::user::UserId(1_000 + first + nth), Some(Direction::Up));
        let vote = NewVote { user, item: ItemId(10), dir, ip_hashes: None };
        app.store.vote(vote, &app.policy(), app.now()).await.expect("voted");
        taken.push(begin.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
        if taken.len() == VOTES {
            break;
        }
    }
    taken.sort();
    taken
}

fn p99(taken: &[Duration]) -> Duration {
    taken[taken.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digests_are_prepared_for_everybody_while_votes_go_on() {
    let members = members();
    let app = TestApp::new().await;
    let now = app.now().0;
    let numbers = format!(
        "with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < {members}) "
    );
    app.account("mia", Role::Member).await;
    let mia = app.id_of("mia").await.0;
    for (into, select) in [
        (
            "users (id, name, password, role, karma, karma_base, created_at)",
            "1000 + n, 'reader' || n, 'x', 'member', 100, 0, 0",
        ),
        (
            "mailboxes (user_id, address, verified_at, inbox_mail, best_of_due_at, key)",
            &format!(
                "1000 + n, 'reader' || n || '@example.org', {}, 'daily', 1, 'key' || n",
                now - 8 * 86_400
            ),
        ),
        (
            "items (id, kind, author_id, time, rank_time, visible_at, root_id, depth, title, text, score)",
            &format!("9 + n, 'story', {mia}, {now}, {now}, {now}, 9 + n, 0, 'A story ' || n, 'Words.', n"),
        ),
        (
            "inbox (user_id, kind, item_id, created_at, mail_at)",
            &format!("1000 + n, 'mention', 9 + n, {now}, 1"),
        ),
    ] {
        app.sql(&format!("insert into {into} {numbers} select {select} from numbers")).await;
    }
    let done = std::sync::atomic::AtomicBool::new(false);
    let calm = votes(&app, 1, &done).await;
    let begin = stopwatch();
    let prepare = async {
        let made = stoa::mail::digests::prepare(&app.store, app.now()).await.expect("prepared");
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        (made, begin.elapsed())
    };
    let ((made, took), busy) = tokio::join!(prepare, votes(&app, members / 2, &done));
    // Three hundred may be done before the first vote is.
    let busy = if busy.is_empty() { calm.clone() } else { busy };
    println!(
        "{made} mails in {took:?}; votes p99: {:?} calm, {:?} meanwhile ({})",
        p99(&calm),
        p99(&busy),
        busy.len()
    );
    assert_eq!(made, 2 * usize::try_from(members).expect("a number"));
}
