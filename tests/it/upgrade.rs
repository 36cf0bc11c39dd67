//! What outlives a version of the forum: files that kept pages ask for.

use axum::http::StatusCode;

use crate::app::TestApp;

#[tokio::test]
async fn a_page_that_was_kept_over_an_upgrade_keeps_its_style() {
    let app = TestApp::new().await;
    let assets = &app.app.assets;
    let mut visitor = app.visitor();
    for present in [&assets.style, &assets.script, &assets.favicon] {
        let page = visitor.get(present).await;
        assert!(page.header("cache-control").contains("immutable"), "{present}");
        let [folder, hash, end] = present.split('.').collect::<Vec<_>>()[..] else { panic!("{present}") };
        for other in ["000000000000", "OTHER", &hash[1..], &format!("{hash}0")] {
            let name = format!("{folder}.{other}.{end}");
            let old = visitor.get(&name).await;
            assert_eq!((old.status, old.header("cache-control")), (StatusCode::OK, "no-store"), "{name}");
            assert_eq!((old.header("content-type"), &old.body), (page.header("content-type"), &page.body), "{name}");
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
    for unknown in
        ["/static/other.000000000000.css", "/static/style.000000000000.js", "/static/.000000000000.css", "/static/"]
    {
        assert_eq!(visitor.visit(unknown).await.status, StatusCode::NOT_FOUND, "{unknown}");
    }
}
