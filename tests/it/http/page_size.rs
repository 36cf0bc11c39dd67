//! What a page weighs: markup beside the text of a comment, and what a browser has to ask for besides.

use axum::http::Method;
use stoa::clock::HOUR;
use stoa::domain::accounts::user::Role;

use crate::cli::generate::made;
use crate::http::roles::{Who, case, forum, table};
use crate::support::app::{Browser, TestApp};
use crate::support::page::Element;

/// Comments of the thread that is weighed.
const COMMENTS: usize = 400;
/// Added to the ids, so that they are as long as on a site of many years.
const LONG_IDS: i64 = 38_000_000;

/// Id, parent, author, time, title and text.
type Item = (i64, Option<i64>, String, i64, Option<String>, String);

/// An imported thread of typical shape and name lengths; returns its root.
async fn thread(app: &TestApp) -> i64 {
    let site = made(1, 200).await;
    let head = site.number("select id from items where kind = 'story' order by time desc limit 1").await;
    let select = format!(
        "select i.id, i.parent_id, u.name, i.time, i.title, i.text from items i join users u on u.id = \
         i.author_id where i.root_id = {head} order by i.id"
    );
    let rows: Vec<Item> = site.rows(&select).await;
    let line = |(id, parent, name, time, title, text): Item| {
        let kind = if parent.is_none() { "story" } else { "comment" };
        let (id, parent, by) =
            (id + LONG_IDS, parent.map(|id| id + LONG_IDS), name.replace("user", "person_"));
        serde_json::json!({
            "id": id, "parent": parent, "type": kind, "by": by, "time": time, "title": title, "text": text
        })
    };
    let lines: Vec<String> = rows.into_iter().map(|row| line(row).to_string()).collect();
    app.import(&lines.join("\n")).await;
    head + LONG_IDS
}

/// Bytes of markup for each comment of a thread: all that is neither their text nor the page around them.
async fn markup(browser: &mut Browser, thread: i64) -> usize {
    let page = browser.get(&format!("/item/{thread}")).await;
    let comments = page.one("#comments > div:last-of-type");
    let texts = page.all("#comments article > details > div");
    assert_eq!(texts.len(), COMMENTS);
    let begins = |text: &Element| text.html.find('>').expect("its tag's end") + 1;
    let text: usize = texts.iter().map(|text| text.html.len() - begins(text) - "</div>".len()).sum();
    assert!(text / COMMENTS > 200, "texts as people write them");
    // An attribute without a value is written as the site writes it.
    (comments.html.replace("=\"\"", "").len() - text) / COMMENTS
}

#[tokio::test]
async fn a_comment_brings_little_markup_beside_its_text() {
    let app = TestApp::new().await;
    let thread = thread(&app).await;
    let visitor = markup(&mut app.visitor(), thread).await;
    assert!(visitor <= 600, "{visitor} bytes a comment for visitors");
    for (name, role) in [("reader", Role::Member), ("keeper", Role::Moderator)] {
        let mut browser = app.person(name, role).await;
        // Who may vote up and down, and was here before all that was said.
        app.set_karma(name, 501).await;
        app.sql(&format!(
            "insert into visits (user_id, root_id, unread_since, last_seen_at) values ({0}, {thread}, {1}, \
             {1})",
            app.id_of(name).await.0,
            app.now().minus(HOUR).0
        ))
        .await;
        let markup = markup(&mut browser, thread).await;
        assert!(
            markup <= 900 && markup > visitor,
            "{markup} bytes a comment for {role:?}, {visitor} for visitors"
        );
        let page = browser.get(&format!("/item/{thread}")).await;
        let new = page.texts("article > header > b").into_iter().filter(|mark| mark == "new");
        assert_eq!(new.count(), COMMENTS, "{name}");
        page.finds(COMMENTS, "article button[name=dir][value=down]");
    }
}

/// What a browser asks for when it has a page, and what would make it ask.
const ASKED: &str = "link:not([rel=canonical], [rel=alternate], [rel=apple-touch-icon], [rel=manifest], \
     [rel=search]), \
                     [src], [srcset], [data], style";
/// All that it should ask for.
const EXPECTED: [&str; 3] =
    ["link[rel=stylesheet][href]", "link[rel=icon][href]", "script[type=module][src^='/static/']"];

#[tokio::test]
async fn no_page_asks_for_more_than_one_stylesheet_one_script_and_the_icon() {
    let app = forum().await;
    let mut pages = 0;
    for row in table().into_iter().filter(|row| row.method == Method::GET) {
        for who in [Who::Visitor, Who::Other, Who::Admin] {
            let page = case(&app, &row, who).await.send(Method::GET, &[]).await;
            if !page.header("content-type").starts_with("text/html") || page.body.is_empty() {
                continue;
            }
            pages += 1;
            page.finds(EXPECTED.len(), ASKED);
            for expected in EXPECTED {
                page.finds(1, expected);
            }
        }
    }
    assert!(pages > 80, "{pages} pages");
    for (file, more) in [
        (include_str!("../../../static/style.css"), ["@import", "url("]),
        (include_str!("../../../static/frame.css"), ["@import", "url("]),
        (include_str!("../../../static/lists.css"), ["@import", "url("]),
        (include_str!("../../../static/thread.css"), ["@import", "url("]),
        (include_str!("../../../static/menus.js"), ["import ", "import("]),
        (include_str!("../../../static/script.js"), ["import ", "import("]),
        (include_str!("../../../static/thread.js"), ["import ", "import("]),
        (include_str!("../../../static/write.js"), ["import ", "import("]),
    ] {
        assert!(
            more.iter().all(|more| !file.contains(more)),
            "the stylesheet and the script ask for nothing themselves"
        );
    }
}
