//! The lists that a member alone sees: what they say of one's flags and vouches.

use stoa::domain::accounts::user::Role;

use crate::support::app::{Page, TestApp};
use crate::support::fixtures::{done, flag, kill, show_dead};

/// What the list says of one of its posts, or of one that is out of sight.
fn note(page: &Page, id: i64) -> String {
    page.one(&format!("#i{id} > p, #c{id} + p, main h2 + ul li:has(a[href='/item/{id}']) p")).text
}

#[tokio::test]
async fn ones_own_flags_say_why_and_when_they_were_cast_and_what_came_of_them() {
    let app = TestApp::new().await;
    let (mut sam, mut ann) = (app.member("sam").await, app.member("ann").await);
    app.set_karma("ann", 31).await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let open = sam.text_story("A story", "Words.").await;
    let cleared = sam.text_story("Another story", "Words.").await;
    let comment = sam.reply(open, "A comment.").await;
    let killed = sam.text_story("Buy my things", "Words.").await;
    for (id, reason) in [(open, "off-topic"), (cleared, "duplicate"), (comment, "rude"), (killed, "spam")] {
        flag(&mut ann, id, reason, "").await;
    }
    done(&mut mia, &format!("/item/{cleared}/clear"), &[("reason", "")]).await;
    kill(&mut mia, killed, true).await;
    app.pass(3 * 86_400);
    let mut ann = app.session("ann").await;
    let page = ann.get("/flagged").await;
    let agreed = "You flagged it as spam 3 days ago. A moderator agreed.";
    for (id, said) in [
        (open, "You flagged it as off-topic 3 days ago."),
        (cleared, "You flagged it as a duplicate 3 days ago. A moderator reviewed it and kept it."),
        (comment, "You flagged it as rude 3 days ago."),
        (killed, agreed),
    ] {
        assert_eq!(note(&page, id), said);
    }
    page.finds(1, &format!("main h2 + ul a[href='/item/{killed}']"));
    page.finds(0, &format!("#i{killed}"));
    assert!(!page.mentions("Buy my things"), "what it was is not told");
    let panel = ann.get(&format!("/item/{cleared}")).await.one("#panel").text;
    assert_eq!(panel, "You flagged this as a duplicate. A moderator reviewed it and kept it.");
    let listed = format!("#i{open} > p");
    page.finds(1, &listed);
    let new = ann.get("/new").await;
    assert!(new.stories().contains(&open));
    new.finds(0, &listed);
    show_dead(&mut ann).await;
    let page = ann.get("/flagged").await;
    page.finds(0, "main h2 + ul");
    page.finds(1, &format!("#i{killed}"));
    assert_eq!(note(&page, killed), agreed);
    assert!(page.mentions("Buy my things"));
    let panel = ann.get(&format!("/item/{killed}")).await.one("#panel").text;
    assert_eq!(panel, "You flagged this as spam. A moderator agreed.");
}

#[tokio::test]
async fn whoever_has_vouched_for_nothing_reads_where_dead_posts_are_shown() {
    let app = TestApp::new().await;
    let mut ann = app.member("ann").await;
    ann.get("/user/ann").await.finds(1, "main a[href='/vouched']");
    let page = ann.get("/vouched").await;
    let choice = ann.get("/settings").await.one("label[for=show_dead]").text;
    assert!(page.says(&choice), "{choice}: {}", page.text());
    page.finds(1, "main a[href='/settings']");
    show_dead(&mut ann).await;
    let page = ann.get("/vouched").await;
    assert!(page.says("You have not vouched for anything yet.") && !page.says(&choice), "{}", page.text());
    page.finds(0, "main a[href='/settings']");
}

#[tokio::test]
async fn how_many_have_to_vouch_is_said_for_one_and_for_several() {
    for (needed, said) in [(1, "1 vouch restores it."), (3, "3 vouches restore it.")] {
        let app = TestApp::with(|settings| {
            settings.flags_to_kill = Some(1);
            settings.vouches_to_restore = Some(needed);
        })
        .await;
        let (mut sam, mut ann, mut ben) =
            (app.member("sam").await, app.member("ann").await, app.member("ben").await);
        app.sql("update users set karma = 31").await;
        let story = sam.text_story("A story", "Words.").await;
        flag(&mut ann, story, "spam", "").await;
        show_dead(&mut ben).await;
        let form =
            ben.get(&format!("/item/{story}")).await.one(&format!("form[action='/item/{story}/vouch']"));
        assert!(form.text.contains(said), "{said}: {}", form.text);
    }
}

#[tokio::test]
async fn a_list_says_which_story_was_hidden_from_it_and_brings_it_back() {
    let app = TestApp::new().await;
    let (mut sam, mut ann) = (app.member("sam").await, app.member("ann").await);
    let story = sam.story("A story <b>to hide</b>", "https://looms.example/build").await;
    sam.text_story("Another story", "Words.").await;
    let act = format!("/item/{story}/hide");
    let undo = format!("main form[action='{act}'] button[value=false]");
    for list in ["/", "/new", "/best?over=all", "/active", "/from/looms.example", "/past?day=2026-11-23"] {
        let back = ann.post(&act, &[("on", "true"), ("goto", list)]).await.location().expect("a list");
        let page = ann.get(&back).await;
        assert!(!page.stories().contains(&story), "{list}");
        assert_eq!(page.one("main [role=status]").text, "You hid “A story <b>to hide</b>”.", "{list}");
        page.finds(1, &undo);
        assert_eq!(page.value(&format!("main form[action='{act}'] [name=goto]")), list);
        // Whoever else follows the link has hidden nothing.
        app.log_in("sam").await.get(&back).await.finds(0, &undo);
        app.visitor().get(&back).await.finds(0, &undo);
        let page = ann.submit(&act, &[("on", "false"), ("goto", list)]).await;
        page.finds(0, &undo);
        ann.get(&back).await.finds(0, &undo);
    }
    assert!(ann.get("/").await.stories().contains(&story));
}
