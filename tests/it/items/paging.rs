//! "More" goes on where the page before ended, whatever happens meanwhile.

use std::collections::BTreeSet;

use stoa::clock::MINUTE;

use crate::support::app::{Browser, Page, TestApp};

/// The ids of a page's rows, in their order.
fn rows(page: &Page) -> Vec<i64> {
    let rows = page.all("ol.news > li.story, .thread > article").into_iter();
    rows.map(|row| row.attr("id").trim_start_matches(['i', 'c']).parse().expect("an id")).collect()
}

fn more(page: &Page) -> Option<String> {
    page.all("p.next a[rel=next]").first().map(|link| link.attr("href").to_owned())
}

/// A forum with `stories` stories in every list: questions, Show posts, all of yesterday, all commented.
async fn forum(stories: i64) -> (TestApp, Browser) {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    for kind in ["Ask", "Show"] {
        for n in 0..stories {
            let story = alice.text_story(&format!("{kind}: number {n}?"), "Words.").await;
            alice.reply(story, "A comment.").await;
        }
    }
    app.pass(86_400);
    (app, alice)
}

const CANONICAL: &str = "link[rel=canonical]";

const LISTS: [&str; 7] = ["/", "/active", "/ask", "/show", "/best?over=all", "/past", "/comments/best"];

#[tokio::test]
async fn what_comes_in_meanwhile_repeats_no_row_and_leaves_none_out() {
    let (app, mut alice) = forum(35).await;
    let bob = app.member("bob").await;
    app.visitor().get("/new").await.finds(1, CANONICAL);
    for list in LISTS {
        for mut reader in [app.visitor(), bob.clone()] {
            let all: Vec<i64> = {
                let app = app.without_memory();
                let (mut all, mut page) = (Vec::new(), app.browser_of(&reader).get(list).await);
                loop {
                    all.extend(rows(&page));
                    match more(&page) {
                        Some(next) => page = app.browser_of(&reader).get(&next).await,
                        None => break all,
                    }
                }
            };
            assert!(all.len() >= 35, "{list}");
            let (mut seen, mut page) = (Vec::new(), reader.get(list).await);
            loop {
                seen.extend(rows(&page));
                let Some(next) = more(&page) else { break };
                assert!(next.contains("&at=") || next.contains("?at="), "{next}");
                // Votes, stories, comments and time change each order.
                for n in 0..3 {
                    let story = alice.text_story(&format!("Ask: another {n}?"), "Words.").await;
                    alice.reply(story, "Another comment.").await;
                    alice.text_story(&format!("Show: another {n}"), "Words.").await;
                    reader.vote(all[all.len() - 1 - n], "up").await;
                }
                app.pass(MINUTE);
                page = reader.get(&next).await;
                page.finds(1, "meta[name=robots][content=noindex]");
                page.finds(0, CANONICAL);
            }
            assert_eq!(seen, all, "{list}");
        }
    }
}

#[tokio::test]
async fn an_order_is_kept_for_ten_minutes_and_then_no_more() {
    let (app, mut alice) = forum(35).await;
    let mut visitor = app.visitor();
    let first = visitor.get("/").await;
    let next = more(&first).expect("more");
    let second = rows(&visitor.get(&next).await);
    alice.text_story("Another", "Words.").await;
    app.pass(10 * MINUTE);
    assert_eq!(rows(&visitor.get(&next).await), second);
    app.pass(MINUTE);
    let late = visitor.get(&next).await;
    assert_eq!(
        rows(&late),
        rows(&visitor.get("/?p=2").await),
        "it is as if nothing had been said of an order"
    );
    assert_ne!(rows(&late), second);
    late.finds(1, "meta[name=robots][content=noindex]");
    for at in ["0", "soon", "99999999999", "-1", "1.99"] {
        let page = visitor.get(&format!("/?p=2&at={at}")).await;
        assert_eq!(rows(&page), rows(&late), "{at}");
    }
}

#[tokio::test]
async fn orders_that_are_forgotten_make_one_page() {
    let (app, _) = forum(35).await;
    let mut visitor = app.visitor();
    visitor.get("/?p=2&at=1").await;
    let before = app.app.pages.rendered();
    for n in 2..20 {
        visitor.get(&format!("/?p=2&at={n}")).await;
    }
    assert_eq!(app.app.pages.rendered(), before);
}

#[tokio::test]
async fn what_a_member_hides_on_the_way_neither_repeats_a_row_nor_leaves_one_out() {
    let (app, mut alice) = forum(50).await;
    let mut bob = app.member("bob").await;
    let first = rows(&bob.get("/").await);
    for id in [first[3], first[29]] {
        bob.post(&format!("/item/{id}/hide"), &[("on", "true"), ("goto", "/")]).await;
    }
    let mut page = bob.get("/").await;
    let (mut seen, mut hidden) = (Vec::new(), BTreeSet::from([first[3], first[29]]));
    loop {
        seen.extend(rows(&page));
        assert_eq!(page.one("ol.news").attr("start"), (seen.len() - rows(&page).len() + 1).to_string());
        let Some(next) = more(&page) else { break };
        let (on, back) = (rows(&page)[5], *hidden.first().expect("one"));
        bob.post(&format!("/item/{on}/hide"), &[("on", "true"), ("goto", "/")]).await;
        bob.post(&format!("/item/{back}/hide"), &[("on", "false"), ("goto", "/")]).await;
        hidden.insert(on);
        hidden.remove(&back);
        alice.text_story("Another", "Words.").await;
        page = bob.get(&next).await;
    }
    let once: BTreeSet<i64> = seen.iter().copied().collect();
    assert_eq!(once.len(), seen.len(), "none is repeated");
    assert!(
        (97..=100).contains(&once.len()),
        "none is left out but those hidden when they came: {}",
        once.len()
    );
}
