//! The first steps of a new forum.

use stoa::domain::accounts::user::Role;

use crate::support::app::{PASSWORD, TestApp};

const START: &str = "/mod/start";

#[tokio::test]
async fn the_first_admin_is_led_through_six_steps_that_know_what_is_done() {
    let app = TestApp::new().await;
    let mut ada = app.visitor();
    let link = app.app.setup.path();
    let page = ada.post(&link, &[("name", "ada"), ("password", PASSWORD), ("contact", "")]).await;
    assert_eq!(page.location().as_deref(), Some(START));
    let steps = async |browser: &mut crate::support::app::Browser| browser.get(START).await.texts(".steps b");
    let (todo, done) = ("to do".to_owned(), "done".to_owned());
    assert_eq!(steps(&mut ada).await, vec![todo.clone(); 6]);
    ada.post("/mod/settings", &[("site_name", "Looms"), ("contact", "Ring.")]).await;
    ada.post("/mod/pages/guidelines", &[("text", "Be kind.")]).await;
    ada.post(START, &[("step", "backup")]).await;
    ada.post("/invitations", &[]).await;
    let expected = [&done, &todo, &done, &done, &done, &done].map(Clone::clone);
    assert_eq!(steps(&mut ada).await, expected, "the address is no https one");
    let end = "main > form:not(.notice) button";
    ada.get(START).await.finds(1, end);
    let served =
        app.with_other_settings(|config| config.server.base_url = "https://looms.example".to_owned());
    let page = served.session("ada").await.get(START).await;
    assert_eq!((page.texts(".steps b"), page.texts(end)), (vec![done; 6], vec!["Finish".into()]));

    let way = "header a[href='/mod/start']";
    ada.get("/").await.finds(1, way);
    app.person("mia", Role::Moderator).await.get("/").await.finds(0, way);
    ada.submit(START, &[("step", "all")]).await.finds(0, way);
    ada.get(START).await.finds(0, end);
}
