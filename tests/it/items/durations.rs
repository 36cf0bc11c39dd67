//! Lengths of time, as pages say them.

use stoa::clock::{DAY, HOUR, MINUTE};
use stoa::domain::limits::policy::Period;

use crate::support::app::TestApp;

#[tokio::test]
async fn what_is_left_of_a_time_is_never_said_to_be_less() {
    let app = TestApp::with(|settings| settings.post_edit_minutes = Some(Period(120))).await;
    let mut alice = app.member("alice").await;
    let edit = format!("/item/{}/edit", alice.text_story("A story", "Words.").await);
    for (later, words) in [(0, "2 hours"), (1, "2 hours"), (HOUR, "1 hour"), (58 * MINUTE, "2 minutes")] {
        app.pass(later);
        let page = alice.get(&edit).await;
        assert!(page.says(&format!("for another {words}.")), "{}", page.words());
    }
    app.pass(118);
    let page = alice.get(&edit).await;
    assert!(page.says("for another 1 second."), "{}", page.words());
}

#[tokio::test]
async fn a_new_account_reads_in_how_many_days_it_can_invite() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    for (later, words) in
        [(0, "14 days"), (1, "14 days"), (HOUR, "13 days 23 hours"), (12 * DAY, "1 day 23 hours")]
    {
        app.pass(later);
        let page = alice.get("/invitations").await;
        assert!(page.says(&format!("Yours can in {words}.")), "{later}: {}", page.words());
    }
}

#[tokio::test]
async fn a_setting_is_said_as_it_is_set() {
    let app = TestApp::with(|settings| {
        settings.vote_undo_minutes = Some(Period(90));
        settings.post_edit_minutes = Some(Period(5));
        settings.thread_closes_after_days = Some(Period(365));
    })
    .await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let story = alice.text_story("A story", "Words.").await;
    bob.vote(story, "up").await;
    app.pass(90 * MINUTE + 1);
    let page = bob.vote(story, "none").await;
    assert!(
        page.says("Votes can be undone for 1 hour 30 minutes. It is too late to undo this one."),
        "{}",
        page.words()
    );
    let page = alice.get(&format!("/item/{story}/edit")).await;
    assert!(page.says("posts can be edited for 5 minutes."), "{}", page.words());
    app.pass(365 * DAY);
    // The account's session has ended by then.
    let page = app.log_in("bob").await.get(&format!("/item/{story}")).await;
    assert!(page.says("it is older than 365 days."), "{}", page.words());
}
