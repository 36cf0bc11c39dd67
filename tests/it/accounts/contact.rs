//! How people reach those who run the forum: what the contact page says, and who is led there.

use stoa::config::Settings;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};

const SAID: &str = "Write to *post@stoa.example*.";

async fn set_up(app: &TestApp, contact: &str) -> Page {
    let link = app.app.setup.path();
    let form = [("name", "ada"), ("password", PASSWORD), ("contact", contact)];
    app.visitor().post(&link, &form).await
}

#[tokio::test]
async fn what_the_first_admin_says_of_how_to_be_reached_stands_on_the_contact_page() {
    let app = TestApp::new().await;
    let form = app.visitor().get(&app.app.setup.path()).await;
    assert!(form.says("How can people reach you? optional"));
    form.finds(1, "textarea#contact[name=contact]:not([required])");
    let wrong = set_up(&app, &"x".repeat(2_001)).await;
    assert!(wrong.says("the limit is 2,000 characters."), "{}", wrong.words());
    assert_eq!(wrong.one("textarea#contact").text.len(), 2_001, "what was typed is kept");
    assert_eq!(app.number("select count(*) from users").await, 0);
    assert!(set_up(&app, SAID).await.status.is_redirection());
    let page = app.visitor().get("/contact").await;
    assert_eq!(page.one("main p em").text, "post@stoa.example");
    page.finds(1, "main li a[href='/user/ada']");
    // The operator's setting goes before it.
    let set = app.with_other_settings(|config| {
        config.site.contact = "Ring the bell.".to_owned();
        config.given_as.insert("contact", "stoa.toml".to_owned());
    });
    let page = set.visitor().get("/contact").await;
    assert!(page.says("Ring the bell.") && !page.says("post@stoa.example"));
}

#[tokio::test]
async fn where_a_setting_says_it_the_first_admin_is_not_asked() {
    let app = TestApp::with(|settings| settings.contact = Some("Ring the bell.".to_owned())).await;
    app.visitor().get(&app.app.setup.path()).await.finds(0, "textarea");
    assert!(set_up(&app, "").await.status.is_redirection());
    assert!(app.visitor().get("/contact").await.says("Ring the bell."));
}

#[tokio::test]
async fn a_first_admin_need_not_say_it() {
    let app = TestApp::new().await;
    assert!(set_up(&app, " \n").await.status.is_redirection());
    let page = app.visitor().get("/contact").await;
    assert!(page.says("The operator has not added contact details yet."));
    page.finds(1, "main li a[href='/user/ada']");
    assert_eq!(app.number("select count(*) from chosen_settings").await, 0);
}

/// A forum where alice's story was killed by a moderator, mia, who may be gone since.
async fn killed(change: impl FnOnce(&mut Settings), gone: bool) -> (TestApp, Browser, i64) {
    let app = TestApp::with(change).await;
    let (mut alice, mut mia) = (app.member("alice").await, app.person("mia", Role::Moderator).await);
    let story = alice.text_story("A story", "Words.").await;
    mia.post(&format!("/item/{story}/kill"), &[("on", "true"), ("reason", "spam")]).await;
    if gone {
        app.ban("mia").await;
    }
    (app, alice, story)
}

#[tokio::test]
async fn an_author_is_led_to_the_contact_page_only_where_it_leads_to_somebody() {
    let said: fn(&mut Settings) = |settings| settings.contact = Some("Ring the bell.".to_owned());
    let nothing: fn(&mut Settings) = |_| {};
    for (change, gone, reachable) in [(nothing, false, true), (said, true, true), (nothing, true, false)] {
        let (app, mut alice, story) = killed(change, gone).await;
        let links = usize::from(reachable);
        for path in [format!("/item/{story}"), "/inbox".to_owned()] {
            alice.get(&path).await.finds(links, "main a[href='/contact']");
        }
        let page = app.visitor().get("/contact").await;
        assert_eq!(page.says("Nobody can be contacted here at the moment"), !reachable, "{}", page.words());
        page.finds(usize::from(!reachable), "main a[href='/settings/password']");
        assert!(!page.says("Write to the moderators in the form below") || reachable);
        page.finds(usize::from(!gone), "main form[action='/contact']");
    }
}

#[tokio::test]
async fn an_operators_own_contact_page_is_somewhere_to_be_led() {
    let pages = tempfile::tempdir().expect("a directory");
    std::fs::write(pages.path().join("contact.md"), "Ring the bell.").expect("written");
    let (app, mut alice, story) =
        killed(|settings| settings.pages_dir = Some(pages.path().to_owned()), true).await;
    alice.get(&format!("/item/{story}")).await.finds(1, "main a[href='/contact']");
    assert!(app.visitor().get("/contact").await.says("Ring the bell."));
}
