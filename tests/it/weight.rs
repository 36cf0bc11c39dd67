//! What a page weighs: markup beside the text of a comment, and what a browser has to ask for besides.

use axum::http::Method;
use stoa::clock::HOUR;
use stoa::domain::user::Role;

use crate::app::{Browser, TestApp};
use crate::generate::made;
use crate::roles::{Who, case, forum, table};

/// Comments of the thread that is weighed.
const COMMENTS: usize = 400;
/// Added to the ids, so that they are as long as on a site of many years.
const LONG_IDS: i64 = 38_000_000;

/// Id, parent, author, time, title and text.
type Item = (i64, Option<i64>, String, i64, Option<String>, String);

/// A thread of the shape that threads have, by people with names of the usual length, as it comes from elsewhere; answers its head.
async fn thread(app: &TestApp) -> i64 {
    let site = made(1, 200).await;
    let head = site.number("select id from items where kind = 'story' order by time desc limit 1").await;
    let rows: Vec<Item> = sqlx::query_as(
        "select i.id, i.parent_id, u.name, i.time, i.title, i.text from items i join users u on u.id = i.author_id \
         where i.root_id = $1 order by i.id",
    )
    .bind(head)
    .fetch_all(&mut site.connection().await)
    .await
    .expect("a thread");
    let line = |(id, parent, name, time, title, text): Item| {
        let kind = if parent.is_none() { "story" } else { "comment" };
        let (id, parent, by) = (id + LONG_IDS, parent.map(|id| id + LONG_IDS), name.replace("user", "person_"));
        serde_json::json!({ "id": id, "parent": parent, "type": kind, "by": by, "time": time, "title": title, "text": text })
    };
    let lines: Vec<String> = rows.into_iter().map(|row| line(row).to_string()).collect();
    app.import(&lines.join("\n")).await;
    head + LONG_IDS
}

/// Bytes of markup for each comment of a thread: all that is neither their text nor the page around them.
async fn markup(browser: &mut Browser, thread: i64) -> usize {
    let page = browser.get(&format!("/item/{thread}")).await.text();
    let comments = page.split("<div class=\"thread\"").nth(1).expect("a thread");
    let comments = comments.rsplit_once("</section>").expect("its end").0;
    let texts: Vec<&str> =
        comments.split("<div class=\"t").skip(1).filter_map(|rest| rest.split("</div>").next()).collect();
    assert_eq!(texts.len(), COMMENTS);
    let text: usize = texts.iter().map(|text| text.split_once('>').expect("its tag's end").1.len()).sum();
    assert!(text / COMMENTS > 200, "texts as people write them");
    (comments.len() - text) / COMMENTS
}

#[tokio::test]
async fn a_comment_brings_little_markup_beside_its_text() {
    let app = TestApp::new().await;
    let thread = thread(&app).await;
    let visitor = markup(&mut app.visitor(), thread).await;
    assert!(visitor <= 450, "{visitor} bytes a comment for visitors");
    for (name, role) in [("reader", Role::Member), ("keeper", Role::Moderator)] {
        let mut browser = app.person(name, role).await;
        // Who may vote up and down, and was here before all that was said.
        app.set_karma(name, 501).await;
        app.sql(&format!(
            "insert into visits (user_id, root_id, since, last) values ({0}, {thread}, {1}, {1})",
            app.id_of(name).await.0,
            app.now().minus(HOUR).0
        ))
        .await;
        let markup = markup(&mut browser, thread).await;
        assert!(markup <= 900 && markup > visitor, "{markup} bytes a comment for {role:?}, {visitor} for visitors");
        let page = browser.get(&format!("/item/{thread}")).await;
        assert_eq!((page.count(" new\" id=\"c"), page.count("value=\"down\"")), (COMMENTS, COMMENTS), "{name}");
    }
}

/// What a browser asks for when it has a page.
fn asked_for(page: &str) -> Vec<String> {
    let tags = page.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    let asks = |tag: &&str| {
        let name = tag.split_whitespace().next().unwrap_or_default();
        let is_link = name == "link" && !["rel=\"canonical\"", "rel=\"alternate\""].iter().any(|rel| tag.contains(rel));
        is_link || (tag.contains(" src=") || tag.contains(" srcset=") || tag.contains(" data=\"")) || name == "style"
    };
    tags.filter(asks).map(str::to_owned).collect()
}

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
            let asked = asked_for(&page.text());
            let kinds = ["link rel=\"stylesheet\"", "link rel=\"icon\"", "script type=\"module\" src"];
            let is_expected = kinds.iter().zip(&asked).all(|(kind, tag)| tag.starts_with(kind));
            assert!(asked.len() == kinds.len() && is_expected, "{} for {who:?}: {asked:?}", row.path);
        }
    }
    assert!(pages > 80, "{pages} pages");
    for (file, more) in [
        (include_str!("../../static/style.css"), ["@import", "url("]),
        (include_str!("../../static/script.js"), ["import ", "import("]),
    ] {
        assert!(
            more.iter().all(|more| !file.contains(more)),
            "the stylesheet and the script ask for nothing themselves"
        );
    }
}
