//! A person's page: what it shows of them, and to whom.

use stoa::domain::accounts::user::Role;

use crate::support::app::{Page, TestApp};

const SECTION: &str = "section[aria-labelledby=latest-";

fn latest(page: &Page) -> (Vec<i64>, Vec<i64>) {
    (page.stories(), page.comments())
}

/// What leads to all of the stories and of the comments.
fn to_all(page: &Page) -> Vec<String> {
    page.texts("main section > p.next > a")
}

#[tokio::test]
async fn a_person_is_shown_by_what_they_posted_last() {
    let app = TestApp::with(|settings| settings.limits = Some(false)).await;
    let (mut alice, mut visitor) = (app.member("alice").await, app.visitor());
    let page = visitor.get("/user/alice").await;
    assert_eq!(page.texts("main section > p"), ["None yet.", "None yet."]);
    let (mut stories, mut comments) = (Vec::new(), Vec::new());
    for n in 1..=6 {
        app.pass(60);
        let story = alice.text_story(&format!("Story number {n}"), "Its text.").await;
        stories.push(story);
        comments.push(alice.reply(story, &format!("Remark number {n}.")).await);
    }
    let page = visitor.get("/user/alice").await;
    let newest = |posts: &[i64]| posts.iter().rev().take(5).copied().collect::<Vec<i64>>();
    assert_eq!(latest(&page), (newest(&stories), newest(&comments)));
    assert_eq!(page.texts("main h2[id]"), ["Latest stories", "Latest comments"]);
    assert_eq!(to_all(&page), ["All 6 stories", "All 6 comments"]);
    alice.post(&format!("/item/{}/delete", stories[5]), &[]).await;
    alice.post(&format!("/item/{}/delete", comments[0]), &[]).await;
    let page = visitor.get("/user/alice").await;
    assert!(!page.all(&format!("{SECTION}comments]")).is_empty());
    assert_eq!(page.comments(), [1, 2, 3, 4, 5].map(|n| comments[n]).into_iter().rev().collect::<Vec<_>>());
    assert_eq!(page.texts(&format!("{SECTION}comments] > p.next")), Vec::<String>::new(), "five are all");
}

/// A shadow-ban must not be told by a number.
#[tokio::test]
async fn a_shadow_banned_person_sees_their_own_page_as_before() {
    let app = TestApp::new().await;
    let (mut bob, mut mia) = (app.member("bob").await, app.person("mia", Role::Moderator).await);
    let (mut visitor, story) = (app.visitor(), bob.text_story("A quiet story", "Hush.").await);
    let before = latest(&bob.get("/user/bob").await);
    mia.post("/user/bob/shadow", &[("on", "true"), ("shadow_reason", "spam"), ("posts", "kill")]).await;
    let later = bob.text_story("A later story", "Louder.").await;
    assert_eq!(before, (vec![story], vec![]));
    assert_eq!(bob.get("/user/bob").await.stories(), [later, story]);
    assert!(!visitor.get("/user/bob").await.stories().contains(&later));
}

#[tokio::test]
async fn private_lists_are_tabs_of_the_own_page_alone() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let tabs = |page: &Page| page.texts("main > nav.choices a");
    let all = ["profile", "submissions", "comments", "moderation"];
    assert_eq!(tabs(&bob.get("/user/alice").await), all);
    let own = ["saved", "upvoted", "hidden", "flagged", "vouched", "invitations"];
    let page = alice.get("/user/alice").await;
    assert_eq!(tabs(&page), [&all[..3], &own[..], &all[3..]].concat());
    for tab in page.all("main > nav.choices a") {
        let here = alice.get(tab.attr("href")).await;
        let current = here.texts("main > nav.choices a[aria-current]");
        assert!(tab.text == "moderation" || current == [tab.text.as_str()], "{}: {current:?}", tab.text);
    }
    assert_eq!(page.texts("main > .buttons > *"), ["Edit profile"]);
    assert_eq!(bob.get("/user/alice").await.texts("main > .buttons button"), ["Follow", "Mute alice"]);
    bob.post("/user/alice/follow", &[("on", "true"), ("goto", "/user/alice")]).await;
    assert_eq!(bob.get("/user/alice").await.texts("main > .buttons button"), ["Unfollow", "Mute alice"]);
}
