//! Many writes at one moment, on two nodes: every rule of one writer holds.

use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::domain::limits::policy::Policy;
use stoa::domain::votes::vote::Direction;
use stoa::store::NewVote;
use tokio::task::JoinSet;

use crate::nodes::two_nodes;
use crate::support::app::{Browser, TestApp};
use crate::support::page::Page;

/// Sends the same form for everybody at once.
async fn all_post(
    people: Vec<Browser>,
    path: &str,
    form: &'static [(&'static str, &'static str)],
) -> Vec<Page> {
    let mut tasks = JoinSet::new();
    for mut browser in people {
        let path = path.to_owned();
        tasks.spawn(async move { browser.post(&path, form).await });
    }
    tasks.join_all().await
}

/// So many members, at the two nodes in turn.
async fn members(one: &TestApp, other: &TestApp, count: usize) -> Vec<Browser> {
    let mut people = Vec::new();
    for n in 0..count {
        one.account(&format!("member{n}"), Role::Member).await;
        let mut browser = one.session(&format!("member{n}")).await;
        browser.at(if n % 2 == 0 { one } else { other });
        people.push(browser);
    }
    people
}

#[tokio::test]
async fn a_score_is_one_and_the_votes_of_both_nodes() {
    let Some((one, other)) = two_nodes().await else { return };
    let story = one.member("author").await.text_story("A story", "Words.").await;
    let people = members(&one, &other, 24).await;
    let path = format!("/item/{story}/vote");
    for (form, votes) in [(&[("dir", "up")], 24), (&[("dir", "none")], 0), (&[("dir", "up")], 24)] {
        let pages = all_post(people.clone(), &path, form).await;
        assert!(pages.iter().all(|page| page.status.is_redirection()), "everybody's vote is taken");
        let stands = format!("select score from items where id = {story}");
        assert_eq!(one.number(&stands).await, 1 + votes);
        let rows = format!("select count(*) from votes where item_id = {story} and not own");
        assert_eq!(other.number(&rows).await, votes);
        assert_eq!(one.karma("author").await, 1 + votes);
    }
}

#[tokio::test]
async fn twelve_equal_submissions_are_one_story() {
    let Some((one, other)) = two_nodes().await else { return };
    let people = members(&one, &other, 12).await;
    let form = &[("title", "A page"), ("url", "https://example.com/page"), ("text", "")];
    let pages = all_post(people, "/submit", form).await;
    let items: std::collections::BTreeSet<i64> = pages.iter().map(Page::item).collect();
    assert_eq!(items.len(), 1, "all are led to the same story");
    assert_eq!(one.number("select count(*) from items").await, 1);
    assert_eq!(one.number("select score from items").await, 12, "the others' submissions are votes");
}

#[tokio::test]
async fn one_admin_is_left_of_two_who_leave_at_once() {
    let Some((one, other)) = two_nodes().await else { return };
    for name in ["ada", "zoe"] {
        one.account(name, Role::Admin).await;
    }
    let (ada, zoe) = (one.id_of("ada").await, one.id_of("zoe").await);
    let act = |actor| stoa::store::ActionContext { actor: Some(actor), reason: "tired", at: one.now() };
    let (first, second) = tokio::join!(
        one.store.set_role(ada, Role::Member, act(ada)),
        other.store.set_role(zoe, Role::Member, act(zoe))
    );
    assert!(first.is_ok() != second.is_ok(), "one of them stays: {first:?} {second:?}");
    assert_eq!(one.number("select count(*) from users where role = 'admin'").await, 1);
}

#[tokio::test]
async fn ids_of_changes_are_in_the_order_in_which_others_can_read_them() {
    let Some((one, other)) = two_nodes().await else { return };
    let story = one.member("author").await.text_story("A story", "Words.").await;
    let people = members(&one, &other, 16).await;
    let path = format!("/item/{story}/vote");
    let reading = tokio::spawn(async move {
        // What a reader by id sees at one moment has no row before it that appears later.
        let (mut last, mut seen) = (0, Vec::new());
        for _ in 0..400 {
            let query = format!("select id from changes where id > {last} order by id");
            for (id,) in other.rows::<(i64,)>(&query).await {
                last = id;
                seen.push(id);
            }
        }
        seen
    });
    for _ in 0..4 {
        all_post(people.clone(), &path, &[("dir", "up")]).await;
        all_post(people.clone(), &path, &[("dir", "none")]).await;
    }
    let seen = reading.await.expect("read");
    let up_to = seen.last().copied().unwrap_or(0);
    let all = one.number(&format!("select count(*) from changes where id <= {up_to}")).await;
    assert!(seen.len() > 10, "it read among the writes: {}", seen.len());
    assert_eq!(i64::try_from(seen.len()).expect("few"), all, "none came late");
}

