//! Reading: the lists, threads, people, and what is not there.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::accounts::signup::SignUpMode;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};

/// The link of an empty page to where there is more.
const NEXT: &str = "main div > p + p:last-child > a[href^='/']";

#[tokio::test]
async fn an_empty_forum_says_what_it_is_and_how_to_begin() {
    let app = TestApp::new().await;
    let page = app.visitor().get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("People submit stories, discuss them in threads and vote"), "{}", page.text());
    page.finds(1, "main a[href='/submit']");
    page.finds(1, "main a[href='/signup']");
}

#[tokio::test]
async fn a_story_stands_in_the_lists_that_it_belongs_to() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.story("A plain story", "https://example.com/plain").await;
    let question = "Ask: what do you read?";
    alice.text_story(question, "Tell me.").await;
    alice.text_story("Show: my garden", "It grows.").await;
    let mut visitor = app.visitor();
    for (path, plain, ask, show) in [
        ("/", true, true, true),
        ("/new", true, true, true),
        ("/ask", false, true, false),
        ("/show", false, false, true),
    ] {
        let titles = visitor.get(path).await.titles();
        let found = ["A plain story", question, "Show: my garden"];
        let found = found.map(|title| titles.iter().any(|shown| shown == title));
        assert_eq!(found, [plain, ask, show], "{path}: {titles:?}");
    }
}

/// Submits so many stories in one second: “Story 01”, “Story 02” and so on.
async fn stories(author: &mut Browser, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for number in 1..=count {
        ids.push(author.story(&format!("Story {number:02}"), &format!("https://example.com/{number}")).await);
    }
    ids
}

/// The numbers in the titles “Story NN” of a page, in its order.
fn numbers(page: &Page) -> Vec<usize> {
    let titles = page.titles();
    let numbers = titles.iter().filter_map(|title| title.strip_prefix("Story "));
    numbers.map(|number| number.parse().expect("a number")).collect()
}

/// What a page says in place of a list, and the line after it.
fn empty(page: &Page) -> [String; 2] {
    assert!(page.stories().is_empty() && page.comments().is_empty(), "{}", page.text());
    [page.one("main div > p:first-child").text, page.texts("main div > p + p").pop().expect("a second line")]
}

#[tokio::test]
async fn every_list_says_why_it_is_empty_and_where_to_go() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    for (path, words) in [
        ("/new", "No stories yet"),
        ("/best", "No stories in this period"),
        ("/active", "Nobody has commented yet"),
        ("/ask", "No questions yet"),
        ("/show", "No Show stories yet"),
        ("/past", "No stories on 22 November 2026"),
        ("/from/example.com", "Nothing from example.com has been submitted yet"),
        ("/comments", "Nobody has commented yet"),
        ("/comments/best", "No comments in the last seven days"),
        ("/leaders", "Nobody has karma yet"),
        ("/search?q=loom", "Nothing matches “loom”."),
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let [what, next] = empty(&page);
        assert!(what.starts_with(words) && !next.is_empty(), "{path}: {what} {next}");
        // What to search for instead, nobody knows.
        page.finds(usize::from(!path.starts_with("/search")), NEXT);
    }
    let mut alice = app.member("alice").await;
    for (path, words) in [
        ("/saved", "You have not saved anything yet"),
        ("/hidden", "You have not hidden anything"),
        ("/upvoted", "You have not upvoted anything yet"),
        ("/inbox", "Nobody has answered you yet"),
        ("/user/alice/submissions", "alice has not submitted anything yet"),
        ("/user/alice/comments", "alice has not commented yet"),
    ] {
        let page = alice.get(path).await;
        assert!(empty(&page)[0].starts_with(words), "{path}: {}", page.text());
        page.finds(1, NEXT);
    }
}

