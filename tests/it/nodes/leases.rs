//! Jobs that one process does for all.

use stoa::jobs;
use stoa::store::Store;

use crate::support::app::TestApp;

const JOB: &str = "a job";
const EVERY: i64 = 600;

/// Another process on the same database, of either engine.
async fn another(app: &TestApp) -> Store {
    Store::open(&app.config.server.database).await.expect("a database")
}

async fn claim(store: &Store, app: &TestApp) -> bool {
    store.claim_job(JOB, EVERY, app.now()).await.expect("claimed or not")
}

#[tokio::test]
async fn one_process_does_a_job_until_it_is_done_and_then_it_is_not_due() {
    let app = TestApp::new().await;
    let other = another(&app).await;
    let (first, second) = tokio::join!(claim(&app.store, &app), claim(&other, &app));
    assert!(first != second, "one of them: {first} {second}");
    let (holder, waiting) = if first { (&app.store, &other) } else { (&other, &app.store) };
    for _ in 0..4 {
        app.pass(40);
        assert!(!claim(waiting, &app).await);
        assert!(holder.renew_lease(JOB, app.now()).await.expect("renewed"));
        assert!(!waiting.renew_lease(JOB, app.now()).await.expect("refused"));
    }
    holder.end_lease(JOB, app.now()).await.expect("done");
    for store in [holder, waiting] {
        assert!(!claim(store, &app).await, "it has just been done");
    }
    app.pass(EVERY);
    assert!(claim(waiting, &app).await);
}

#[tokio::test]
async fn another_process_takes_over_within_a_minute_from_one_that_was_killed() {
    let app = TestApp::new().await;
    let killed = another(&app).await;
    assert!(claim(&killed, &app).await);
    app.pass(45);
    assert!(!claim(&app.store, &app).await, "it may only be slow");
    app.pass(10);
    assert!(claim(&app.store, &app).await);
    assert!(!killed.renew_lease(JOB, app.now()).await.expect("refused"), "it has to stop");
    killed.end_lease(JOB, app.now()).await.expect("no error");
    assert!(!claim(&killed, &app).await, "what it no longer holds it does not end");
}

#[tokio::test]
async fn old_rows_are_purged_once_by_whichever_process_comes_first() {
    let app = TestApp::new().await;
    let old = app.now().0 - 100;
    for round in 0..2 {
        app.account(&format!("alice{round}"), stoa::domain::accounts::user::Role::Member).await;
        app.session(&format!("alice{round}")).await;
        app.sql(&format!("update sessions set expires_at = {old}")).await;
        jobs::purge_if_due(&app.app).await.expect("purged or not due");
        let left = app.number("select count(*) from sessions").await;
        assert_eq!(left, round, "the second time it is not due yet");
    }
    app.pass(EVERY);
    jobs::purge_if_due(&app.app).await.expect("purged");
    assert_eq!(app.number("select count(*) from sessions").await, 0);
}