#[tokio::test]
async fn the_same_members_votes_at_one_moment_count_once() {
    let Some((one, other)) = two_nodes().await else { return };
    let story = one.member("author").await.text_story("A story", "Words.").await;
    let member = members(&one, &other, 1).await.remove(0);
    let devices = (0..12).map(|n| {
        let mut browser = member.clone();
        browser.at(if n % 2 == 0 { &one } else { &other });
        browser
    });
    let pages = all_post(devices.collect(), &format!("/item/{story}/vote"), &[("dir", "up")]).await;
    assert!(pages.iter().all(|page| page.status.is_redirection()), "each vote is answered");
    assert_eq!(one.number(&format!("select score from items where id = {story}")).await, 2);
    assert_eq!(one.karma("author").await, 2);
}

#[tokio::test]
async fn members_who_vote_for_one_another_at_one_moment_all_succeed() {
    let Some((one, other)) = two_nodes().await else { return };
    let mut people = members(&one, &other, 8).await;
    let mut stories = Vec::new();
    for browser in &mut people {
        stories.push(browser.text_story("A story", "Words.").await);
    }
    for turn in 1..people.len() {
        let mut tasks = JoinSet::new();
        for (n, mut browser) in people.clone().into_iter().enumerate() {
            let path = format!("/item/{}/vote", stories[(n + turn) % stories.len()]);
            tasks.spawn(async move { browser.post(&path, &[("dir", "up")]).await });
        }
        assert!(tasks.join_all().await.iter().all(|page| page.status.is_redirection()));
    }
    let others = i64::try_from(people.len()).expect("few") - 1;
    assert_eq!(one.number("select min(score) from items").await, 1 + others);
    assert_eq!(other.number("select min(karma) from users").await, 1 + others);
}

#[tokio::test]
async fn comments_at_one_moment_are_each_counted_and_equal_ones_of_a_member_are_one() {
    let Some((one, other)) = two_nodes().await else { return };
    let story = one.member("author").await.text_story("A story", "Words.").await;
    let people = members(&one, &other, 12).await;
    let (path, form) = (format!("/item/{story}/reply"), &[("text", "The same words.")]);
    let twice = people.iter().chain(&people).cloned().collect();
    let pages = all_post(twice, &path, form).await;
    assert!(pages.iter().all(|page| page.status.is_redirection()), "each comment is answered");
    assert_eq!(one.number("select count(*) from items where kind = 'comment'").await, 12);
    assert_eq!(one.number(&format!("select descendants from items where id = {story}")).await, 12);
}

#[tokio::test]
async fn a_vote_does_not_wait_for_a_vote_on_something_else() {
    let Some((one, other)) = two_nodes().await else { return };
    let mut author = one.member("author").await;
    let held = author.text_story("A story", "Words.").await;
    let free = author.text_story("Another story", "More words.").await;
    let mut people = members(&one, &other, 2).await;
    let (mut second, mut first) = (people.remove(1), people.remove(0));
    let mut connection = one.connection().await;
    connection.execute(&format!("begin; select 1 from items where id = {held} for update")).await;
    let path = format!("/item/{held}/vote");
    let waits = tokio::spawn(async move { first.post(&path, &[("dir", "up")]).await });
    let waiting = "select count(*) from pg_stat_activity \
                   where datname = current_database() and wait_event_type = 'Lock'";
    for _ in 0..500 {
        if one.number(waiting).await > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(one.number(waiting).await > 0, "the first vote is at its story");
    // Were it to wait too, it would give up with an error.
    let page = second.post(&format!("/item/{free}/vote"), &[("dir", "up")]).await;
    assert!(page.status.is_redirection(), "{}", page.status);
    assert!(!waits.is_finished(), "the other vote waits for its story");
    connection.execute("rollback").await;
    assert!(waits.await.expect("answered").status.is_redirection());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_votes_from_one_address_at_one_moment_one_counts() {
    let Some((one, other)) = two_nodes().await else { return };
    let mut author = one.member("author").await;
    let mut people = Vec::new();
    for n in 0..8 {
        people.push(one.account(&format!("member{n}"), Role::Member).await);
    }
    for n in 0..10 {
        let story = author.text_story(&format!("Story {n}"), "Words.").await;
        let mut tasks = JoinSet::new();
        for (n, user) in people.iter().copied().enumerate() {
            let (store, at) = (if n % 2 == 0 { &one } else { &other }.store.clone(), one.now());
            let ip_hashes = Some(store.ip_hash_key().hashes([203, 0, 113, 5].into()));
            let vote = NewVote { user, item: ItemId(story), dir: Some(Direction::Up), ip_hashes };
            tasks.spawn(async move { store.vote(vote, &Policy::default(), at).await });
        }
        assert!(tasks.join_all().await.iter().all(Result::is_ok), "each is stored");
        let counted = format!("select count(*) from votes where item_id = {story} and not own and counted");
        assert_eq!(one.number(&counted).await, 1, "story {n}");
        assert_eq!(one.number(&format!("select score from items where id = {story}")).await, 2);
    }
}