#[tokio::test]
async fn a_ranked_list_goes_on_after_30_stories_and_says_where_it_ends() {
    let app = TestApp::new().await;
    stories(&mut app.member("alice").await, 31).await;
    let mut visitor = app.visitor();
    let first = visitor.get("/").await;
    assert_eq!(numbers(&first).len(), 30);
    let next = first.one("a[rel=next]");
    assert!(next.attr("href").starts_with("/?p=2&at="), "{}", next.attr("href"));
    assert_eq!(first.one("main ol").attr("start"), "1");
    let second = visitor.get("/?p=2").await;
    assert_eq!(numbers(&second), [1], "equal stories rank by age, the newest first");
    assert_eq!(second.one("main ol").attr("start"), "31");
    second.finds(0, "a[rel=next]");
    for no_later in ["0", "-1", "two", "1.5"] {
        assert_eq!(numbers(&visitor.get(&format!("/?p={no_later}")).await).len(), 30, "{no_later}");
    }
}

#[tokio::test]
async fn a_page_after_the_last_leads_to_the_first_of_its_list() {
    let app = TestApp::with(|settings| settings.signup_mode = Some(SignUpMode::Request)).await;
    stories(&mut app.member("alice").await, 1).await;
    let mut chief = app.person("chief", Role::Moderator).await;
    for (path, first) in [
        ("/?p=3", "/"),
        ("/?p=99999999999999999999", "/"),
        ("/best?over=all&p=3", "/best?over=all"),
        ("/active?p=2", "/active"),
        ("/ask?p=2", "/ask"),
        ("/past?day=2026-11-23&p=99999", "/past?day=2026-11-23"),
        ("/comments/best?p=2", "/comments/best"),
        ("/new?before=1", "/new"),
        ("/comments?before=1", "/comments"),
        ("/from/example.com?before=1", "/from/example.com"),
        ("/user/alice/submissions?before=1", "/user/alice/submissions"),
        ("/user/alice/comments?before=1", "/user/alice/comments"),
        ("/saved?p=2", "/saved"),
        ("/inbox?at=1&before=1", "/inbox"),
        ("/invitations?before=1", "/invitations"),
        ("/invited?at=9999999999", "/invited"),
        ("/mod?at=1&before=1", "/mod"),
        ("/mod/new?at=1", "/mod/new"),
        ("/mod/requests?at=9999999999", "/mod/requests"),
        ("/mod/votes?at=1", "/mod/votes"),
    ] {
        let page = chief.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.one("main .empty p:first-child").text, "There is nothing on this page.");
        assert_eq!(page.one("main .empty a").attr("href"), first, "{path}");
    }
}

#[tokio::test]
async fn newest_first_goes_on_where_it_stopped_whatever_arrives_meanwhile() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let ids = stories(&mut alice, 31).await;
    let mut visitor = app.visitor();
    let first = visitor.get("/new").await;
    assert_eq!(numbers(&first), (2..=31).rev().collect::<Vec<_>>());
    let more = format!("/new?before={}", ids[1]);
    assert_eq!(first.one("a[rel=next]").attr("href"), more, "it goes on after the last story shown");
    assert_eq!(numbers(&visitor.get(&more).await), [1]);

    app.pass(60);
    alice.story("A later one", "https://example.com/later").await;
    assert_eq!(numbers(&visitor.get(&more).await), [1], "nothing is repeated, nothing left out");
    let last = visitor.get(&format!("/new?before={}", ids[0])).await;
    assert_eq!(last.status, StatusCode::OK);
    assert_eq!(numbers(&last).len(), 0);
    assert_eq!(
        visitor.get("/new?before=999999").await.titles()[0],
        "A later one",
        "an unknown place is the top"
    );
}

#[tokio::test]
async fn best_looks_back_a_day_a_week_a_month_a_year_or_for_ever() {
    let app = TestApp::new().await;
    app.account("alice", Role::Member).await;
    for (number, (days_since_last, points)) in
        [(0, 2), (300, 9), (100, 3), (20, 8), (4, 7)].into_iter().enumerate()
    {
        app.pass(days_since_last * DAY);
        let mut alice = app.log_in("alice").await;
        let id = alice.story(&format!("Story {number}"), &format!("https://example.com/{number}")).await;
        app.sql(&format!("update items set score = {points} where id = {id}")).await;
    }
    app.pass(DAY / 2);
    let mut visitor = app.visitor();
    for (over, expected) in [
        ("day", vec![4]),
        ("week", vec![3, 4]),
        ("month", vec![3, 4, 2]),
        ("year", vec![1, 3, 4, 2]),
        ("all", vec![1, 3, 4, 2, 0]),
        ("", vec![3, 4]),
        ("century", vec![3, 4]),
    ] {
        assert_eq!(numbers(&visitor.get(&format!("/best?over={over}")).await), expected, "{over}");
    }
}

