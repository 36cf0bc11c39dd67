//! The tree of who invited whom: public, in pages, and as deep as it may be.

use axum::http::StatusCode;
use stoa::domain::user::Role;

use crate::app::{Page, TestApp};
use crate::hostile::check;

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

/// The names in the list of a page, in its order.
fn names(page: &Page) -> Vec<String> {
    let text = page.text();
    let list = text.split("<div class=\"t\">").nth(1).expect("a list");
    let list = list.split("<footer").next().expect("its end");
    let links = list.split("<a href=\"/user/").skip(1).filter_map(|rest| rest.split('"').next());
    let mut names: Vec<String> = links.filter(|name| !name.contains('/')).map(str::to_owned).collect();
    names.dedup();
    names
}

fn next(page: &Page) -> Option<String> {
    let text = page.text();
    let rest = text.split("<p class=\"next\"><a href=\"").nth(1)?;
    Some(rest.split('"').next()?.replace("&#38;", "&"))
}

#[tokio::test]
async fn everybody_sees_who_invited_whom() {
    let app = TestApp::new().await;
    assert!(app.visitor().get("/invited").await.has("Nobody came here by an invitation yet."));
    // 0 invited 1 and 2; 1 invited 3; 4 came alone and invited nobody.
    grow(&app, &[None, Some(0), Some(0), Some(1), None]).await;
    let mut visitor = app.visitor();
    let roots = visitor.get("/invited").await;
    assert_eq!(names(&roots), ["name0"], "who came alone and invited somebody");
    assert!(roots.has("<a href=\"/user/name0/invited\">invited 2"));
    let branch = visitor.get("/user/name0/invited").await;
    assert_eq!(names(&branch), ["name1", "name2"]);
    assert!(branch.has("<a href=\"/user/name1/invited\">invited 1") && !branch.has("/user/name2/invited"));
    let branch = visitor.get("/user/name1/invited").await;
    assert_eq!(names(&branch), ["name0", "name3"]);
    assert!(branch.place_of(">name0</a>") < branch.place_of("<strong>name1</strong>"));
    assert!(branch.place_of("<strong>name1</strong>") < branch.place_of(">name3</a>"));
    assert!(visitor.get("/user/name4/invited").await.has("invited nobody"));
    assert_eq!(visitor.get("/user/NAME1/invited").await.location().as_deref(), Some("/user/name1/invited"));
    assert_eq!(visitor.get("/user/nobody/invited").await.status, StatusCode::NOT_FOUND);

    let profile = visitor.get("/user/name1").await;
    assert!(profile.has("<dt>invited by</dt><dd><a href=\"/user/name0\">name0</a></dd>"));
    assert!(profile.has("href=\"/user/name1/invited\""));
    let alone = visitor.get("/user/name4").await;
    assert!(!alone.has("invited by") && !alone.has("/user/name4/invited"));
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
    assert!(page.has("<a href=\"/user/name25/invited\">who invited name25</a>"));
    assert_eq!(page.count("<ul>"), page.count("</ul>"));
    let top = visitor.get("/user/name4/invited").await;
    assert_eq!(names(&top), ["name0", "name1", "name2", "name3", "name5"]);
    assert!(!top.has("who invited name0"));
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
        "insert into users (name, karma, karma_base, created, replies_read_at, invited_by) \
         {many} select 'child' || i, 1, 1, {made} + i / 7, 0, 1 from n"
    ))
    .await;
    app.sql("update users set invited = 120 where name = 'chief'").await;
    app.sql(&format!(
        "insert into users (name, karma, karma_base, created, replies_read_at, invited) \
         {many} select 'root' || i, 1, 1, {made} + i / 7, 0, 1 from n"
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
    for query in ["?at=-1&after=x", "?at=99999999999999999999", "?at=9223372036854775807&after=9223372036854775807"] {
        for path in ["/invited", "/user/chief/invited"] {
            check(&app.visitor().get(&format!("{path}{query}")).await, query);
        }
    }
}
