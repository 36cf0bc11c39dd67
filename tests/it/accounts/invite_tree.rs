//! The tree of who invited whom: public, in pages, and as deep as it may be.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;

use crate::http::injection::check;
use crate::support::app::{Page, TestApp};

/// Accounts called `name0`, `name1`... with who invited each, by number; none: nobody.
async fn grow(app: &TestApp, inviters: &[Option<usize>]) {
    for (n, inviter) in inviters.iter().enumerate() {
        app.account(&format!("name{n}"), Role::Member).await;
        app.pass(60);
        if let Some(inviter) = inviter {
            let (of, by) = (format!("name{n}"), format!("name{inviter}"));
            app.sql(&format!(
                "update users set invited_by = (select id from users where name = '{by}') where name = '{of}'"
            ))
            .await;
            app.sql(&format!("update users set invited = invited + 1 where name = '{by}'")).await;
        }
    }
}

/// The names in the tree of a page, in its order; whose branch it is has no link there.
fn names(page: &Page) -> Vec<String> {
    let links = page.all("main li > a[href^='/user/']");
    links.iter().map(|link| link.attr("href").trim_start_matches("/user/").to_owned()).collect()
}

fn next(page: &Page) -> Option<String> {
    page.all("a[rel=next]").pop().map(|next| next.attr("href").to_owned())
}

/// The links to the branches of those in the tree, with what they say.
fn branches(page: &Page) -> Vec<(String, String)> {
    let links = page.all("main li a[href$='/invited']");
    links.into_iter().map(|link| (link.attr("href").to_owned(), link.text)).collect()
}

/// Where those stand who are left out above a branch, so that the tree can be climbed.
const UPWARDS: &str = "main > p a[href$='/invited']";

#[tokio::test]
async fn everybody_sees_who_invited_whom() {
    let app = TestApp::new().await;
    let none = app.visitor().get("/invited").await;
    assert!(none.says("Nobody has joined by invitation yet.") && names(&none).is_empty());
    // 0 invited 1 and 2; 1 invited 3; 4 came alone and invited nobody.
    grow(&app, &[None, Some(0), Some(0), Some(1), None]).await;
    let mut visitor = app.visitor();
    let roots = visitor.get("/invited").await;
    assert_eq!(names(&roots), ["name0"], "who came alone and invited somebody");
    assert_eq!(branches(&roots), [("/user/name0/invited".to_owned(), "invited 2 by name0".to_owned())]);
    let branch = visitor.get("/user/name0/invited").await;
    assert_eq!(names(&branch), ["name1", "name2"]);
    assert_eq!(branches(&branch), [("/user/name1/invited".to_owned(), "invited 1 by name1".to_owned())]);
    let branch = visitor.get("/user/name1/invited").await;
    assert_eq!(names(&branch), ["name0", "name3"]);
    assert_eq!(branch.texts("main li > :is(a, strong)"), ["name0", "name1", "name3"]);
    let alone = visitor.get("/user/name4/invited").await;
    assert!(
        names(&alone).is_empty() && alone.one("main li").text.contains("invited nobody"),
        "{}",
        alone.text()
    );
    assert_eq!(visitor.get("/user/NAME1/invited").await.location().as_deref(), Some("/user/name1/invited"));
    assert_eq!(visitor.get("/user/nobody/invited").await.status, StatusCode::NOT_FOUND);

    let profile = visitor.get("/user/name1").await;
    assert_eq!(profile.facts()["invited by"], "name0");
    profile.finds(1, "main dd a[href='/user/name0']");
    let invited = "main a[href$='/invited']";
    assert_eq!(profile.one(invited).attr("href"), "/user/name1/invited");
    let alone = visitor.get("/user/name4").await;
    assert!(!alone.facts().contains_key("invited by"), "{}", alone.text());
    alone.finds(0, invited);
}

#[tokio::test]
async fn a_deep_tree_is_climbed_in_steps() {
    let app = TestApp::new().await;
    let chain: Vec<Option<usize>> = (0..30_usize).map(|n| n.checked_sub(1)).collect();
    grow(&app, &chain).await;
    let mut visitor = app.visitor();
    let page = visitor.get("/user/name29/invited").await;
    check(&page, "a deep branch");
    assert_eq!(names(&page), ["name25", "name26", "name27", "name28"]);
    assert_eq!(page.one(UPWARDS).attr("href"), "/user/name25/invited");
    assert_eq!(page.text().matches("<ul>").count(), page.text().matches("</ul>").count(), "each list ends");
    let top = visitor.get("/user/name4/invited").await;
    assert_eq!(names(&top), ["name0", "name1", "name2", "name3", "name5"]);
    top.finds(0, UPWARDS);
    assert_eq!(names(&visitor.get("/invited").await), ["name0"]);
}

#[tokio::test]
async fn a_wide_tree_is_read_in_pages() {
    let app = TestApp::new().await;
    app.account("chief", Role::Admin).await;
    let many = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 120)";
    let made = app.now().0;
    // Several joined in the same second.
    app.sql(&format!(
        "insert into users (name, karma, karma_base, created_at, invited_by) \
         {many} select 'child' || i, 1, 1, {made} + i / 7, 1 from n"
    ))
    .await;
    app.sql("update users set invited = 120 where name = 'chief'").await;
    app.sql(&format!(
        "insert into users (name, karma, karma_base, created_at, invited) \
         {many} select 'root' || i, 1, 1, {made} + i / 7, 1 from n"
    ))
    .await;
    for (path, first, count) in [("/user/chief/invited", "child1", 120), ("/invited", "chief", 121)] {
        let (mut path, mut found, mut pages) = (Some(path.to_owned()), Vec::new(), 0);
        while let Some(at) = path {
            let page = app.visitor().get(&at).await;
            check(&page, &at);
            found.extend(names(&page));
            path = next(&page);
            pages += 1;
        }
        assert_eq!((pages, found.len(), found[0].as_str()), (3, count, first));
        found.sort();
        found.dedup();
        assert_eq!(found.len(), count, "everybody once");
    }
    for query in
        ["?at=-1&after=x", "?at=99999999999999999999", "?at=9223372036854775807&after=9223372036854775807"]
    {
        for path in ["/invited", "/user/chief/invited"] {
            check(&app.visitor().get(&format!("{path}{query}")).await, query);
        }
    }
}
