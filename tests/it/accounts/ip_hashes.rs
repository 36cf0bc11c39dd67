//! Where things came from is kept without the address, for a while.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::accounts::user::Role;
use stoa::jobs::KEEP;
use stoa::store::Store;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{behind_a_proxy, post_from};

const FOUR: &str = "203.0.113.77";
const SIX: &str = "2001:db8:77ab:cd::9";

async fn forum() -> TestApp {
    TestApp::with(behind_a_proxy).await
}

async fn post(browser: &mut Browser, from: &str, path: &str, form: &[(&str, &str)]) -> Page {
    let page = post_from(browser, from, path, form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}: {}", page.text());
    page
}

/// Signs up, submits and replies, all from one address.
async fn come_from(app: &TestApp, from: &str, name: &str) {
    let mut browser = app.visitor();
    post(&mut browser, from, "/signup", &[("name", name), ("password", PASSWORD)]).await;
    let story = post(&mut browser, from, "/submit", &[("title", "A story"), ("text", "Words.")]).await.item();
    post(&mut browser, from, &format!("/item/{story}/reply"), &[("text", "More words.")]).await;
}

#[tokio::test]
async fn an_account_a_story_and_a_comment_know_their_network_and_nothing_their_address() {
    let app = forum().await;
    come_from(&app, FOUR, "alice").await;
    come_from(&app, SIX, "bob").await;
    let key = app.store.ip_hash_key();
    for (name, from, network) in [("alice", FOUR, "203.0.113.0/24"), ("bob", SIX, "2001:db8:77ab::/48")] {
        let ip_hashes = key.hashes(from.parse().expect("an address"));
        let (_, subnet) = key.network(network.parse().expect("a network")).expect("one of the three sizes");
        assert_eq!(subnet, ip_hashes.subnet);
        let found = format!(
            "select count(*) from ip_hashes o join users u on u.id = o.user_id left join items i on i.id = \
             o.item_id where u.name = '{name}' and address = {} and subnet = {} and network = {} \
             and (i.author_id is null) = (o.item_id is null)",
            app.blob(ip_hashes.address.as_bytes()),
            app.blob(subnet.as_bytes()),
            app.blob(ip_hashes.network.as_bytes())
        );
        assert_eq!(app.number(&found).await, 3, "the account, the story and the comment of {name}");
    }

    let mut files = Vec::new();
    for file in std::fs::read_dir(app.dir.path()).expect("a folder").flatten() {
        files.extend(std::fs::read(file.path()).expect("a file"));
    }
    let rows = app.dump(&[]).await.into_iter().collect::<Vec<_>>().join("\n").to_lowercase();
    assert!(rows.contains("ip_hashes: ") && rows.contains("subnet=x'"), "the rows are read");
    // In words, and as the bytes of the addresses.
    for readable in ["203.0.113", "2001:db8", "cb00714d", "20010db877ab"] {
        assert!(!rows.contains(readable), "{readable}");
    }
    for bytes in [vec![203, 0, 113, 77], vec![77, 113, 0, 203], vec![0x20, 0x01, 0x0d, 0xb8, 0x77, 0xab]] {
        assert!(!files.windows(bytes.len()).any(|window| window == bytes), "{bytes:?}");
    }
}

#[tokio::test]
async fn where_things_came_from_is_forgotten_after_30_days() {
    let app = forum().await;
    come_from(&app, FOUR, "alice").await;
    app.pass(10);
    come_from(&app, SIX, "bob").await;
    for (passed, left) in [(30 * DAY - 10, 6), (1, 3), (10, 0)] {
        app.pass(passed);
        app.store.purge(KEEP, app.now()).await.expect("purged");
        assert_eq!(app.number("select count(*) from ip_hashes").await, left, "after {passed} more seconds");
    }
    assert_eq!(app.number("select count(*) from items").await, 4, "what was written stays");
    let page = app.visitor().get("/privacy").await;
    assert!(page.says("for 30 days") && page.says("keyed hashes"), "{}", page.text());
}

#[tokio::test]
async fn what_no_request_made_came_from_nowhere() {
    let app = forum().await;
    app.account("alice", Role::Member).await;
    app.import(include_str!("../../fixtures/import/thread.jsonl")).await;
    assert!(app.number("select count(*) from items").await > 0);
    assert_eq!(app.number("select count(*) from ip_hashes").await, 0);
}

#[tokio::test]
async fn a_site_keeps_its_key_and_shares_it_with_no_other() {
    let (app, other) = (forum().await, forum().await);
    let address = FOUR.parse().expect("an address");
    let ip_hashes = app.store.ip_hash_key().hashes(address);
    let again = Store::open(app.store.address()).await.expect("opens");
    assert_eq!(again.ip_hash_key().hashes(address), ip_hashes);
    assert_ne!(other.store.ip_hash_key().hashes(address), ip_hashes);
    again.close().await;
}
