//! Stability across upgrades and changes of the site's address: assets of cached pages, and feed ids.

use axum::http::StatusCode;

use crate::support::app::TestApp;

/// The ids that a feed has, its own first.
fn ids(feed: &str) -> Vec<String> {
    feed.split("<id>").skip(1).map(|rest| rest.split("</id>").next().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_page_that_was_kept_over_an_upgrade_keeps_its_style() {
    let app = TestApp::new().await;
    let assets = &app.app.assets;
    let mut visitor = app.visitor();
    for present in [&assets.style, &assets.script] {
        let page = visitor.get(present).await;
        assert!(page.header("cache-control").contains("immutable"), "{present}");
        let [folder, hash, end] = present.split('.').collect::<Vec<_>>()[..] else { panic!("{present}") };
        for other in ["000000000000", "OTHER", &hash[1..], &format!("{hash}0")] {
            let name = format!("{folder}.{other}.{end}");
            let old = visitor.get(&name).await;
            assert_eq!((old.status, old.header("cache-control")), (StatusCode::OK, "no-store"), "{name}");
            assert_eq!(
                (old.header("content-type"), &old.body),
                (page.header("content-type"), &page.body),
                "{name}"
            );
        }
        for unknown in [
            format!("{folder}.{end}"),
            format!("{folder}..{end}"),
            format!("{folder}.{hash}"),
            format!("{folder}.{hash}.map"),
            format!("{folder}.{hash}.{end}.gz"),
            format!("{folder}s.{hash}.{end}"),
            format!("{folder}.{hash}/{end}"),
        ] {
            assert_eq!(visitor.get(&unknown).await.status, StatusCode::NOT_FOUND, "{unknown}");
        }
    }
    for unknown in [
        "/static/other.000000000000.css",
        "/static/style.000000000000.js",
        "/static/.000000000000.css",
        "/static/",
    ] {
        assert_eq!(visitor.visit(unknown).await.status, StatusCode::NOT_FOUND, "{unknown}");
    }
}

#[tokio::test]
async fn a_feeds_entries_are_the_same_when_the_sites_address_changes() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.story("A story", "https://example.com/").await;
    app.sql(&format!(
        "insert into moderation_log (token, action, item_id, created_at, reason) \
         values ('token', 'kill', {story}, 1, 'spam')"
    ))
    .await;
    app.store.detect_external_writes().await.expect("noticed");
    let moved =
        app.with_other_settings(|config| config.server.base_url = "https://elsewhere.example".to_owned());
    for path in ["/feed/top.atom", "/feed/log.atom"] {
        let (here, there) = (app.visitor().get(path).await.text(), moved.visitor().get(path).await.text());
        assert!(there.contains("https://elsewhere.example/") && !there.contains("127.0.0.1"), "{there}");
        let known = ids(&here);
        assert_eq!(known, ids(&there), "{path}");
        assert!(known.len() == 2 && known[0] != known[1], "{known:?}");
        for id in known {
            let tag = id.strip_prefix("tag:").unwrap_or_else(|| panic!("{id}"));
            assert!(
                !tag.contains("://")
                    && tag.split_once(':').is_some_and(|(by, of)| by.contains(',') && !of.is_empty()),
                "{id}"
            );
        }
    }
    let other = TestApp::new().await;
    let feed = other.visitor().get("/feed/top.atom").await.text();
    assert_ne!(
        ids(&feed)[0],
        ids(&app.visitor().get("/feed/top.atom").await.text())[0],
        "another site has others"
    );
    let reopened = stoa::store::Store::open(app.store.address()).await.expect("opened");
    assert_eq!(reopened.site_id(), app.store.site_id());
}
