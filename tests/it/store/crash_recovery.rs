//! Kills the process during mixed writes: acknowledged writes survive, and stored sums match their rows.

use std::collections::HashSet;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use stoa::database_address::DatabaseAddress;
use stoa::domain::accounts::user::{Role, UserId};
use stoa::domain::items::item::ItemId;
use stoa::store::Store;

use crate::store::durability::{BEGAN, KILLS, WRITERS, comment, free_port, post, prepare, work_until_killed};

/// What somebody was told that they did, all kinds of things in turn, and the edits that got no answer.
#[derive(Debug, Clone, Default)]
struct Done {
    comments: Vec<(i64, String)>,
    unanswered: Vec<(i64, String)>,
    voted: HashSet<ItemId>,
    flagged: HashSet<ItemId>,
    killed: Vec<i64>,
}

/// Comments, edits, votes for and flags stories, and as a moderator kills every second comment, until
/// disconnected.
fn do_all(
    stories: &[ItemId],
    (kill, writer): (usize, usize),
    mut stream: TcpStream,
    mut done: Done,
    count: &AtomicUsize,
) -> Done {
    // Each kill finds stories that nobody has flagged yet.
    for (nth, story) in stories.iter().skip(kill * stories.len() / KILLS).enumerate() {
        let stream = &mut stream;
        let Some(id) = comment(stream, writer, *story, kill * 100_000 + nth) else { break };
        let text = format!("edited {kill} {nth}");
        done.comments.push((id, format!("comment {} of {writer}", kill * 100_000 + nth)));
        done.unanswered.push((id, text.clone()));
        if post(stream, writer, &format!("/item/{id}/edit"), &format!("text={}", text.replace(' ', "+")))
            .is_none()
        {
            break;
        }
        done.unanswered.pop();
        done.comments.last_mut().expect("one").1 = text;
        if post(stream, writer, &format!("/item/{story}/vote"), "dir=up&goto=/").is_none() {
            break;
        }
        done.voted.insert(*story);
        if post(stream, writer, &format!("/item/{story}/flag"), "on=true&reason=spam&goto=/").is_none() {
            break;
        }
        done.flagged.insert(*story);
        if writer == 0 && nth % 2 == 1 {
            let Some(head) = post(stream, writer, &format!("/item/{id}/kill"), "on=true&reason=spam&goto=/")
            else {
                break;
            };
            assert!(head.contains("location: /\r\n"), "{head}");
            done.killed.push(id);
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
    done
}

/// Differences from what was acknowledged, and between stored sums and their rows.
async fn differences(database: &Path, done: &[Done], people: &[UserId]) -> Vec<String> {
    let store = Store::open(database).await.expect("a whole database");
    let mut wrong = Vec::new();
    for (done, user) in done.iter().zip(people) {
        for (id, text) in &done.comments {
            let item = store.item(ItemId(*id)).await;
            let is_other = |text: &str| done.unanswered.iter().any(|(of, other)| of == id && other == text);
            match item {
                Ok(item) if item.text == *text || is_other(&item.text) => {}
                other => wrong.push(format!("comment {id} was “{text}”: {other:?}")),
            }
        }
        for id in &done.killed {
            if store.item(ItemId(*id)).await.is_ok_and(|item| item.dead.is_none()) {
                wrong.push(format!("{id} was killed"));
            }
        }
        for story in &done.voted {
            if store.vote_of(*user, *story).await.expect("a vote").is_none() {
                wrong.push(format!("{user:?} voted on {story}"));
            }
        }
        for story in &done.flagged {
            if store.cast_by(*user, *story).await.expect("a flag").flag.is_none() {
                wrong.push(format!("{user:?} flagged {story}"));
            }
        }
    }
    store.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let mut db =
        <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.expect("a connection");
    for (what, query) in [
        (
            "flags",
            "select count(*) from items i where flags <> (select coalesce(sum(weight), 0) from flags f where \
             f.item_id = i.id)",
        ),
        (
            "scores",
            "select count(*) from items i where score <> base_points + (select coalesce(sum(v.dir), 0) from \
             votes v where v.item_id = i.id and v.counted)",
        ),
        (
            "descendants",
            "select count(*) from items i where kind = 'story' and descendants <> (select count(*) from \
             items c \
          where c.root_id = i.id and c.kind = 'comment' and c.dead is null and c.deleted_at is null)",
        ),
        (
            "log",
            "select count(*) from items i where (dead = 'killed') <> exists (select 1 from moderation_log m \
          where m.item_id = i.id and m.action = 'kill')",
        ),
    ] {
        let found: i64 = sqlx::query_scalar(query).fetch_one(&mut db).await.expect("a number");
        if found > 0 {
            wrong.push(format!("{found} {what} are half written"));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_acknowledged_outlives_a_killed_process_among_deeds_of_all_kinds() {
    let dir = tempfile::tempdir().expect("a directory");
    let database = dir.path().join("stoa.db");
    let address = DatabaseAddress::File(database.clone());
    let store = Store::open(&database).await.expect("a database");
    let (stories, people) = prepare(&store, 400).await;
    let act = stoa::store::ActionContext { actor: None, reason: "", at: BEGAN };
    store.set_role(people[0], Role::Moderator, act).await.expect("a role");
    store.close().await;
    let port = free_port();
    let mut done = vec![Done::default(); WRITERS];
    for kill in 0..KILLS {
        done = work_until_killed((dir.path(), &address), (port, kill), |writer, stream, count| {
            do_all(&stories, (kill, writer), stream, done[writer].clone(), count)
        });
        let wrong = differences(&database, &done, &people).await;
        assert!(wrong.is_empty(), "kill {kill}: {}", wrong.join("\n"));
    }
    let all = |what: fn(&Done) -> usize| done.iter().map(what).sum::<usize>();
    assert!(
        all(|done| done.comments.len()) > 2 * WRITERS * KILLS && all(|done| done.flagged.len()) > WRITERS
    );
    assert!(!done[0].killed.is_empty(), "a moderator was at work");
}