#[tokio::test]
async fn past_shows_a_day_and_its_neighbours_but_never_the_future() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    stories(&mut alice, 1).await;
    app.pass(DAY);
    let mut visitor = app.visitor();
    let page = visitor.get("/past").await;
    assert_eq!(numbers(&page), [1], "yesterday, unless a day is named");
    let ways = |page: &Page| {
        let links = page.all("main nav a");
        links.into_iter().map(|link| (link.text.clone(), link.attr("href").to_owned())).collect::<Vec<_>>()
    };
    let expected = [
        ("a year back", "2025-11-23"),
        ("a month back", "2026-10-23"),
        ("a day back", "2026-11-22"),
        ("a day on", "2026-11-24"),
    ];
    assert_eq!(ways(&page), expected.map(|(words, day)| (words.to_owned(), format!("/past?day={day}"))));
    let today = visitor.get("/past?day=2026-11-24").await;
    assert!(empty(&today)[0].contains("24 November 2026"), "{}", today.text());
    assert_eq!(ways(&today).len(), 3, "{:?}", ways(&today));
    assert!(ways(&today).iter().all(|(_, to)| to.as_str() < "/past?day=2026-11-24"), "{:?}", ways(&today));
    assert_eq!(numbers(&visitor.get("/past?day=2026-11-23").await), [1]);
    assert_eq!(
        visitor.get("/past?day=").await.body,
        visitor.get("/past").await.body,
        "a date field left empty"
    );
    for day in ["yesterday", "2026-02-30", "26-1-1"] {
        let page = visitor.get(&format!("/past?day={day}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{day}");
        assert!(page.errors()[0].1.contains("Write it as year-month-day"), "{day}");
        assert_eq!(page.value("form[action='/past'] input[name=day]"), day, "it can be mended");
    }
    assert_eq!(visitor.get("/past?day=2026-1-9").await.body, visitor.get("/past?day=2026-01-09").await.body);
}

#[tokio::test]
async fn a_site_has_its_own_list_by_domain_or_by_account() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    for (number, url) in [
        "https://github.com/rust-lang/rust",
        "https://github.com/servo/servo",
        "https://www.example.com/a",
        "https://evilexample.com/a",
        "https://example.com.evil.org/a",
    ]
    .into_iter()
    .enumerate()
    {
        alice.story(&format!("Story {number}"), url).await;
    }
    let mut visitor = app.visitor();
    for (site, expected) in [
        ("github.com", vec![1, 0]),
        ("github.com/rust-lang", vec![0]),
        ("example.com", vec![2]),
        ("evilexample.com", vec![3]),
        ("example.org", vec![]),
    ] {
        assert_eq!(numbers(&visitor.get(&format!("/from/{site}")).await), expected, "{site}");
    }
    let page = visitor.get("/from/GitHub.com/Rust-Lang").await;
    assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(page.location().as_deref(), Some("/from/github.com/rust-lang"));
}

#[tokio::test]
async fn people_have_pages_and_the_most_karma_leads() {
    let app = TestApp::new().await;
    let mut alice = app.member("Alice").await;
    let mut bob = app.member("bob").await;
    let story = alice.story("Alice's story", "https://example.com/a").await;
    let comment = bob.reply(story, "Bob's comment").await;
    app.set_karma("bob", 7).await;
    let mut visitor = app.visitor();
    assert_eq!(visitor.get("/leaders").await.texts("main th a[href^='/user/']"), ["bob", "Alice"]);
    assert_eq!(visitor.get("/user/bob").await.facts()["karma"], "7");
    assert_eq!(visitor.get("/user/Alice/submissions").await.titles(), ["Alice's story"]);
    let comments = visitor.get("/user/bob/comments").await;
    assert_eq!((comments.comments(), comments.comment(comment).as_str()), (vec![comment], "Bob's comment"));
    for rest in ["", "/submissions", "/comments"] {
        let page = visitor.get(&format!("/user/aLICE{rest}")).await;
        assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(page.location(), Some(format!("/user/Alice{rest}")));
        assert_eq!(visitor.get(&format!("/user/nobody{rest}")).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_addresses_of_hacker_news_lead_to_ours_for_good() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    for (old, new) in [
        ("/news", "/"),
        ("/news?p=2", "/?p=2"),
        ("/newest", "/new"),
        ("/newest?next=12&n=31", "/new?before=12"),
        ("/newcomments", "/comments"),
        ("/front?day=2026-11-22", "/past?day=2026-11-22"),
        ("/item?id=8863", "/item/8863"),
        ("/user?id=pg", "/user/pg"),
        ("/submitted?id=pg", "/user/pg/submissions"),
        ("/threads?id=pg", "/user/pg/comments"),
        ("/from?site=Example.com", "/from/example.com"),
        ("/from?site=github.com/rust-lang", "/from/github.com/rust-lang"),
        (
            "/submitlink?u=https%3A%2F%2Fexample.com%2F&t=A+title",
            "/submit?u=https%3A%2F%2Fexample.com%2F&t=A+title",
        ),
        ("/rss", "/feed/top.rss"),
    ] {
        let page = visitor.get(old).await;
        assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT, "{old}");
        assert_eq!(page.location().as_deref(), Some(new), "{old}");
    }
    for nothing in ["/item", "/user", "/user?id=..%2Fnew", "/from"] {
        assert_eq!(visitor.get(nothing).await.status, StatusCode::NOT_FOUND, "{nothing}");
    }
}

#[tokio::test]
async fn search_finds_titles_with_all_the_words_as_they_were_typed() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.text_story("Über die Москва", "Text.").await;
    let found = app.visitor().get("/search?q=%C3%9Cber+%D0%9C%D0%BE%D1%81%D0%BA%D0%B2%D0%B0").await;
    assert_eq!(found.titles(), ["Über die Москва"]);
    for title in ["Fifty percent of looms", "50% of looms", "snake_case is fine", "snakeXcase is not"] {
        alice.text_story(title, "Text.").await;
    }
    let mut visitor = app.visitor();
    for (query, expected) in [
        ("LOOMS", vec!["50% of looms", "Fifty percent of looms"]),
        ("looms fifty", vec!["Fifty percent of looms"]),
        ("50%25", vec!["50% of looms"]),
        ("%25", vec![]),
        ("e_c", vec![]),
        ("snake_case", vec!["snake_case is fine"]),
        ("%5C", vec![]),
        ("", vec![]),
    ] {
        let mut found = visitor.get(&format!("/search?q={}", query.replace(' ', "+"))).await.titles();
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    let page = visitor.get("/search?q=%22%3E%3Cb%3E").await;
    assert!(page.says("“\"><b>”"), "{}", page.text());
    assert_eq!(page.value("#q"), "\"><b>");
}

#[tokio::test]
async fn what_a_member_hides_leaves_their_own_lists_only_and_what_they_save_is_kept() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let ids = stories(&mut alice, 3).await;
    alice.reply(ids[0], "A comment.").await;
    for (act, on) in [("hide", "true"), ("save", "true")] {
        bob.post(&format!("/item/{}/{act}", ids[0]), &[("on", on), ("goto", "/new")]).await;
    }
    for path in ["/", "/new", "/best", "/past?day=2026-11-23", "/from/example.com"] {
        assert_eq!(numbers(&bob.get(path).await), [3, 2], "{path}");
        assert!(numbers(&alice.get(path).await).contains(&1), "{path}");
    }
    assert_eq!(numbers(&bob.get("/active").await).len(), 0);
    assert_eq!(numbers(&bob.get("/hidden").await), [1]);
    assert_eq!(numbers(&bob.get("/saved").await), [1]);
    assert_eq!(numbers(&alice.get("/saved").await).len(), 0);
    bob.post(&format!("/item/{}/hide", ids[0]), &[("on", "false")]).await;
    bob.post(&format!("/item/{}/save", ids[0]), &[("on", "false")]).await;
    assert_eq!(numbers(&bob.get("/new").await), [3, 2, 1]);
    assert!(bob.get("/saved").await.stories().is_empty());
}
